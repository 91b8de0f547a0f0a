"""Pages with two pictures each, all fetched by two threads.

It should:   print each page with its pictures, however many pages there are.
Instead:     everybody waits for everybody, until a timeout ends it.
Read again:  chapter 4, thread_client.py: what a pool is.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)


def picture(name: str) -> str:
    time.sleep(0.002)
    return f"picture {name}"


def page(number: int) -> str:
    left = pool.submit(picture, f"{number}a")
    right = pool.submit(picture, f"{number}b")
    return f"Page {number}: {left.result(1)} and {right.result(1)}"


def main(numbers: Sequence[int]) -> None:
    pages = [pool.submit(page, number) for number in numbers]
    for done in pages:
        print(done.result())


if __name__ == "__main__":
    main([1, 2, 3])
