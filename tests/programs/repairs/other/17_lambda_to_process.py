"""An object with __call__: its class has a name."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor


class Power:
    def __init__(self, exponent: int) -> None:
        self.exponent = exponent

    def __call__(self, number: int) -> tuple[int, int]:
        return int(number**self.exponent), os.getpid()


def main(numbers: Sequence[int]) -> None:
    with ProcessPoolExecutor(2) as pool:
        replies = pool.map(Power(2), numbers)
        for number, (result, process) in zip(numbers, replies, strict=True):
            print(f"{number} squared = {result} process = {process}")


if __name__ == "__main__":
    main([1, 2, 3, 4])
