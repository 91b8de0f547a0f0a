"""Hellos that are counted. Writing the count down takes a moment.

Repaired: nobody else runs between the reading and the writing any more: no
`await` stands between them.
"""

import asyncio
from collections.abc import Sequence

count = 0


async def hello(name: str) -> None:
    global count
    print(f"Hello {name}")
    await asyncio.sleep(0.05)
    before = count
    count = before + 1


async def main(names: Sequence[str]) -> None:
    await asyncio.gather(*[hello(name) for name in names])
    print(f"Hellos counted: {count}")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve", "Joe", "Kim"]))
