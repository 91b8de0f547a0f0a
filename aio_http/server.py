# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13"]
# ///
"""A slow web server, and what its clients have in common.

    GET /hello/NAME?seconds=S   waits S seconds (default 1), then greets NAME;
                                meanwhile the others are served
    GET /block/NAME?seconds=S   the same with time.sleep, wrong on purpose:
                                meanwhile nobody is served
    GET /                       says so, and counts the requests in flight

    python aio_http/server.py               serves on 127.0.0.1, port 8080
    python aio_http/server.py --port 0      serves on any port that is free

    $ python aio_http/server.py
    serving http://127.0.0.1:8080

Ctrl-C stops it, and lets requests in flight end: five more seconds at most.

The second half is for the clients. `run_client` reads the command line and
starts a server with `own_server`; `report` and `page` print; `fetch` is the
plain blocking way to get a page, and four clients use it, so that nothing
but who waits for it tells them apart.
"""

import argparse
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from http.client import HTTPConnection
from textwrap import shorten
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from aiohttp import web

Number = TypeVar("Number", int, float)

BACKLOG = 4096  # connections that may wait to be accepted
OPEN_FILES = 8192  # what a process may have open, if the system lets it
LAST_SECONDS = 5.0  # for the requests in flight at Ctrl-C

INDEX = """\
GET /hello/NAME?seconds=S   waits S seconds (default 1), then greets NAME
GET /block/NAME?seconds=S   the same, but nobody else is served meanwhile
requests in flight: {} now, {} at most
"""


def now() -> str:
    """Return the time of day as HH:MM:SS."""
    return time.strftime("%H:%M:%S")


def say(line: str) -> None:
    """Print a line whole and at once, also through a pipe."""
    # print writes its end separately, and another thread can get in between.
    try:
        print(line + "\n", end="", flush=True)
    except BrokenPipeError:
        os._exit(1)  # a reader such as `head` has gone: all threads go too


def complain(line: str) -> None:
    """Print a line whole on standard error."""
    print(line + "\n", end="", file=sys.stderr, flush=True)


def number_from(
    kind: Callable[[str], Number], least: float, most: float, text: str
) -> Number:
    """Return the number in the text, an int or a float as `kind` says.

    Raises ArgumentTypeError, which argparse and the server report, where it
    is none or lies outside.
    """
    with suppress(ValueError):
        if least <= kind(text) <= most:
            return kind(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is no number from {least:,} to {most:,}"
    )


seconds_from = partial(number_from, float, 0, 60)


def seconds_of(request: "web.Request") -> float:
    """Return how long the request wants to wait; answer 400 if it is odd."""
    from aiohttp import web

    try:
        return seconds_from(request.query.get("seconds", "1"))
    except argparse.ArgumentTypeError as error:
        raise web.HTTPBadRequest(text=f"seconds: {error}\n") from None


def greeting(request: "web.Request") -> str:
    """Greet whom the request names; say which thread serves it."""
    return (
        f"Hello {request.match_info['name']} now = {now()}"
        f" serve thread id = {threading.get_ident()}"
        f" OS thread = {threading.get_native_id()}\n"
    )


def application() -> "web.Application":
    """Return the pages, with a count of the requests in flight.

    Raises ModuleNotFoundError where aiohttp is not installed.
    """
    # Imported here, for a client needs neither.
    import asyncio

    from aiohttp import web

    in_flight = most = 0

    @contextmanager
    def counted() -> Iterator[None]:
        # One thread, and no await from reading to writing: no lock.
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        try:
            yield
        finally:
            in_flight -= 1

    async def index(_: web.Request) -> web.Response:
        return web.Response(text=INDEX.format(in_flight, most))

    async def hello(request: web.Request) -> web.Response:
        with counted():
            await asyncio.sleep(seconds_of(request))
            return web.Response(text=greeting(request))

    async def block(request: web.Request) -> web.Response:
        # Wrong on purpose: the event loop, and everybody in it, waits too.
        with counted():
            time.sleep(seconds_of(request))
            return web.Response(text=greeting(request))

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/hello/{name}", hello)
    app.router.add_get("/block/{name}", block)
    return app


