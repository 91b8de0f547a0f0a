"""Pages, fetched by a helper that was written for a program without a loop.

Repaired: inside a coroutine, `await` is all that is needed. asyncio.run is
for the one place in a program where no loop runs yet.
"""

import asyncio
from collections.abc import Sequence


async def fetch(number: int) -> str:
    await asyncio.sleep(0.3)
    return f"Page {number} is here"


async def page(number: int) -> None:
    print(f"Page {number}, please")
    print(await fetch(number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
