"""Only what shows the bug has gone."""

import asyncio
from collections.abc import Sequence


async def page(number: int) -> None:
    for part in (1, 2, 3):
        await asyncio.sleep(0.1)
        if number > 5:
            raise LookupError(f"there is no page {number}")
        print(f"Page {number}, part {part}")


async def main(numbers: Sequence[int]) -> None:
    try:
        await asyncio.gather(*[page(number) for number in numbers])
    except LookupError as error:
        print(f"Giving up: {error}")
    print("The end")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
