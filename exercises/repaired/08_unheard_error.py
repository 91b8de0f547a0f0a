"""Pages, fetched by a task each. There are five pages, and no page 9.

Repaired: gather hands the first error to whoever awaits it.
"""

import asyncio
from collections.abc import Sequence


async def page(number: int) -> None:
    await asyncio.sleep(0.1)
    if number > 5:
        raise LookupError(f"there is no page {number}")
    print(f"Page {number} is here")


async def main(numbers: Sequence[int]) -> None:
    tasks = [asyncio.create_task(page(number)) for number in numbers]
    await asyncio.gather(*tasks)
    print("All pages are here")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
