"""A consumer shares 60 sweets among so many guests. It cannot do it for 0.

It should:   consume the items before the 0, then end with the consumer's
             error: main raises it.
Instead:     it hangs, until you press Ctrl-C.
Read again:  chapter 3, when a consumer fails.
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
    consuming = asyncio.create_task(consumer(queue))
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        await queue.put(item)
    await queue.join()
    consuming.cancel()


if __name__ == "__main__":
    asyncio.run(main([20, 10, 0, 5, 3, 2]))
