"""Pages that arrive together, in parts, until one is missing: number 9.

It should:   give up as soon as a page is missing. Once it has said so, no
             part of any page arrives.
Instead:     it gives up, and the other pages go on arriving.
Read again:  chapter 2, `group` and `gather` in asyc_test.py.
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
        await asyncio.gather(*[page(number) for number in numbers])
    except LookupError as error:
        print(f"Giving up: {error}")
    await asyncio.sleep(0.4)  # the program goes on with something else
    print("The end")


if __name__ == "__main__":
    asyncio.run(main([1, 9, 3]))
