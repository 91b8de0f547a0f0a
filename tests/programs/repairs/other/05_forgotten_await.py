"""All at the same time."""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> None:
    print(f"Hello {name}")
    await asyncio.sleep(0.1)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    await asyncio.gather(*map(hello, names))
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
