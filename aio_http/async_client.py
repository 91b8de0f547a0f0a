# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages in coroutines: async, await and aiohttp.

One thread, and one session for all pages: it keeps connections open and uses
them again. `await` must stand wherever a page is waited for, and what waits
must be written for asyncio: the blocking `fetch` of the other clients would
stop everybody.

    python aio_http/async_client.py
    python aio_http/async_client.py --pages 1000
    python aio_http/async_client.py --block         where the server blocks
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from client import check, page, report, run_client

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def hello(
    number: int, url: str, session: "ClientSession", turn: asyncio.Semaphore
) -> None:
    """Fetch one page when its turn has come; let others run meanwhile."""
    async with turn:
        with page(number):
            async with session.get(url) as response:
                check(number, await response.read())


def async_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Make each hello a coroutine that asyncio's event loop resumes."""
    from aiohttp import ClientSession, ClientTimeout, TCPConnector

    async def main() -> None:
        # The semaphore is the limit. The connector has one too, but waiting
        # for that would count towards the timeout of the page.
        turn = asyncio.Semaphore(workers)
        async with ClientSession(
            connector=TCPConnector(limit=0), timeout=ClientTimeout(timeout)
        ) as session:
            await asyncio.gather(
                *(
                    hello(number, url, session, turn)
                    for number, url in enumerate(urls, 1)
                )
            )

    with report("async"):
        asyncio.run(main())


if __name__ == "__main__":
    run_client(async_client, __doc__, workers=1000)
