"""Only the line that shows the bug has gone."""

import asyncio
import weakref
from collections.abc import Sequence

# Every guest has a bell. A guest who has gone takes the bell along.
bells: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()


async def hello(name: str) -> None:
    bell = asyncio.Event()
    bells.add(bell)
    print(f"Hello {name}")
    await bell.wait()
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    for name in names:
        asyncio.create_task(hello(name))
    await asyncio.sleep(0.1)
    for bell in list(bells):
        bell.set()
    await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
