"""Pages, fetched by a task each. There are five pages, and no page 9.

It should:   end with the error of the page that is missing: main raises it.
Instead:     main says that all pages are here. The error comes too late,
             as a complaint of the event loop that no program can hear.
Read again:  chapter 2, `error` in asyc_test.py.
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
    await asyncio.wait(tasks)
    print("All pages are here")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
