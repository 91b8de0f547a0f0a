"""None tells the consumer that nothing more comes; gather raises."""

import asyncio
from collections.abc import Sequence


async def consumer(queue: asyncio.Queue[int | None]) -> None:
    while (item := await queue.get()) is not None:
        print(f"[CONSUMER] Consuming {item}: {60 // item} for each")


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue(2)

    async def producer() -> None:
        for item in items:
            print(f"[PRODUCER] Producing {item}...")
            await queue.put(item)
        await queue.put(None)

    await asyncio.gather(producer(), consumer(queue))


if __name__ == "__main__":
    asyncio.run(main([20, 10, 0, 5, 3, 2]))
