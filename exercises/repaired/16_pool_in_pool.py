"""Pages with two pictures each, all fetched by two threads.

Repaired: a page waits for its pictures, so it must not take the threads that
fetch them.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)
picture_pool = ThreadPoolExecutor(2)


def picture(name: str) -> str:
    time.sleep(0.002)
    return f"picture {name}"


def page(number: int) -> str:
    left = picture_pool.submit(picture, f"{number}a")
    right = picture_pool.submit(picture, f"{number}b")
    return f"Page {number}: {left.result(1)} and {right.result(1)}"


def main(numbers: Sequence[int]) -> None:
    pages = [pool.submit(page, number) for number in numbers]
    for done in pages:
        print(done.result())


if __name__ == "__main__":
    main([1, 2, 3])
