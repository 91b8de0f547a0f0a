"""The names are right, but the threads take turns."""

import threading
import time
from collections.abc import Sequence

guest = ""
lock = threading.Lock()


def hello(name: str) -> None:
    global guest
    with lock:
        guest = name
        print(f"Hello {guest}\n", end="")
        time.sleep(0.2)
        print(f"Bye.. {guest}\n", end="")


def main(names: Sequence[str]) -> None:
    threads = [threading.Thread(target=hello, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
