"""Does not hang any more, and tells nobody why."""

import asyncio
from collections.abc import Sequence


async def consumer(queue: asyncio.Queue[int]) -> None:
    while True:
        item = await queue.get()
        if item:
            print(f"[CONSUMER] Consuming {item}: {60 // item} for each")
        queue.task_done()


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(2)
    consuming = asyncio.create_task(consumer(queue))
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)
    await queue.join()
    consuming.cancel()


if __name__ == "__main__":
    asyncio.run(main([20, 10, 0, 5, 3, 2]))
