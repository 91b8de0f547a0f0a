"""Guests say hello, and wait for the bell before they say goodbye.

It should:   print three Hellos, then three Byes.
Instead:     nobody says goodbye: the guests have vanished while they waited.
Read again:  chapter 2, `reference` in asyc_test.py.
"""

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
    for name in names:
        asyncio.create_task(hello(name))
    await asyncio.sleep(0.1)
    # Python throws away what nobody refers to, whenever it likes. Here it
    # does so now, or you would see the bug once in a thousand runs.
    gc.collect()
    for bell in list(bells):
        bell.set()
    await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
