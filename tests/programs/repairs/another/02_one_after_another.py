"""The hello of today, in a TaskGroup."""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> None:
    print(f"Hello {name}")
    await asyncio.sleep(0.3)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(hello(name))


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
