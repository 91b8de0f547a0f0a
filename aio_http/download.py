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

The files go into the folder `pages`. The exit status is 1 if a page fails.
Whoever copies this takes `client.py` along, for what prints and ends.
"""

import argparse
import asyncio
import importlib.util
import itertools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import own_server, plain_endings, say

if TYPE_CHECKING:
    from aiohttp import ClientSession


class Options(NamedTuple):
    limit: int  # pages at a time
    tries: int  # of each page
    timeout: float  # seconds for each try
    pause: float  # seconds after the first try; it doubles each time


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
    from aiohttp import ClientSession, ClientTimeout

    async def one(page: Page) -> None:
        await fetch(page, session, turn, options)
        done()

    turn = asyncio.Semaphore(options.limit)
    session = ClientSession(timeout=ClientTimeout(options.timeout))
    async with session, asyncio.TaskGroup() as group:
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
                content = await get(page.url, session)
            # UnicodeError: of a host's name that is none.
            except (ClientError, OSError, UnicodeError) as error:
                if page.tries == options.tries or not may_pass(error):
                    page.failed = reason(error)
                    return
                pause = pause_after(error, page.tries, options.pause)
            else:
                # A disk blocks. Ctrl-C ends this wait and not the thread,
                # but asyncio.run ends after all its threads.
                await asyncio.to_thread(save, page.path, content)
                return


async def get(url: str, session: "ClientSession") -> bytes:
    """Return a page; raise an error unless it comes, whole and in time."""
    from aiohttp import ClientError

    async with session.get(url) as response:
        response.raise_for_status()
        if response.status != 200:  # 304, say, which has no page
            raise ClientError(f"status {response.status}")
        return await response.read()


def may_pass(error: Exception) -> bool:
    """Return whether another try may succeed: not after 404, for instance."""
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.status in (408, 425, 429, 500, 502, 503, 504)
    if isinstance(error, aiohttp.ClientSSLError):
        return False  # a wrong certificate stays wrong
    # Nobody there, not all of it, too late.
    network = aiohttp.ClientConnectionError, aiohttp.ClientPayloadError
    return isinstance(error, (*network, OSError))


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


def save(path: Path, content: bytes) -> None:
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
    text = f"{type(error).__name__} {error}".strip()
    if status := getattr(error, "status", 0):
        text = f"{status} {getattr(error, 'message', '')}"
    return "".join(c if c.isprintable() else "?" for c in text[:120])


@contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """Give what moves a line on the terminal; elsewhere there is no line."""
    if not (total and sys.stderr and sys.stderr.isatty()):
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
    say(f"pages {len(pages)} | there {before}")
    start = time.perf_counter()
    try:
        with progress(len(missing)) as done:
            asyncio.run(download(missing, options, done))
    except* OSError as errors:  # Python 3.11 or newer is needed
        say(f"cannot write: {errors.exceptions[0]}", to="stderr")
    finally:  # after Ctrl-C, too
        failed = [page for page in missing if page.failed]
        for page in failed:
            line = f"{page.url}: {page.failed} | tries {page.tries}"
            say(line, to="stderr")
        there = sum(page.path.is_file() for page in pages)
        say(
            f"== download: {time.perf_counter() - start:.2f} s"
            f" | arrived {there - before} | failed {len(failed)}"
            f" | tries {sum(page.tries for page in missing)}"
            f" | there {there} of {len(pages)}"
        )
    return 0 if there == len(pages) else 1


def address(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.password  # a file's name would tell it
        or not text.isprintable()
    ):
        raise ValueError(f"not the address of a page: {text!a:.80}")
    return text


def addresses(file: str) -> list[str]:
    try:
        urls = Path(file).read_text(encoding="utf-8-sig").split()
        if not urls:
            raise ValueError("no address in it")
        return [address(url) for url in urls]
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{file!a}: {error}") from None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("FILE", nargs="?", type=addresses, default=[], help="of addresses")
    add("--url", nargs="+", type=address, default=[], help="addresses")
    add("--folder", type=Path, default="pages", help="where the files go")
    numbers = {  # default, least, most
        "limit": (10, 1, 100, "pages at a time"),  # a session has 100
        "tries": (5, 1, 100, "of a page that may come later"),
        "timeout": (10.0, 0.001, 300, "seconds, for each try"),
        "pause": (0.5, 0, 60, "seconds, before another try; it doubles"),
    }
    for name, (default, *_, text) in numbers.items():
        add(f"--{name}", type=type(default), default=default, help=text)
    args = parser.parse_args()
    options = Options(**{name: getattr(args, name) for name in numbers})
    for name, (_, least, most, _) in numbers.items():
        if not least <= getattr(args, name) <= most:
            parser.error(f"argument --{name}: must be from {least} to {most}")
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
