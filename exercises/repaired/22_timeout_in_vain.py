"""A page in many parts, and a limit to how long main waits for them.

Repaired: a timeout ends the wait for a thread, and nobody can end the thread
but itself. So it looks, after every part, whether it has been told to.
"""

import asyncio
import threading
import time


def fetch(part: int) -> str:
    """Wait for a part, as a library does that knows nothing of asyncio."""
    time.sleep(0.1)
    return f"Part {part} is here"


def page(parts: int, told_to_end: threading.Event) -> None:
    for part in range(1, parts + 1):
        text = fetch(part)
        if told_to_end.is_set():
            return
        print(text)


async def main(parts: int, seconds: float) -> None:
    told_to_end = threading.Event()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(page, parts, told_to_end)
            print("All parts are here")
    except TimeoutError:
        told_to_end.set()
        print("Giving up")
    await asyncio.sleep(0.4)  # the program goes on with something else
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(parts=10, seconds=0.35))
