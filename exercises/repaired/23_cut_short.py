"""Guests in threads of their own. Whatever happens, they say goodbye.

Repaired: main joins every thread, that is, it waits until the thread has
ended. A daemon is not waited for, unless somebody joins it.
"""

import threading
import time
from collections.abc import Sequence


def hello(name: str, seconds: float) -> None:
    print(f"Hello {name}\n", end="")
    try:
        time.sleep(seconds)
    finally:
        print(f"Bye.. {name}\n", end="")


def main(names: Sequence[str], seconds: float) -> None:
    guests = []
    for name in names:
        # A daemon does not keep the program from ending at Ctrl-C.
        guest = threading.Thread(
            target=hello, args=(name, seconds), daemon=True
        )
        guest.start()
        guests.append(guest)
    time.sleep(0.1)  # main has something to do, too
    for guest in guests:
        guest.join()
    print("The end")


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"], seconds=0.5)
