"""A page in many parts, and a limit to how long main waits for them.

It should:   give up when the time is over. From then on nothing is fetched,
             and no part arrives.
Instead:     it gives up, and part after part goes on arriving.
Read again:  chapter 2, `no_stop` in asyc_test.py.
"""

import asyncio
import time


def fetch(part: int) -> str:
    """Wait for a part, as a library does that knows nothing of asyncio."""
    time.sleep(0.1)
    return f"Part {part} is here"


def page(parts: int) -> None:
    for part in range(1, parts + 1):
        print(fetch(part))


async def main(parts: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(page, parts)
            print("All parts are here")
    except TimeoutError:
        print("Giving up")
    await asyncio.sleep(0.4)  # the program goes on with something else
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(parts=10, seconds=0.35))
