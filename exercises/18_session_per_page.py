"""Five pages from one server.

It should:   fetch all pages over one connection, which stays open from page
             to page, and is closed at the end.
Instead:     each page opens a connection of its own.
Read again:  chapter 4, async_client.py.
"""

import asyncio
from collections.abc import Sequence

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer


async def page(url: str, number: int) -> None:
    async with ClientSession() as session:
        async with session.get(f"{url}/hello/{number}") as response:
            print(await response.text())


async def main(url: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        await page(url, number)


async def serve_and_count() -> None:
    async def hello(request: web.Request) -> web.Response:
        connections.add(request.transport)
        return web.Response(text=f"Hello {request.match_info['number']}")

    connections: set[object] = set()
    app = web.Application()
    app.router.add_get("/hello/{number}", hello)
    async with TestServer(app) as server:
        await main(f"http://127.0.0.1:{server.port}", [1, 2, 3, 4, 5])
    print(f"Connections: {len(connections)}")


if __name__ == "__main__":
    asyncio.run(serve_and_count())
