"""A TaskGroup waits for its tasks."""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> None:
    print(f"Hello {name}")
    await asyncio.sleep(0.1)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(hello(name))
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
