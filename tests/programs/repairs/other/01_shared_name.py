"""Each thread has a `guest` of its own: threading.local."""

import threading
import time
from collections.abc import Sequence

mine = threading.local()


def hello(name: str) -> None:
    mine.guest = name
    print(f"Hello {mine.guest}\n", end="")
    time.sleep(0.5)
    print(f"Bye.. {mine.guest}\n", end="")


def main(names: Sequence[str]) -> None:
    threads = [threading.Thread(target=hello, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
