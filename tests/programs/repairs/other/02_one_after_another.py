"""Futures first, waiting later."""

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
    hellos = [asyncio.ensure_future(hello(name)) for name in names]
    for each in hellos:
        await each


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
