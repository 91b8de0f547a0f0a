"""A pool of one's own in place of to_thread."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(10)


def fetch(number: int) -> str:
    """Wait for a page, as a library does that knows nothing of asyncio."""
    time.sleep(0.4)
    return f"Page {number} is here"


async def page(number: int) -> None:
    print(f"Page {number}, please")
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(pool, fetch, number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
