"""What the clients share, so that each holds its own way of waiting only.

`fails_alone` lets one page fail and the others go on, `check` says whether a
page is the one asked for, `fetch` is the plain blocking way to get it. Below
them: what prints and counts, a server for each client, the command line.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, OpenerDirector

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed")

# For each page: when it was asked for, in which thread, in which OS thread,
# and whether it failed.
Result = tuple[float, int, int, bool]
results: list[Result] = []


class WrongPage(Exception):
    """A server sent something else than the hello it was asked for."""


@contextmanager
def fails_alone(
    number: int, library_error: type[Exception] = HTTPException
) -> Iterator[None]:
    """Let the network or the server fail this page, and no other.

    That is one line on standard error. Any other error is a mistake in the
    program, and stops it.
    """
    start, failed = time.perf_counter(), True
    try:
        yield
        failed = False
    except (OSError, WrongPage, library_error) as error:
        # repr, for what a server sends may hold control characters.
        reason = f"{type(error).__name__} {str(error)!r:.120}"
        say(f"page {number}: {reason}", to="stderr")
    results.append(
        (start, threading.get_ident(), threading.get_native_id(), failed)
    )


def check(number: int, text: bytes) -> None:
    """Raise WrongPage unless this is the hello asked for, and whole."""
    hello = re.fullmatch(
        rb"Hello (\d+) now = \d\d:\d\d:\d\d"
        rb" serve thread id = \d+ OS thread = \d+\n",
        text,
    )
    if not hello or hello[1] != b"%d" % number:
        raise WrongPage(f"not the whole hello {number}: {text!r:.60}")


# It knows HTTP, and neither proxies nor redirections: both lead elsewhere.
opener = OpenerDirector()
opener.add_handler(HTTPHandler())


def fetch(url: str, timeout: float) -> bytes:
    """Return the page; block this thread until it is there.

    The timeout is for each wait, and a page that comes byte by byte has many.
    Only an event loop, or gevent's, can put an end to all of a page.
    """
    with opener.open(url, timeout=timeout) as response:
        return bytes(response.read(10_000))  # no hello is as long


# The rest prints, starts a server, and reads the command line.

printing = threading.Lock()
silent = False


class CannotPrint(Exception):
    """Nobody reads what we print, or the disk is full."""


def say(line: str, to: str = "stdout") -> None:
    """Print a line whole, and at once."""
    file = getattr(sys, to)
    try:
        with printing:
            if silent:
                raise CannotPrint
            if file:  # None: it was closed from the start
                # One write: other processes print here, too.
                print(line + "\n", end="", file=file, flush=True)
    except BrokenPipeError:  # a reader such as `head` has gone
        raise CannotPrint from None
    except OSError as error:
        raise CannotPrint(f"cannot print: {error.strerror}") from None


def silence() -> None:
    """Let threads and greenlets that go on at the end print no more.

    Python cannot end while one of them is in the middle of a line.
    """
    global silent
    with printing:
        silent = True


def say_hello(number: int) -> None:
    say(
        f"Hello {number} now = {time.strftime('%H:%M:%S')}"
        f" serve thread id = {threading.get_ident()}"
        f" OS thread = {threading.get_native_id()}"
    )


def say_bye(number: int) -> None:
    say(f"Bye.. {number} now = {time.strftime('%H:%M:%S')}")


def say_results(model: str) -> None:
    """Print the seconds since the first Hello, and the counts."""
    starts, thread_ids, os_threads, failed = zip(*results, strict=True)
    say(
        f"== {model}: {time.perf_counter() - min(starts):.2f} s"
        f" | thread ids {len(set(thread_ids))}"
        f" | OS threads {len(set(os_threads))}"
        f" | pages {failed.count(False)} | failed {failed.count(True)}"
    )


@contextmanager
def plain_endings() -> Iterator[None]:
    """Print no traceback where nobody has made a mistake."""
    # In a notebook this module stays as the run before has left it.
    global silent
    silent = False
    results.clear()
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "gevent"):
            raise
        pip = "python -m" if importlib.util.find_spec("pip") else "uv"
        sys.exit(f"{error.name} is missing: {pip} pip install {error.name}")
    except Exception as error:
        # The first of a group, which is what a TaskGroup raises.
        error = getattr(error, "exceptions", [error])[0]
        if not isinstance(error, CannotPrint):
            raise
        # Closed, or Python would try once more to write what is left.
        with suppress(OSError):
            sys.stdout.close()
        sys.exit(str(error) or 1)


@contextmanager
def own_server() -> Iterator[str]:
    """Run a server on a free port in a process of its own; give its address.

    It ends when its standard input does, and so with us, however we end.
    """
    server = Path(__file__).resolve().with_name("server.py")
    with subprocess.Popen(
        [sys.executable, server, "--port", "0", "--until-eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for the client
    ) as process:
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            sys.exit(1)  # the server has said why
        try:
            yield line.split()[-1]
        finally:
            process.stdin.close()
            process.wait()


def raise_file_limit() -> None:
    # Each connection is an open file, and macOS starts with 256.
    if sys.platform != "win32":
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = max(now, min(8192, most))
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def address(url: str) -> str:
    """Return the address of a server; argparse reports a ValueError."""
    parts = urlsplit(url)
    bare = f"http://{parts.netloc}"
    if url.rstrip("/") != bare or not parts.hostname or parts.port == 0:
        raise ValueError
    parts.hostname.encode("idna")  # raises one for `a..b`
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
    numbers = {  # default, least, most
        "pages": (5, 1, 100_000, "how many to fetch"),
        "seconds": (1.0, 0, 60, "the server takes for each"),
        "timeout": (10.0, 0.001, 3600, "seconds for a page, or each wait"),
        "workers": (workers, 1, 5000, "pages at a time"),
    }
    for name, (default, *_, text) in numbers.items():
        add(f"--{name}", type=type(default), default=default, help=text)
    add("--url", type=address, help="of a server that runs, http://HOST:PORT")
    add("--block", action="store_true", help="where the server blocks")
    # A model may stand behind the options, too.
    args = parser.parse_args(
        sorted(sys.argv[1:], key=lambda x: x not in models)
    )
    for name, (_, least, most, _) in numbers.items():
        if not least <= getattr(args, name) <= most:
            parser.error(f"argument --{name}: must be from {least} to {most}")
    return args


def run_client(
    client: Callable[[Sequence[str], float, int], None],
    description: str | None,
    workers: int,
) -> None:
    """Let the client fetch its pages, between a heading and the results."""
    args = options(description, workers)
    raise_file_limit()
    model = client.__name__.removesuffix("_client")
    path = "block" if args.block else "hello"
    server = nullcontext(args.url) if args.url else own_server()
    with plain_endings(), server as url:
        urls = [
            f"{url}/{path}/{number}?seconds={args.seconds:g}"
            for number in range(1, args.pages + 1)
        ]
        say(f"== {model}")
        try:
            client(urls, args.timeout, min(args.workers, args.pages))
        except BaseException:
            silence()
            raise
        say_results(model)
    sys.exit(any(failed for *_, failed in results))
