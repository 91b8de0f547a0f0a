"""The loop runs the put; the thread waits for it."""

import asyncio
import threading
import time
from collections.abc import Sequence


def producer(
    loop: asyncio.AbstractEventLoop,
    queue: asyncio.Queue[int],
    items: Sequence[int],
) -> None:
    for item in items:
        time.sleep(0.1)
        print(f"[PRODUCER] Producing {item}...")
        asyncio.run_coroutine_threadsafe(queue.put(item), loop).result()


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=producer, args=(loop, queue, items))
    thread.start()
    for _ in items:
        item = await queue.get()
        print(f"[CONSUMER] Consuming {item}...")


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