def serve(host: str, port: int) -> None:
    """Serve until Ctrl-C; say the address once the server answers.

    Raises OSError where the address is taken, ModuleNotFoundError where
    aiohttp is not installed.
    """
    from aiohttp import web

    allow_open_files()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, port), family=family) as sock,
        suppress(web.GracefulExit),  # a second Ctrl-C
    ):
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{sock.getsockname()[1]}"
        web.run_app(
            application(),
            sock=sock,
            backlog=BACKLOG,
            shutdown_timeout=LAST_SECONDS / 2,  # aiohttp waits so long twice
            access_log=None,
            print=lambda _: say(f"serving {url}"),
        )


def allow_open_files() -> int:
    """Let this process open more files, if it may; return how many."""
    try:
        import resource
    except ModuleNotFoundError:
        return 512  # Windows, whose select() takes no more sockets
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = OPEN_FILES if hard == unlimited else min(OPEN_FILES, hard)
    if soft != unlimited and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class Result(NamedTuple):
    """Who fetched a page, and whether that failed.

    `memory` is the most that its process had needed by then, in MB.
    """

    thread_id: int
    os_thread: int
    process: int
    memory: float
    failed: bool


results: list[Result] = []


@contextmanager
def page(number: int) -> Iterator[None]:
    """Say hello, run the block that fetches the page, say goodbye.

    An error in the block is this page's alone: it is one line on standard
    error, and the other pages go on.
    """
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    say(
        f"Hello {number} now = {now()}"
        f" serve thread id = {thread_id} OS thread = {os_thread}"
    )
    failed = False
    try:
        yield
    except Exception as error:
        failed = True
        reason = f"{type(error).__name__}: {str(error) or 'timed out'}"
        # What a server sends may hold anything, control characters too.
        reason = "".join(filter(str.isprintable, shorten(reason, 120)))
        complain(f"page {number}: {reason}")
    else:
        say(f"Bye.. {number} now = {now()}")
    results.append(
        Result(thread_id, os_thread, os.getpid(), peak_memory(), failed)
    )


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its counts."""
    say(f"== {model}")
    start = time.perf_counter()
    try:
        yield
    finally:
        took = time.perf_counter() - start
        say(
            f"== {model}: {took:.2f} s"
            f" | thread ids {len({r.thread_id for r in results})}"
            f" | OS threads {len({r.os_thread for r in results})}"
            f" | pages {len(results)}"
            f" | failed {sum(r.failed for r in results)}"
        )


def peak_memory() -> float:
    """Return the most memory this process has needed so far, in MB."""
    try:
        import resource
    except ModuleNotFoundError:
        return 0.0  # Windows does not tell
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In bytes on macOS, in units of 1024 bytes elsewhere.
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


class PageSocket(socket.socket):
    """A socket with a deadline for all that it receives.

    The ordinary timeout starts again with every byte that arrives.
    """

    deadline = 0.0
    ended = False

    def recv_into(
        self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0
    ) -> int:
        """Receive before the deadline; note when the other side closes."""
        left = self.deadline - time.perf_counter()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)
        received = super().recv_into(buffer, nbytes, flags)
        self.ended = received == 0
        return received


def fetch(url: str, timeout: float) -> bytes:
    """Return the page; block this thread until it is there.

    Raises OSError (TimeoutError among them), HTTPException, or ValueError
    where the status is not 200.
    """
    parts = urlsplit(url)
    deadline = time.perf_counter() + timeout
    address = (parts.hostname or "", parts.port or 80)
    connection = HTTPConnection(*address, timeout=timeout)
    with closing(connection):
        connection.connect()
        sock = PageSocket(fileno=connection.sock.detach())
        sock.deadline = deadline
        connection.sock = sock
        path = f"{parts.path}?{parts.query}"
        connection.request("GET", path, headers={"Connection": "close"})
        with connection.getresponse() as response:
            # http.client would take what comes until the end for the page.
            length = response.headers.get("Content-Length", "0")
            if sock.ended or not length.isdecimal():
                raise ConnectionError("broken headers")
            if response.status != 200:
                raise ValueError(f"{response.status} {response.reason}")
            return response.read()


@contextmanager
def own_server() -> Iterator[str]:
    """Run a server on a free port in a process of its own; give its address.

    It ends with the block, however that ends: the server watches its standard
    input, which the system closes even when this process is killed.
    """
    with subprocess.Popen(
        [sys.executable, __file__, "--port", "0", "--until-eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C in a terminal is for the client alone.
        start_new_session=True,
    ) as server:
        assert server.stdout
        address = server.stdout.readline()
        if not address:
            raise SystemExit(server.wait())  # it has said why
        yield address.split()[-1]


def end_at_eof() -> None:
    """End this process once its standard input ends."""
    # Not sys.stdin.read(), whose lock can be in the way when Python ends.
    while os.read(0, 1024):
        pass
    os._exit(0)


def address_from(text: str) -> str:
    """Return the address of a server; argparse reports what is none."""
    with suppress(ValueError):
        parts = urlsplit(text)
        if parts.scheme == "http" and parts.hostname and parts.port != 0:
            return text.rstrip("/")
    raise argparse.ArgumentTypeError(f"{text!r} is no http://HOST:PORT")


def client_parser(
    description: str | None, workers: int = 1
) -> argparse.ArgumentParser:
    """Return the command line of a client that has so many workers."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    count = partial(number_from, int, 1, 1_000_000)
    timeout = partial(number_from, float, 0.001, 3600)
    options: list[tuple[str, Callable[[str], object], float, str]] = [
        ("--pages", count, 5, "how many pages to fetch"),
        ("--seconds", seconds_from, 1, "how long the server takes for each"),
        ("--timeout", timeout, 10, "how long a page may take in all"),
        ("--workers", count, workers, "how many pages at a time, at most"),
    ]
    for name, kind, default, what in options:
        if name != "--workers" or workers > 1:
            parser.add_argument(
                name,
                metavar="N",
                type=kind,
                default=default,
                help=f"{what} (default: {default})",
            )
    parser.add_argument(
        "--url",
        type=address_from,
        help="use the server that runs there, instead of starting one",
    )
    parser.add_argument(
        "--block",
        action="store_true",
        help="fetch /block, where the server blocks, instead of /hello",
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="print the peak memory of all processes in the end",
    )
    parser.set_defaults(workers=workers)
    return parser


