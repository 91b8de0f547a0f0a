"""Three hellos, then the end.

Repaired: the call returns a coroutine object; `await` runs it to its end.
"""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> None:
    print(f"Hello {name}")
    await asyncio.sleep(0.1)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    for name in names:
        await hello(name)
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
