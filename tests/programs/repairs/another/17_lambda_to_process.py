"""Another kind of pool, which is just as choosy."""

import multiprocessing
import os
from collections.abc import Sequence


def square(number: int) -> tuple[int, int, int]:
    return number, number * number, os.getpid()


def main(numbers: Sequence[int]) -> None:
    with multiprocessing.Pool(2) as pool:
        replies = pool.imap_unordered(square, numbers)
        for number, result, process in replies:
            print(f"{number} squared = {result} process = {process}")


if __name__ == "__main__":
    main([1, 2, 3, 4])
