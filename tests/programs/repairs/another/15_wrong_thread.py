"""A queue for threads; a second thread waits for it."""

import asyncio
import queue
import threading
import time
from collections.abc import Sequence


def producer(todo: queue.Queue[int], items: Sequence[int]) -> None:
    for item in items:
        time.sleep(0.1)
        print(f"[PRODUCER] Producing {item}...")
        todo.put(item)


async def main(items: Sequence[int]) -> None:
    todo: queue.Queue[int] = queue.Queue()
    thread = threading.Thread(target=producer, args=(todo, items))
    thread.start()
    for _ in items:
        item = await asyncio.to_thread(todo.get)
        print(f"[CONSUMER] Consuming {item}...")


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
