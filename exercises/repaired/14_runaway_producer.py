"""A fast producer, and a consumer who needs a moment for each item.

Repaired: `put` waits while the queue is full, and only a queue with a size
can be full.
"""

import asyncio


async def producer(queue: asyncio.Queue[int], items: int) -> None:
    for item in range(1, items + 1):
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)


async def consumer(queue: asyncio.Queue[int], items: int) -> None:
    for _ in range(items):
        item = await queue.get()
        await asyncio.sleep(0.02)
        print(f"[CONSUMER] Consuming {item}...")


async def main(items: int) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(2)
    await asyncio.gather(producer(queue, items), consumer(queue, items))


if __name__ == "__main__":
    asyncio.run(main(10))
