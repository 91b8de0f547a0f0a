"""Wait for the first error, cancel the rest, and wait for it."""

import asyncio
from collections.abc import Sequence


async def page(number: int) -> None:
    for part in (1, 2, 3):
        await asyncio.sleep(0.1)
        if number > 5:
            raise LookupError(f"there is no page {number}")
        print(f"Page {number}, part {part}")


async def main(numbers: Sequence[int]) -> None:
    tasks = [asyncio.create_task(page(number)) for number in numbers]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    if errors := [error for task in done if (error := task.exception())]:
        print(f"Giving up: {errors[0]}")
    await asyncio.sleep(0.4)  # the program goes on with something else
    print("The end")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
