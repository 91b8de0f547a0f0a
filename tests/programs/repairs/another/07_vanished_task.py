"""A TaskGroup refers to its tasks."""

import asyncio
import gc
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
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(hello(name))
        await asyncio.sleep(0.1)
        gc.collect()
        for bell in list(bells):
            bell.set()


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
