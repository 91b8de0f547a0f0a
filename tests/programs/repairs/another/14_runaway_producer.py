"""The producer waits until its item is consumed."""

import asyncio


async def producer(queue: asyncio.Queue[int], items: int) -> None:
    for item in range(1, items + 1):
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)
        await queue.join()


async def consumer(queue: asyncio.Queue[int], items: int) -> None:
    for _ in range(items):
        item = await queue.get()
        await asyncio.sleep(0.05)
        print(f"[CONSUMER] Consuming {item}...")
        queue.task_done()


async def main(items: int) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    await asyncio.gather(producer(queue, items), consumer(queue, items))


if __name__ == "__main__":
    asyncio.run(main(10))
