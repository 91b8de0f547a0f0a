"""Guests in threads of their own. Whatever happens, they say goodbye.

It should:   let the guests wait at the same time, and print "The end" when
             the last one has said goodbye.
Instead:     the program ends while they wait, and their `finally` is skipped.
Read again:  chapter 1, `thread` in coroutine_test.py.
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
    for name in names:
        # A daemon does not keep the program from ending at Ctrl-C.
        guest = threading.Thread(
            target=hello, args=(name, seconds), daemon=True
        )
        guest.start()
    time.sleep(0.1)  # main has something to do, too
    print("The end")


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"], seconds=0.5)
