"""A consumer shares 60 sweets among so many guests. It cannot do it for 0.

Repaired: when the consumer fails, the TaskGroup cancels what its block is
waiting for, and raises the error.
"""

import asyncio
from collections.abc import Sequence


async def consumer(queue: asyncio.Queue[int]) -> None:
    while True:
        item = await queue.get()
        print(f"[CONSUMER] Consuming {item}: {60 // item} for each")
        queue.task_done()


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(2)
    async with asyncio.TaskGroup() as group:
        consuming = group.create_task(consumer(queue))
        for item in items:
            print(f"[PRODUCER] Producing {item}...")
            await queue.put(item)
        await queue.join()
        consuming.cancel()


if __name__ == "__main__":
    asyncio.run(main([20, 10, 0, 5, 3, 2]))
