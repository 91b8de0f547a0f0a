"""Pages, fetched by a helper that was written for a program without a loop.

It should:   ask for all the pages before the first one is there.
Instead:     asyncio.run refuses: a loop is running already.
Read again:  chapter 2, `nested` in asyc_test.py.
"""

import asyncio
from collections.abc import Sequence


async def fetch(number: int) -> str:
    await asyncio.sleep(0.3)
    return f"Page {number} is here"


def text(number: int) -> str:
    """Fetch a page, for callers that are no coroutines."""
    return asyncio.run(fetch(number))


async def page(number: int) -> None:
    print(f"Page {number}, please")
    print(text(number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
