"""Three pages, fetched by three coroutines.

It should:   ask for all the pages before the first one is there.
Instead:     it asks for a page when the one before it is there.
Read again:  chapter 2, `blocking` in asyc_test.py.
"""

import asyncio
import time
from collections.abc import Sequence


def fetch(number: int) -> str:
    """Wait for a page, as a library does that knows nothing of asyncio."""
    time.sleep(0.4)
    return f"Page {number} is here"


async def page(number: int) -> None:
    print(f"Page {number}, please")
    print(fetch(number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
