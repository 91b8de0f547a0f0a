"""Pages that arrive together, in parts, until one is missing: number 9.

Repaired: a TaskGroup cancels the others when one fails, and waits until they
have ended. Its errors come in a group: hence `except*`.
"""

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
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(page(number))
    except* LookupError as errors:
        print(f"Giving up: {errors.exceptions[0]}")
    await asyncio.sleep(0.4)  # the program goes on with something else
    print("The end")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
