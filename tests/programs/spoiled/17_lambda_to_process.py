"""Threads take anything, but they are no processes."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor


def main(numbers: Sequence[int]) -> None:
    square = lambda number: (number * number, os.getpid())
    with ThreadPoolExecutor(2) as pool:
        replies = pool.map(square, numbers)
        for number, (result, process) in zip(numbers, replies, strict=True):
            print(f"{number} squared = {result} process = {process}")


if __name__ == "__main__":
    main([1, 2, 3, 4])
