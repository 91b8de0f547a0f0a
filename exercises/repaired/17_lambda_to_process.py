"""Numbers are squared in other processes, which have cores of their own.

Repaired: a function with a name, at the top of a file, is found by every
process that imports the file.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def main(numbers: Sequence[int]) -> None:
    with ProcessPoolExecutor(2) as pool:
        replies = pool.map(square, numbers)
        for number, (result, process) in zip(numbers, replies, strict=True):
            print(f"{number} squared = {result} process = {process}")


if __name__ == "__main__":
    main([1, 2, 3, 4])
