"""A semaphore counts how many items are on their way."""

import asyncio

room = asyncio.Semaphore(4)


async def producer(queue: asyncio.Queue[int], items: int) -> None:
    for item in range(1, items + 1):
        await room.acquire()
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)


async def consumer(queue: asyncio.Queue[int], items: int) -> None:
    for _ in range(items):
        item = await queue.get()
        await asyncio.sleep(0.05)
        print(f"[CONSUMER] Consuming {item}...")
        room.release()


async def main(items: int) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    await asyncio.gather(producer(queue, items), consumer(queue, items))


if __name__ == "__main__":
    asyncio.run(main(10))
