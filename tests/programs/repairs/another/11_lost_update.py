"""Nothing is shared: main counts."""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> int:
    print(f"Hello {name}")
    await asyncio.sleep(0.05)
    return 1


async def main(names: Sequence[str]) -> None:
    counts = await asyncio.gather(*[hello(name) for name in names])
    print(f"Hellos counted: {sum(counts)}")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve", "Joe", "Kim"]))
