# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages with generators, and an event loop over sockets on one screen.

A generator yields a socket and what it waits for there, to read or to write.
The event loop asks the system which sockets are ready and resumes whoever
waits for them: asyncio does the same, and more besides.

    python aio_http/yield_client.py
    python aio_http/yield_client.py --pages 1000

    $ python aio_http/yield_client.py --pages 2
    == yield
    Hello 1 now = 14:24:32 serve thread id = 139813637016448 OS thread = 24594
    Hello 2 now = 14:24:32 serve thread id = 139813637016448 OS thread = 24594
    Bye.. 1 now = 14:24:33
    Bye.. 2 now = 14:24:33
    == yield: 1.00 s | thread ids 1 | OS threads 1 | pages 2 | failed 0
"""

import os
import re
import selectors
import socket
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from typing import TypeVar
from urllib.parse import urlsplit

from server import page, report, run_client

HEAD_LIMIT = 65536

Value = TypeVar("Value")
Waits = Generator[tuple[socket.socket, int], None, Value]


def event_loop(
    tasks: Iterable[Waits[None]], timeout: float, workers: int
) -> None:
    """Run the tasks, so many at a time, each for so many seconds at most.

    Wait until a socket is ready, resume the task that waits for it up to its
    next yield, and wait again. A task that is late gets a TimeoutError there.
    """
    tasks = iter(tasks)
    sockets: dict[Waits[None], socket.socket] = {}
    due: dict[Waits[None], float] = {}  # in the order of their start

    def resume(task: Waits[None], error: Exception | None = None) -> None:
        if task in sockets:
            selector.unregister(sockets.pop(task))
        try:
            sock, event = task.throw(error) if error else next(task)
        except StopIteration:
            del due[task]
        else:
            sockets[task] = sock
            selector.register(sock, event, task)

    with selectors.DefaultSelector() as selector:
        while True:
            while len(due) < workers and (task := next(tasks, None)):
                due[task] = time.perf_counter() + timeout
                resume(task)
            if not due:
                return
            first, by = next(iter(due.items()))
            left = by - time.perf_counter()
            if left <= 0:
                resume(first, TimeoutError("timed out"))
                continue
            for key, _ in selector.select(left):
                resume(key.data)


def receive(sock: socket.socket) -> Waits[bytes]:
    """Return the next bytes once they are there; none at the very end."""
    yield sock, EVENT_READ
    return sock.recv(65536)


def length_of(head: str) -> int | None:
    """Return the page's length; None if the connection's end is its end.

    Raises ValueError where the head is not that of a page.
    """
    status, *lines = head.split("\r\n")
    if not re.match(r"HTTP/1\.\d 200\b", status):
        raise ValueError(status)
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    if "transfer-encoding" in headers:
        raise ValueError("a page in chunks, which is not on this screen")
    length = headers.get("content-length")
    if length is None:
        return None
    if not length.isdecimal():
        raise ValueError(f"content length {length}")
    return int(length)


def fetch(url: str) -> Waits[bytes]:
    """Return the page; wherever it has to wait, yield for what.

    Raises OSError or ValueError.
    """
    parts = urlsplit(url)
    with socket.socket() as sock:
        sock.setblocking(False)
        with suppress(BlockingIOError):
            sock.connect((parts.hostname or "", parts.port or 80))
        yield sock, EVENT_WRITE
        if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        # So few bytes fit into the buffer of a new connection at once.
        sock.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = bytearray()
        while b"\r\n\r\n" not in answer:
            chunk = yield from receive(sock)
            if not chunk or len(answer) > HEAD_LIMIT:
                raise ValueError("no headers")
            answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        length = length_of(head.decode("latin-1"))
        while length is None or len(body) < length:
            chunk = yield from receive(sock)
            if not chunk:
                break
            body += chunk
        if length is not None and len(body) < length:
            raise ConnectionError(f"closed after {len(body)} of {length}")
        return bytes(body)


def hello(number: int, url: str) -> Waits[None]:
    """Fetch one page; let others run until it is there."""
    with page(number):
        yield from fetch(url)


def yield_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Make each hello a generator; the event loop above resumes them."""
    with report("yield"):
        event_loop(
            (hello(number, url) for number, url in enumerate(urls, 1)),
            timeout,
            workers,
        )


if __name__ == "__main__":
    sys.exit(run_client(yield_client, __doc__, workers=1000))
