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
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import check, fails_alone, run_client, say_bye, say_hello

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def hello(
    number: int, url: str, session: "ClientSession", turn: asyncio.Semaphore
) -> None:
    """Fetch one page when its turn has come; let others run meanwhile."""
    from aiohttp import ClientError

    async with turn:
        say_hello(number)
        with fails_alone(number, ClientError):
            async with session.get(url) as response:
                check(number, await response.read())
            say_bye(number)


def async_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Make each hello a task that asyncio's event loop resumes."""
    from aiohttp import ClientSession, ClientTimeout, TCPConnector

    async def main() -> None:
        # The semaphore is the limit. The connector has one too, but waiting
        # for that would count towards the timeout of the page.
        turn = asyncio.Semaphore(workers)
        session = ClientSession(
            connector=TCPConnector(limit=0), timeout=ClientTimeout(timeout)
        )
        async with session, asyncio.TaskGroup() as group:
            for number, url in enumerate(urls, 1):
                group.create_task(hello(number, url, session, turn))

    asyncio.run(main())


if __name__ == "__main__":
    run_client(async_client, __doc__, workers=1000)
