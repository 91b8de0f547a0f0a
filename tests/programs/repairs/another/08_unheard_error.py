"""A TaskGroup raises what its tasks raised."""

import asyncio
from collections.abc import Sequence


async def page(number: int) -> None:
    await asyncio.sleep(0.1)
    if number > 5:
        raise LookupError(f"there is no page {number}")
    print(f"Page {number} is here")


async def main(numbers: Sequence[int]) -> None:
    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(page(number))
    print("All pages are here")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