def run_client(
    client: Callable[[Sequence[str], float, int], None],
    description: str | None,
    workers: int = 1,
) -> int:
    """Run a client as the command line says; return the exit status.

    The client gets the addresses of the pages, how many seconds each may
    take, and how many workers it may have.
    """
    options = client_parser(description, workers).parse_args()
    # A connection is an open file. The server may have an old one and a new
    # one from each worker.
    most = allow_open_files() // 2
    if most < min(options.workers, options.pages):
        options.workers = most
        complain(f"open files are limited: {most} workers")
    if 1 < options.workers < options.pages:
        rounds = math.ceil(options.pages / options.workers)
        say(
            f"{options.pages} pages by {options.workers} workers:"
            f" {rounds} rounds of {options.seconds:g} s"
        )
    try:
        with nullcontext(options.url) if options.url else own_server() as url:
            path = f"{url}/{'block' if options.block else 'hello'}"
            urls = [
                f"{path}/{number}?seconds={options.seconds:g}"
                for number in range(1, options.pages + 1)
            ]
            client(urls, options.timeout, options.workers)
    except ModuleNotFoundError as error:
        complain(not_installed(error))
        return 1
    except KeyboardInterrupt:
        return 130
    if options.memory:
        peaks = {r.process: r.memory for r in results}
        peaks[os.getpid()] = peak_memory()
        say(f"peak memory {sum(peaks.values()):.0f} MB")
    return int(any(r.failed for r in results))


def not_installed(error: ModuleNotFoundError) -> str:
    """Say what to install."""
    return f"{error.name} is not installed: python -m pip install {error.name}"


def main() -> int:
    """Serve as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port", type=partial(number_from, int, 0, 65535), default=8080
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="stop at once when standard input ends",
    )
    options = parser.parse_args()
    if options.until_eof:
        threading.Thread(target=end_at_eof, daemon=True).start()
    try:
        serve(options.host, options.port)
    except ModuleNotFoundError as error:
        complain(not_installed(error))
        return 1
    except OSError as error:
        complain(f"cannot serve: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        pass
    return 130


if __name__ == "__main__":
    sys.exit(main())
