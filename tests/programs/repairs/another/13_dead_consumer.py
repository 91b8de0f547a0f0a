"""The producer looks who has ended first: it, or the consumer."""

import asyncio
from collections.abc import Sequence


async def consumer(queue: asyncio.Queue[int]) -> None:
    while True:
        item = await queue.get()
        print(f"[CONSUMER] Consuming {item}: {60 // item} for each")
        queue.task_done()


async def producer(queue: asyncio.Queue[int], items: Sequence[int]) -> None:
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)
    await queue.join()


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(2)
    consuming = asyncio.create_task(consumer(queue))
    producing = asyncio.create_task(producer(queue, items))
    await asyncio.wait(
        [consuming, producing], return_when=asyncio.FIRST_COMPLETED
    )
    for task in (producing, consuming):
        if task.done():
            task.result()
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main([20, 10, 0, 5, 3, 2]))
