"""Only main waits: no job of the pool waits for another."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

pool = ThreadPoolExecutor(2)


def picture(name: str) -> str:
    time.sleep(0.01)
    return f"picture {name}"


def page(number: int) -> list[Future[str]]:
    return [pool.submit(picture, f"{number}{x}") for x in "ab"]


def main(numbers: Sequence[int]) -> None:
    pages = {number: page(number) for number in numbers}
    for number, (left, right) in pages.items():
        print(f"Page {number}: {left.result()} and {right.result()}")


if __name__ == "__main__":
    main([1, 2, 3])
