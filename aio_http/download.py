# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Download many pages into a folder: a program to keep.

Each page is fetched in a task of its own, ten at a time, over one session, and
written to the disk in a thread. What fails, and may succeed later, is tried
again after a pause. A file is there only when it is whole: press Ctrl-C at any
time, start the program again, and it fetches what is missing.

    python aio_http/download.py           fifty pages from a server of its own;
                                          a tenth of them fails at first
    python aio_http/download.py --url https://www.python.org https://pypi.org
    python aio_http/download.py addresses.txt         a file, an address a line

    --folder pages     where the files go
    --limit 10         pages at a time
    --tries 5          for each page, if another may succeed
    --timeout 10       seconds for each try
    --pause 0.5        seconds after the first try; it doubles each time
    --megabytes 10     the most of a page

If tqdm is installed, it shows the progress. The exit status is 1 if a page has
failed.
"""

import argparse
import asyncio
import errno
import importlib.util
import itertools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from aiohttp import ClientSession


class Options(NamedTuple):
    limit: int = 10
    tries: int = 5
    timeout: float = 10.0
    pause: float = 0.5
    megabytes: float = 10.0  # a page is in memory until it is whole


@dataclass
class Page:
    url: str
    path: Path
    tries: int = 0
    failed: str = ""  # the reason, once it is given up


async def download(
    pages: Sequence[Page], options: Options, done: Callable[[], object]
) -> None:
    """Fetch all pages; call `done` for each that is there or has failed."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

    async def one(page: Page) -> None:
        await fetch(page, session, turn, options)
        done()

    turn = asyncio.Semaphore(options.limit)
    timeout, cookies = ClientTimeout(options.timeout), DummyCookieJar()
    async with (
        ClientSession(timeout=timeout, cookie_jar=cookies) as session,
        asyncio.TaskGroup() as group,
    ):
        for page in pages:
            group.create_task(one(page))


async def fetch(
    page: Page,
    session: "ClientSession",
    turn: asyncio.Semaphore,
    options: Options,
) -> None:
    """Try until the page is there, or until there is no sense in it."""
    from aiohttp import ClientError

    pause = 0.0
    while True:
        # Outside of the turn: while this page pauses, another is fetched.
        await asyncio.sleep(pause)
        async with turn:
            page.tries += 1
            try:
                content = await get(page.url, session, options.megabytes)
            # ValueError: of a host's name that is none, for instance.
            except (ClientError, OSError, ValueError) as error:
                if page.tries == options.tries or not may_pass(error):
                    page.failed = reason(error)
                    return
                pause = pause_after(error, page.tries, options.pause)
            else:
                # A disk blocks. Ctrl-C ends this wait and not the thread,
                # but asyncio.run ends after all its threads.
                await asyncio.to_thread(save, page.path, content)
                return


async def get(
    url: str, session: "ClientSession", megabytes: float
) -> bytearray:
    """Return a page; raise an error unless it comes, whole and in time."""
    content = bytearray()
    async with session.get(url) as response:
        response.raise_for_status()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > megabytes * 1e6:
                raise ValueError(f"more than {megabytes:g} MB")
    return content


def may_pass(error: Exception) -> bool:
    """Return whether another try may succeed: not after 404, for instance."""
    from aiohttp import client_exceptions as aio

    if isinstance(error, aio.ClientResponseError):
        return error.status in (408, 425, 429, 500, 502, 503, 504)
    if isinstance(error, aio.ClientSSLError):  # a wrong certificate stays so
        return False
    network = aio.ClientConnectionError, aio.ClientPayloadError, OSError
    return isinstance(error, network)


LONGEST = 60.0  # seconds that either part of a pause may take


def pause_after(error: Exception, tries: int, first: float) -> float:
    """Return how long to pause: what the server asks for, and our own part.

    Ours doubles with each try. Chance cuts it, or pages that fail together,
    because their server has too much to do, would also come back together.
    """
    headers = getattr(error, "headers", None) or {}
    asked = retry_after(headers.get("Retry-After", ""))
    ours = first * 2.0 ** (tries - 1) * random.uniform(0.5, 1)
    return max(0, min(asked, LONGEST)) + min(ours, LONGEST)


def retry_after(text: str) -> float:
    """Return the seconds in that header: a number, or until a date."""
    if text.isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return 0
    return date.timestamp() - time.time()


