"""What the clients share, so that each holds its own way of waiting only.

`page` prints around one page and counts it, `check` says whether it is the
one asked for, `fetch` is the plain blocking way to get it. Below them: the
closing line, a server for each client, and the command line.
"""

import argparse
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, OpenerDirector

from server import open_files

Client = Callable[[Sequence[str], float, int], None]


class Result(NamedTuple):
    """Who fetched a page, and whether that failed."""

    thread_id: int
    os_thread: int
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
        f"Hello {number} now = {time.strftime('%H:%M:%S')}"
        f" serve thread id = {thread_id} OS thread = {os_thread}"
    )
    failed = True
    try:
        yield
        failed = False
        say(f"Bye.. {number} now = {time.strftime('%H:%M:%S')}")
    except Exception as error:
        # repr, for what a server sends may hold control characters.
        reason = f"{type(error).__name__} {str(error)!r:.120}"
        say(f"page {number}: {reason}", sys.stderr)
    results.append(Result(thread_id, os_thread, failed))


def check(number: int, text: bytes) -> None:
    """Raise ValueError unless this is the hello asked for, and whole."""
    hello = re.fullmatch(
        rb"Hello (\d+) now = \d\d:\d\d:\d\d"
        rb" serve thread id = \d+ OS thread = \d+\n",
        text,
    )
    if not hello or int(hello[1]) != number:
        raise ValueError(f"not the whole hello {number}: {text!r:.60}")


# It knows HTTP, and neither proxies nor redirections: both lead elsewhere.
opener = OpenerDirector()
opener.add_handler(HTTPHandler())


def fetch(url: str, timeout: float) -> bytes:
    """Return the page; block this thread until it is there.

    The timeout is for each wait, and a page that comes byte by byte has many.
    Only an event loop, or gevent's, can put an end to all of a page.
    """
    with opener.open(url, timeout=timeout) as response:
        return bytes(response.read())


# The rest prints, counts, starts a server, and reads the command line.


def say(line: str, file: TextIO | None = None) -> None:
    """Print a line whole: print() writes its end apart, others get between."""
    try:
        print(line + "\n", end="", file=file, flush=True)
    except BrokenPipeError:
        os._exit(1)  # a reader such as `head` has gone: all threads go too


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its counts."""
    say(f"== {model}")
    start = time.perf_counter()
    yield
    took = time.perf_counter() - start
    thread_ids, os_threads, failed = zip(*results, strict=True)
    say(
        f"== {model}: {took:.2f} s | thread ids {len({*thread_ids})}"
        f" | OS threads {len({*os_threads})}"
        f" | pages {failed.count(False)} | failed {failed.count(True)}"
    )


@contextmanager
def own_server() -> Iterator[str]:
    """Run a server on a free port in a process of its own; give its address.

    It ends when its standard input does, and so with us, however we end.
    """
    server = Path(__file__).with_name("server.py")
    with subprocess.Popen(
        [sys.executable, server, "--port", "0", "--until-eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for the client
    ) as process:
        assert process.stdout
        address = process.stdout.readline()
        if not address:
            sys.exit(1)  # the server has said why
        yield address.split()[-1]


def address(url: str) -> str:
    """Return the address of a server; argparse reports a ValueError."""
    parts = urlsplit(url)
    bare = f"http://{parts.netloc}"
    if url.rstrip("/") != bare or not parts.hostname or parts.port == 0:
        raise ValueError
    return bare


def options(
    description: str | None, workers: int, models: Sequence[str] = ()
) -> argparse.Namespace:
    """Return what the command line says; exit with status 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    if models:
        add("MODEL", nargs="*", choices=["all", *models], default="all")
    add("--pages", type=int, default=5, help="how many to fetch")
    add("--seconds", type=float, default=1, help="the server takes for each")
    add(
        "--timeout",
        type=float,
        default=10,
        help="seconds for a whole page (yield, async, gevent), or for each"
        " wait (sequential, thread, process)",
    )
    add("--workers", type=int, default=workers, help="pages at a time")
    add("--url", type=address, help="of a server that runs, http://HOST:PORT")
    add("--block", action="store_true", help="where the server blocks")
    args = parser.parse_args()
    for name, least, most in (
        ("pages", 1, 1_000_000),
        ("seconds", 0, 60),
        ("timeout", 0.001, 3600),
        ("workers", 1, 1_000_000),
    ):
        if not least <= getattr(args, name) <= most:
            parser.error(f"argument --{name}: not from {least:,} to {most:,}")
    return args


def run_client(client: Client, description: str | None, workers: int) -> None:
    """Give a client the pages' addresses, the timeout, and its workers."""
    args = options(description, workers)
    if sys.platform == "win32":  # where no handler interrupts a wait
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:  # Ctrl-C ends every thread at once, waiting or not
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    args.workers = min(args.workers, args.pages)
    # Half: a server here may still have a worker's old connection open.
    most = open_files() // 2
    if most < args.workers:
        args.workers = most
        say(f"open files are limited: {most} workers", sys.stderr)
    rounds = math.ceil(args.pages / args.workers)
    if rounds > 1 and workers > 1:
        work = f"{args.pages} pages by {args.workers} workers"
        say(f"{work}: {rounds} rounds of {args.seconds:g} s")
    path = "block" if args.block else "hello"
    try:
        with nullcontext(args.url) if args.url else own_server() as url:
            urls = [
                f"{url}/{path}/{number}?seconds={args.seconds:g}"
                for number in range(1, args.pages + 1)
            ]
            client(urls, args.timeout, args.workers)
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is missing: pip install {error.name}")
    sys.exit(any(result.failed for result in results))
