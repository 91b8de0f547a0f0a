"""What the live page shows: requests in flight, and the loop's heartbeat.

`server.py` has `Live` watch its requests. Live tells every page that is open
in a browser when one starts and ends, over a WebSocket, and beats ten times a
second. The beat is a coroutine like any other: while somebody blocks the
loop, it does not run, and the missing beat is how a page sees the freeze.

A message is a list of events in JSON, with the time `at` by our clock:

    {"kind": "start", "at": 7.2, "thread": 1403, "id": 5, "path": "/hello/1"}
    {"kind": "beat", "at": 7.3, "thread": 1403}
    {"kind": "end", "at": 8.2, "thread": 1403, "id": 5}
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

PAGE = Path(__file__).with_name("live.html")
BEAT = 0.1  # seconds
CROWD = 50  # requests in a beat; of more of them, a page hears with the next
UNREAD = 2**20  # bytes; a page that leaves more of them unread is hung up on

Event = dict[str, object]


def event(kind: str, **details: object) -> Event:
    """Return what happens now, in this thread."""
    now, thread = time.perf_counter(), threading.get_ident()
    return {"kind": kind, "at": now, "thread": thread, **details}


class Live:
    """The requests in flight, and the pages that show them."""

    def __init__(self) -> None:
        self.in_flight: dict[int, Event] = {}  # by id, how each started
        self.most = 0
        self.news: list[Event] = []  # to be sent with the next beat
        self.crowd = 0  # how many have started since the last beat
        self.pages: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self.ids, self.tabs = count(1), count(1)
        self.server = time.time()  # a page sees that we were restarted

    @asynccontextmanager
    async def shown(self, request: "web.Request") -> AsyncIterator[None]:
        """Tell the pages when a request starts and ends."""
        # Ctrl-C was pressed while somebody blocked: nothing starts any more.
        if self.main and self.main.cancelling():
            raise asyncio.CancelledError
        number = next(self.ids)
        start = event("start", id=number, path=request.path[:80])
        # One thread, and no await from reading to writing: no lock.
        self.in_flight[number] = start
        self.most = max(self.most, len(self.in_flight))
        self.crowd += 1
        if self.crowd > CROWD:
            self.news.append(start)
        else:
            # Now, for nothing is sent while the request blocks.
            await self.send(start)
        try:
            yield
        finally:
            del self.in_flight[number]
            self.news.append(event("end", id=number))

    async def begin(self, _: "web.Application") -> None:
        self.main = asyncio.current_task()
        self.heart = asyncio.create_task(self.beat())

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self.crowd = 0
            await self.send(event("beat"))

    async def send(self, newest: Event) -> None:
        """Send what is new to every page, and wait for none of them."""
        news, self.news = [*self.news, newest], []
        text = json.dumps(news) if self.pages else ""
        for page, transport in list(self.pages.items()):
            if transport.get_write_buffer_size() > UNREAD:
                # The page comes back when it can, to a fresh start.
                transport.abort()
            else:
                with suppress(ConnectionError):  # it has just been closed
                    await page.send_str(text)

    async def events(self, request: "web.Request") -> "web.StreamResponse":
        """Send a page what is in flight, then the news until it is closed."""
        from aiohttp import web

        # A browser lets any page of the web ask for this: look who asks.
        ours = f"http://{request.host}"
        asks = request.headers.get("Origin", ours)
        if asks != ours or request.url.host not in {"127.0.0.1", "localhost"}:
            raise web.HTTPForbidden(text="only for this server's own page\n")
        # Not compressed: aiohttp leaves that to a thread, and we would wait.
        page = web.WebSocketResponse(compress=False)
        await page.prepare(request)
        if transport := request.transport:
            # send_str waits above this limit, which UNREAD keeps us below.
            transport.set_write_buffer_limits(4 * UNREAD)
            about = {"server": self.server, "tab": next(self.tabs)}
            requests = list(self.in_flight.values())
            await page.send_json([event("open", **about, requests=requests)])
            self.pages[page] = transport
            try:
                async for _ in page:
                    pass  # a page says nothing; this ends when it is closed
            finally:
                del self.pages[page]
        return page

    async def hang_up(self, _: "web.Application") -> None:
        """Let go of the pages, which would keep the server from ending."""
        self.heart.cancel()
        for transport in self.pages.values():
            transport.abort()
