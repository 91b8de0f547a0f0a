"""Start processes without a main guard, as question 23 explains.

    python docs/no_guard.py

The new processes import this file, come to the same lines, and fail.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def square(number: int) -> int:
    return number * number


# Linux needs no guard before Python 3.14, where new processes are forked.
with ProcessPoolExecutor(2, get_context("spawn")) as pool:
    print(list(pool.map(square, [1, 2, 3])))
