"""Fetch page after page, until told to stop. A missing page is skipped.

It should:   stop when it is cancelled, and count as cancelled.
Instead:     it takes the cancellation for another missing page, and goes on
             to the last one.
Read again:  chapter 2, `cancel` in asyc_test.py.
"""

import asyncio


async def page(number: int, missing: int) -> None:
    await asyncio.sleep(0.1)
    if number == missing:
        raise LookupError(f"there is no page {number}")
    print(f"Page {number} is here")


async def pages(missing: int) -> None:
    for number in range(1, 11):
        try:
            await page(number, missing)
        except BaseException:
            print(f"Page {number} is skipped")


async def main(missing: int) -> None:
    task = asyncio.create_task(pages(missing))
    await asyncio.sleep(0.75)
    print("Stop")
    task.cancel()
    await asyncio.wait([task])
    print(f"Cancelled: {task.cancelled()}")


if __name__ == "__main__":
    asyncio.run(main(missing=2))
