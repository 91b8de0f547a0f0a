"""Three pages, fetched by three coroutines.

Repaired: the blocking call waits in a thread of its own, and the thread of
the event loop is free to ask for the next page.
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
    print(await asyncio.to_thread(fetch, number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
