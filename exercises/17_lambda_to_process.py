"""Numbers are squared in other processes, which have cores of their own.

It should:   print every square, and the process that has computed it.
Instead:     the pool cannot send the job to a process.
Read again:  chapter 4, process_client.py; chapter 2, `pickle` in asyc_test.py.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor


def main(numbers: Sequence[int]) -> None:
    square = lambda number: (number * number, os.getpid())
    with ProcessPoolExecutor(2) as pool:
        replies = pool.map(square, numbers)
        for number, (result, process) in zip(numbers, replies, strict=True):
            print(f"{number} squared = {result} process = {process}")


if __name__ == "__main__":
    main([1, 2, 3, 4])
