"""Pages in two parts each, over a line that bears one request at a time.

It should:   show the error of a page that is missing, and fetch the others.
Instead:     after that error it hangs, until you press Ctrl-C.
Read again:  chapter 2, `lock` in asyc_test.py.
"""

import threading
import time
from collections.abc import Sequence

line = threading.Lock()


def page(number: int) -> None:
    for part in (1, 2):
        line.acquire()
        print(f"Page {number}, part {part}, please\n", end="")
        time.sleep(0.05)
        if number > 5:
            raise LookupError(f"there is no page {number}")
        print(f"Page {number}, part {part} is here\n", end="")
        line.release()
        time.sleep(0.2)  # to read it; the line is free for the others


def main(numbers: Sequence[int]) -> None:
    threads = [
        threading.Thread(target=page, args=(number,), daemon=True)
        for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("The end")


if __name__ == "__main__":
    main([1, 9, 3])
