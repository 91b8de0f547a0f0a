"""Three guests say hello, each in a thread of its own.

Repaired: a name that a function assigns is its own, unless `global` says
otherwise. Each call in each thread has a `guest` of its own.
"""

import threading
import time
from collections.abc import Sequence


def hello(name: str) -> None:
    guest = name
    print(f"Hello {guest}\n", end="")
    time.sleep(0.5)
    print(f"Bye.. {guest}\n", end="")


def main(names: Sequence[str]) -> None:
    threads = [threading.Thread(target=hello, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
