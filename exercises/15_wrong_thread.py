"""A producer in a thread, a consumer in a coroutine, a queue between them.

It should:   consume every item soon after it has been produced.
Instead:     the consumer never wakes up: it hangs, until you press Ctrl-C.
Read again:  chapter 2, `loop_thread` in asyc_test.py; chapter 3.
"""

import asyncio
import threading
import time
from collections.abc import Sequence


def producer(queue: asyncio.Queue[int], items: Sequence[int]) -> None:
    for item in items:
        time.sleep(0.1)
        print(f"[PRODUCER] Producing {item}...")
        queue.put_nowait(item)


async def main(items: Sequence[int]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    thread = threading.Thread(target=producer, args=(queue, items))
    thread.start()
    for _ in items:
        item = await queue.get()
        print(f"[CONSUMER] Consuming {item}...")


if __name__ == "__main__":
    asyncio.run(main([1, 2, 3]))
