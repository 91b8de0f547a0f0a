"""A fast producer, and a consumer who needs a moment for each item.

It should:   never be more than five items ahead of the consumer, however slow
             that is. Those in the queue count, the one being consumed, and
             the one that waits for room.
Instead:     it makes all the items before the first one is consumed. With
             a million of them, they all have to fit into memory.
Read again:  chapter 3, a queue between them.
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
    queue: asyncio.Queue[int] = asyncio.Queue()
    await asyncio.gather(producer(queue, items), consumer(queue, items))


if __name__ == "__main__":
    asyncio.run(main(10))
