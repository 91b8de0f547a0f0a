"""A lock: the next one reads when this one has written."""

import asyncio
from collections.abc import Sequence

count = 0
lock = asyncio.Lock()


async def hello(name: str) -> None:
    global count
    print(f"Hello {name}")
    async with lock:
        before = count
        await asyncio.sleep(0.05)
        count = before + 1


async def main(names: Sequence[str]) -> None:
    await asyncio.gather(*[hello(name) for name in names])
    print(f"Hellos counted: {count}")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve", "Joe", "Kim"]))
