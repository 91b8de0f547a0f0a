"""Measure what open live pages cost the server: latency and requests a second.

    python tests/programs/open_pages.py

For no page, one and ten, on a server of its own each: 1,000 requests for a
one-second /hello at once, and then as many /hello of 0 s as a hundred workers
get in three seconds. The pages are WebSocket clients in a process of their
own, which read all that they are sent.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[2] / "aio_http"))

from client import own_server

READ = """
import asyncio, sys
import aiohttp

async def page(session, url):
    async with session.ws_connect(url + "/events") as page:
        await page.receive()
        print("open", flush=True)
        async for _ in page:
            pass

async def main(url, number):
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(page(session, url) for _ in range(number)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def timed(session: aiohttp.ClientSession, url: str) -> float:
    """Return how many seconds the request took."""
    start = time.perf_counter()
    async with session.get(url) as response:
        await response.read()
    return time.perf_counter() - start


async def measure(url: str) -> str:
    """Return the latencies and the rate, in words."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, raise_for_status=True
    ) as session:
        took = await asyncio.gather(
            *(timed(session, f"{url}/hello/{n}") for n in range(1000))
        )
        end = time.perf_counter() + 3
        done = 0

        async def worker() -> None:
            nonlocal done
            while time.perf_counter() < end:
                await timed(session, f"{url}/hello/{done}?seconds=0")
                done += 1

        await asyncio.gather(*(worker() for _ in range(100)))
    return (
        f"/hello of 1 s, 1,000 at once: median"
        f" {statistics.median(took):.3f} s, longest {max(took):.3f} s"
        f" | {done / 3:,.0f} requests a second"
    )


def main() -> None:
    for number in [0, 1, 10]:
        with own_server() as url:
            reader = subprocess.Popen(
                [sys.executable, "-c", READ, url, str(number)],
                stdout=subprocess.PIPE,
            )
            try:
                assert reader.stdout
                for _ in range(number):
                    reader.stdout.readline()
                print(f"pages {number:2} | {asyncio.run(measure(url))}")
            finally:
                reader.kill()
                reader.wait()


if __name__ == "__main__":
    main()
