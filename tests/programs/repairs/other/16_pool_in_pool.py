"""A page fetches its pictures itself."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)


def picture(name: str) -> str:
    time.sleep(0.01)
    return f"picture {name}"


def page(number: int) -> str:
    left, right = picture(f"{number}a"), picture(f"{number}b")
    return f"Page {number}: {left} and {right}"


def main(numbers: Sequence[int]) -> None:
    pages = [pool.submit(page, number) for number in numbers]
    for done in pages:
        print(done.result())


if __name__ == "__main__":
    main([1, 2, 3])
