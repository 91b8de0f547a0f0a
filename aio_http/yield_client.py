# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages with generators, and an event loop over sockets on one screen.

A generator yields a socket and what it waits for there, to read or to write.
The event loop asks the system which sockets are ready and resumes whoever
waits for them: asyncio does the same, and more besides.

    python aio_http/yield_client.py
    python aio_http/yield_client.py --pages 1000
"""

import os
import re
import socket
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from errno import EINPROGRESS, EWOULDBLOCK
from functools import lru_cache
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, TypeVar
from urllib.parse import urlsplit

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import check, fails_alone, run_client, say_bye, say_hello

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
    sockets: dict[Waits[None], socket.socket] = {}  # what each waits for
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

    with DefaultSelector() as selector:
        try:
            while True:
                while len(due) < workers and (task := next(tasks, None)):
                    due[task] = time.perf_counter() + timeout
                    resume(task)
                if not due:
                    return
                first = next(iter(due))
                left = due[first] - time.perf_counter()
                if left <= 0:
                    resume(first, TimeoutError("timed out"))
                else:
                    for key, _ in selector.select(left):
                        resume(key.data)
        finally:  # after an error, or Ctrl-C
            for task in due:
                task.close()


def hello(number: int, url: str) -> Waits[None]:
    """Fetch one page; let others run until it is there."""
    say_hello(number)
    with fails_alone(number):
        check(number, (yield from fetch(url)))
        say_bye(number)


def fetch(url: str) -> Waits[bytes]:
    """Return the page from the first of the host's addresses that answers."""
    parts = urlsplit(url)
    for family, address in look_up(parts.hostname, parts.port or 80):
        with socket.socket(family) as sock:
            sock.setblocking(False)
            error = sock.connect_ex(address)
            if error in (EINPROGRESS, EWOULDBLOCK):
                yield sock, EVENT_WRITE
                error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error == 0:
                return (yield from ask(sock, f"{parts.path}?{parts.query}"))
    raise OSError(error, os.strerror(error))


def ask(sock: socket.socket, path: str) -> Waits[bytes]:
    """Return the page; yield until the next bytes of it are there."""
    # In HTTP 1.0 no page comes in chunks.
    sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = b""
    while True:
        yield sock, EVENT_READ
        chunk = sock.recv(65536)
        answer += chunk
        head, _, text = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: *(\d{1,9})\b", head)
        if not chunk or (length and len(text) >= int(length[1])):
            return text


@lru_cache  # looking a name up blocks everybody: once is enough
def look_up(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def yield_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Make each hello a generator; the event loop above resumes them."""
    if sys.platform == "win32":
        workers = min(workers, 500)  # select() takes no more sockets
    hellos = (hello(number, url) for number, url in enumerate(urls, 1))
    event_loop(hellos, timeout, workers)


if __name__ == "__main__":
    run_client(yield_client, __doc__, workers=1000)
