"""Measure what open live pages cost the server: latency and requests a second.

    python tools/open_pages.py

For no page, one and ten, on a server of its own each: 1,000 requests for a
one-second /hello at once, and then as many /hello of 0 s as a hundred workers
get in three seconds. The pages are WebSocket clients in a process of their
own, which read all that they are sent. The best of three rounds counts, for
whatever else the machine does makes the others worse.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1] / "aio_http"))

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


async def measure(url: str) -> tuple[float, float]:
    """Return the median latency in seconds, and the requests a second."""
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
    return statistics.median(took), done / 3


def with_pages(number: int) -> tuple[float, float]:
    """Measure while so many pages are open."""
    with (
        own_server() as url,
        subprocess.Popen(
            [sys.executable, "-c", READ, url, str(number)],
            stdout=subprocess.PIPE,
        ) as reader,
    ):
        try:
            assert reader.stdout
            for _ in range(number):
                reader.stdout.readline()
            return asyncio.run(measure(url))
        finally:
            reader.kill()


def main() -> None:
    numbers = [0, 1, 10]
    rounds = [[with_pages(number) for number in numbers] for _ in range(3)]
    for number, results in zip(
        numbers, zip(*rounds, strict=True), strict=True
    ):
        medians, rates = zip(*results, strict=True)
        print(
            f"pages {number:2} | 1,000 at once: median {min(medians):.3f} s"
            f" | {max(rates):,.0f} requests a second"
        )


if __name__ == "__main__":
    main()
