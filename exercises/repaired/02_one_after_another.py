"""Three hellos as generators, the way coroutines were before Python 3.5.

Repaired: gather makes a task of each hello, and all of them are ready to
run before main waits for the first.
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
    await asyncio.gather(*[hello(name) for name in names])


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