def save(path: Path, content: bytearray) -> None:
    """Write a file, which has another name until it is whole.

    The process's id is in that name: somebody else may fetch the same page.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def file_name(url: str) -> str:
    """Return a name for the page, of letters that any file system takes.

    Its first part is for people. It drops signs, is cut, and may differ from
    another in upper case alone; the digest is what no two addresses share.
    """
    readable = re.sub(r"[^0-9A-Za-z]+", "-", url.split("//", 1)[-1])[:60]
    digest = sha256(url.encode()).hexdigest()[:32]
    return f"{readable.strip('-')}-{digest}"


# The rest shows the progress, counts, and reads the command line.

# What a server of our own is asked for, if there are no addresses.
OWN_PAGES = [
    f"/{'hello' if n % 10 else 'flaky'}/{n}?seconds=0.2" for n in range(1, 51)
]


def reason(error: Exception) -> str:
    """Return why a page failed, in a line that a terminal can show."""
    status = getattr(error, "status", 0)
    text = f"{type(error).__name__} {error}".strip()
    if status:
        text = f"{status} {getattr(error, 'message', '')}"
    return "".join(c if c.isprintable() else "?" for c in text[:120])


@contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """Give what moves a line on the terminal; elsewhere there is no line."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield lambda: None
    elif importlib.util.find_spec("tqdm"):
        from tqdm import tqdm  # type: ignore[import-untyped]

        with tqdm(total=total, unit=" pages") as bar:
            yield bar.update
    else:
        done = itertools.count(1)
        try:
            yield lambda: sys.stderr.write(f"\r{next(done)} of {total}")
        finally:
            sys.stderr.write("\n")


def run(pages: Sequence[Page], options: Options) -> int:
    """Fetch what is missing, say how it went, and return the exit status."""
    # In a coroutine, this import would hold up the event loop.
    importlib.import_module("aiohttp")
    missing = [page for page in pages if not page.path.is_file()]
    before = len(pages) - len(missing)
    print(f"{len(pages)} pages, {before} of them there", flush=True)
    start, problems = time.perf_counter(), []
    try:
        with progress(len(missing)) as done:
            asyncio.run(download(missing, options, done))
    except* OSError as errors:  # Python 3.11 or newer is needed
        problems.append(f"cannot write: {errors.exceptions[0]}")
    finally:  # after Ctrl-C, too
        failed = [page for page in missing if page.failed]
        for page in failed:
            problems.append(f"{page.url}: {page.failed} | tries {page.tries}")
        for problem in problems:
            print(problem, file=sys.stderr)
        there = sum(page.path.is_file() for page in pages)
        print(
            f"== download: {time.perf_counter() - start:.2f} s"
            f" | arrived {there - before} | failed {len(failed)}"
            f" | tries {sum(page.tries for page in missing)}"
            f" | there {there} of {len(pages)}",
            flush=True,
        )
    return 1 if problems else 0


def own_server() -> AbstractContextManager[str]:
    # Python leaves this folder out where PYTHONSAFEPATH is set.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import client

    return client.own_server()


@contextmanager
def plain_endings() -> Iterator[None]:
    """Print no traceback where nobody has made a mistake."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        pip = "python -m" if importlib.util.find_spec("pip") else "uv"
        sys.exit(f"aiohttp is missing: {pip} pip install aiohttp")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EPIPE):
            raise
        # Closed, or Python would try once more to write what is left.
        with suppress(OSError):
            sys.stdout.close()
        full = error.errno == errno.ENOSPC
        sys.exit(f"cannot print: {error.strerror}" if full else 1)


def address(text: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(text)
        web = parts.scheme in ("http", "https") and parts.hostname
        if web and parts.port != 0 and text.isprintable() and " " not in text:
            return text
    raise argparse.ArgumentTypeError(f"not the address of a page: {text!a}")


def addresses(file: str) -> list[str]:
    """Return those in a file; empty lines and comments are none."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{file!a}: {error}") from None
    texts = [x.strip() for x in lines if not x.lstrip().startswith("#")]
    if not any(texts):
        raise argparse.ArgumentTypeError(f"no address in {file!a}")
    return [address(text) for text in texts if text]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("FILE", nargs="?", type=addresses, default=[])
    add("--url", nargs="+", type=address, default=[])
    add("--folder", type=Path, default="pages")
    for name, value in Options()._asdict().items():
        add(f"--{name}", type=type(value), default=value)
    args = parser.parse_args()
    options = Options(*(getattr(args, name) for name in Options._fields))
    least, most = Options(1, 1, 0.001, 0, 0), Options(100, 100, 300, 60, 1000)
    for name, low, value, high in zip(
        Options._fields, least, options, most, strict=True
    ):
        if not low <= value <= high:
            parser.error(f"argument --{name}: must be from {low} to {high}")
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --folder: {error}")

    urls = dict.fromkeys([*args.FILE, *args.url])
    with plain_endings(), nullcontext("") if urls else own_server() as server:
        pages = [
            # The server's port, another each time, is no part of the name.
            Page(server + url, args.folder / file_name(url))
            for url in urls or OWN_PAGES
        ]
        sys.exit(run(pages, options))


if __name__ == "__main__":
    main()
