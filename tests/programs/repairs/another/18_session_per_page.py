"""One session, and all pages at the same time."""

import asyncio
from collections.abc import Sequence

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer


async def page(session: ClientSession, number: int) -> None:
    async with session.get(f"/hello/{number}") as response:
        print(await response.text())


async def main(url: str, numbers: Sequence[int]) -> None:
    async with ClientSession(url) as session:
        await asyncio.gather(*[page(session, n) for n in numbers])


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
