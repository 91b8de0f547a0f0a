"""Three hellos as generators, the way coroutines were before Python 3.5.

It should:   let the three wait at the same time: three Hellos, three Byes.
Instead:     each hello starts when the one before it has said goodbye.
Read again:  chapter 1, `asyncio` in coroutine_test.py.
"""

import asyncio
import types
from collections.abc import Generator, Sequence
from typing import Any


@types.coroutine
def hello(name: str) -> Generator[Any, None, None]:
    print(f"Hello {name}")
    yield from asyncio.sleep(0.3)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    for name in names:
        await hello(name)


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
