"""Three guests say hello, each in a thread of its own.

It should:   let them wait at the same time, and say goodbye to each by the
             right name.
Instead:     it says goodbye three times to the guest who came last.
Read again:  chapter 1, `thread` in coroutine_test.py.
"""

import threading
import time
from collections.abc import Sequence

guest = ""


def hello(name: str) -> None:
    global guest
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
