"""Hellos that are counted. Writing the count down takes a moment.

It should:   count all hellos: five of them.
Instead:     it counts one.
Read again:  chapter 2, `no_lock` in asyc_test.py.
"""

import asyncio
from collections.abc import Sequence

count = 0


async def hello(name: str) -> None:
    global count
    print(f"Hello {name}")
    before = count
    await asyncio.sleep(0.05)
    count = before + 1


async def main(names: Sequence[str]) -> None:
    await asyncio.gather(*[hello(name) for name in names])
    print(f"Hellos counted: {count}")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve", "Joe", "Kim"]))
