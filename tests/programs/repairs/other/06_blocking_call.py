"""A fetch that is written for asyncio."""

import asyncio
from collections.abc import Sequence


async def fetch(number: int) -> str:
    await asyncio.sleep(0.4)
    return f"Page {number} is here"


async def page(number: int) -> None:
    print(f"Page {number}, please")
    print(await fetch(number))


async def main(numbers: Sequence[int]) -> None:
    await asyncio.gather(*[page(number) for number in numbers])


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
