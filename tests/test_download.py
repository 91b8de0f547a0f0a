"""Chapter 4: how to test a program that downloads: `aio_http/download.py`.

The server is the test's own. It answers as the test wants, and keeps what it
was asked for and when. The program runs beside it, started as a reader does.
Nobody sleeps and hopes: the server waits for what has to happen at once, and
it is the server that presses Ctrl-C.
"""

import asyncio
import re
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections import defaultdict
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from importlib.machinery import ModuleSpec
from pathlib import Path
from signal import SIGINT
from unittest import mock

import pytest
from aiohttp import test_utils, web
from helpers.commands import ROOT, shell

sys.path.insert(0, str(ROOT / "aio_http"))

from download import file_name, main, pause_after, retry_after

PROGRAM = [sys.executable, "-Werror", "aio_http/download.py"]
# A limit on a file's size, which is met as the end of a disk is.
FULL_DISK = ["sh", "-c", 'ulimit -f 8; exec "$0" "$@"', *PROGRAM]
WITH_A_DISK = """
import sys, threading, time
sys.path.insert(0, "aio_http")
import download
save, five = download.save, threading.Barrier(5, timeout=9)
download.save = lambda *page: (HOW, save(*page))
download.main()
"""


def disk(how: str) -> list[str]:
    """Return the program with a disk that does so before it writes a page."""
    return [*PROGRAM[:2], "-c", WITH_A_DISK.replace("HOW", how)]


posix = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")


def content(path: str) -> bytes:
    return 9999 * path.encode()


async def whole(request: web.Request, nth: int) -> web.StreamResponse:
    return web.Response(body=content(request.path))


async def drip(request: web.Request, nth: int) -> web.StreamResponse:
    """Send twenty bytes of many, for one second, and break off."""
    response = web.StreamResponse(headers={"Content-Length": "9999"})
    await response.prepare(request)
    for _ in range(20):
        await response.write(b".")
        await asyncio.sleep(0.05)
    assert request.transport
    request.transport.close()
    return response


async def moody(request: web.Request, nth: int) -> web.StreamResponse:
    if nth == 1 and request.path == "/half":
        return await drip(request, nth)
    if nth == 1 and request.path.startswith("/bus"):
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
    always = {
        "/broken": web.HTTPInternalServerError(),
        "/missing": web.HTTPNotFound(),
        "/same": web.HTTPNotModified(),
        "/moved": web.HTTPFound("/fine"),
        "/away": web.HTTPFound("ftp://127.0.0.1"),
    }
    if request.path in always:
        raise always[request.path]
    return await whole(request, nth)


class Site:
    """A server, what it has seen, and the program beside it."""

    # What comes for a path that is asked for the nth time.
    answer: Callable[[web.Request, int], Awaitable[web.StreamResponse]]
    program: asyncio.subprocess.Process

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.connections: set[object] = set()
        self.now = self.most = 0
        self.port = test_utils.unused_port()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path].append(time.monotonic())
        self.connections.add(request.transport)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self.answer(request, len(self.asked[request.path]))
        finally:
            self.now -= 1

    def download(
        self, paths: list[str], options: str = "", program: list[str] = PROGRAM
    ) -> list[str]:
        """Run the program; return the lines it prints, and its status."""
        base = f"http://127.0.0.1:{self.port}"
        self.names = {file_name(base + path): path for path in paths}
        command = [*program, *options.split(), "--folder", str(self.folder)]
        command += ["--url", *(base + path for path in paths)]
        app = web.Application()
        app.router.add_get("/{path}", self.serve)

        async def run() -> str:
            async with test_utils.TestServer(app, port=self.port):
                self.program = await asyncio.create_subprocess_exec(
                    *command, cwd=ROOT, stdout=PIPE, stderr=STDOUT
                )
                loop = asyncio.get_running_loop()
                bound = loop.call_later(30, self.program.kill)
                printed, _ = await self.program.communicate()
                bound.cancel()
            return printed.decode() + f"status {self.program.returncode}"

        screen = asyncio.run(run()).replace(base, "")
        return re.sub(r"\d+\.\d\d s ", "S s ", screen).splitlines()

    def pages(self) -> dict[str, bytes]:
        """Return the content of the files, by the path it was asked for."""
        files = self.folder.iterdir()
        return {self.names[file.name]: file.read_bytes() for file in files}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_limit_and_one_session(site: Site) -> None:
    """Five at a time, no more and no fewer, over five connections.

    All five are written at a time, too: a thread can wait for a disk.
    """
    five = asyncio.Barrier(5)

    async def together(request: web.Request, nth: int) -> web.StreamResponse:
        await five.wait()
        return await whole(request, nth)

    site.answer = together
    paths = [f"/{n}" for n in range(20)]
    screen = site.download(paths, "--limit 5", disk("five.wait()"))
    assert screen == [
        "pages 20 | there 0",
        "== download: S s | arrived 20 | failed 0 | tries 20 | there 20 of 20",
        "status 0",
    ]
    assert (site.most, len(site.connections)) == (5, 5)
    assert site.pages() == {path: content(path) for path in paths}


def test_tries(site: Site) -> None:
    """Another try for what may succeed, and for nothing else."""
    site.answer = moody
    paths = ["/busy", "/busier", "/busiest", "/half", "/moved", "/broken"]
    paths += ["/missing", "/away", "/same"]
    screen = site.download(paths, "--tries 3 --pause 0.2 --limit 1")
    assert screen == [
        "pages 9 | there 0",
        "/broken: 500 Internal Server Error | tries 3",
        "/missing: 404 Not Found | tries 1",
        "/away: NonHttpUrlRedirectClientError ftp://127.0.0.1 | tries 1",
        "/same: ClientError status 304 | tries 1",
        "== download: S s | arrived 5 | failed 4 | tries 15 | there 5 of 9",
        "status 1",
    ]
    # Chance cuts a pause, to no less than half; then it doubles.
    first, second, third = site.asked["/broken"]
    assert second - first >= 0.1
    assert third - second >= 0.2
    first, second = site.asked["/busy"]
    assert 1.1 <= second - first < 10
    # While a page pauses, another takes its turn, and its pause begins.
    assert site.asked["/busiest"][1] - first < 3


def test_pauses() -> None:
    """What the server asks for, in either form, and a part left to chance."""
    assert retry_after("7") == 7
    assert 5 < retry_after(formatdate(time.time() + 8, usegmt=True)) <= 8
    assert retry_after("soon") == 0
    ours = [pause_after(ValueError(), 3, 2.0) for _ in range(100)]
    assert 4 <= min(ours) < max(ours) <= 8
    busy = ValueError()
    vars(busy)["headers"] = {"Retry-After": 5000 * "9"}
    assert 60 < pause_after(busy, 99, 2.0) <= 120


def test_timeout(site: Site) -> None:
    """For each try, and for all of a page, though something always comes."""
    site.answer = drip
    screen = site.download(["/page"], "--timeout 0.5 --tries 2 --pause 0")
    assert screen[1] == "/page: TimeoutError | tries 2"
    first, second = site.asked["/page"]
    assert second - first > 0.4


@posix
def test_ctrl_c_and_again(site: Site) -> None:
    """Whole pages are left; started again, it asks for the others only."""

    async def press(request: web.Request, nth: int) -> web.StreamResponse:
        if len(site.asked) == 25:
            site.program.send_signal(SIGINT)
            await site.program.wait()
        return await whole(request, nth)

    site.answer = press
    contents = {f"/{n}": content(f"/{n}") for n in range(40)}
    screen = site.download([*contents], "--limit 8", disk("time.sleep(0.1)"))
    # Also those that threads were still writing.
    there = site.pages()
    assert screen[-2].endswith(f" | there {len(there)} of 40")
    assert screen[-1] == "status 130"
    assert 10 < len(there) < 40
    assert there.items() <= contents.items()

    site.asked.clear()
    site.answer = whole
    screen = site.download([*contents])
    assert screen[0] == f"pages 40 | there {len(there)}"
    asked = {path: len(times) for path, times in site.asked.items()}
    assert asked == dict.fromkeys(contents.keys() - there.keys(), 1)
    assert site.pages() == contents


@posix
def test_full_disk(site: Site) -> None:
    """A line says so, one for all pages; no half page is left."""
    site.answer = whole
    screen = site.download([f"/{n}" for n in range(100)], "", FULL_DISK)
    assert screen[1] == "cannot write: [Errno 27] File too large"
    assert screen[2].endswith(" | there 0 of 100")
    assert screen[3:] == ["status 1"]
    assert site.pages() == {}


def test_file_names() -> None:
    """Readable, and different where the file system sees no case."""
    base = "http://example.com"
    paths = ["", "/", "/a", "/A", "/a?", "/a?b", "/a/b", "/../../a", "/%2e/a"]
    paths += [f"/{5000 * x}" for x in ("x", "X", "\N{SNOWMAN}", "\\", "\0")]
    names = {file_name(base + path).lower() for path in paths}
    assert len(names) == len(paths)
    assert all(re.fullmatch(r"example-com[0-9a-z-]{1,88}", x) for x in names)


@pytest.mark.slow
@posix
def test_own_server(tmp_path: Path) -> None:
    """A tenth of fifty pages fails at first; the next server has the rest."""
    line = f"python -W error aio_http/download.py --folder {tmp_path}"
    first, second = (shell(line + x, check=False) for x in (" --tries 1", ""))
    counts = " | arrived 45 | failed 5 | tries 50 | there 45 of 50\n"
    assert first.stdout.endswith(counts)
    counts = " | arrived 5 | failed 0 | tries 10 | there 50 of 50\n"
    assert second.stdout.endswith(counts)
    # No progress through a pipe.
    assert len(first.stderr.splitlines()) == 5
    assert first.stderr.count(": 503 Service Unavailable | tries 1\n") == 3
    assert first.stderr.count(": ClientPayloadError ") == 2


def start(line: str, status: int) -> None:
    """Run the program in this process, until it ends with the status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["download.py", *line.split()])
        with pytest.raises(SystemExit, match=str(status)):
            main()


def test_progress(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a terminal a line counts the pages, or tqdm if it is installed."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    nobody = "http://127.0.0.1:1"
    tqdm = mock.MagicMock()
    tqdm.__spec__ = ModuleSpec("tqdm", None)
    for module, shown in [(None, "\r1 of 2\r2 of 2\n"), (tqdm, "")]:
        monkeypatch.setitem(sys.modules, "tqdm", module)
        start(f"--url {nobody}/a {nobody}/b --tries 1 --folder {tmp_path}", 1)
        assert capsys.readouterr().err.startswith(f"{shown}{nobody}/a: ")
    assert tqdm.tqdm().__enter__().update.call_count == 2


@posix
@pytest.mark.parametrize(
    "wrong",
    [
        *("--limit 0", "--timeout nan", "--url ftp://127.0.0.1"),
        *("--folder /dev/null", "/no/such/file", "/dev/null", "/bin/sh"),
    ],
)
def test_bad_argument(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    start(wrong, 2)
    named = wrong.split()[0] if wrong.startswith("--") else "FILE"
    assert f"error: argument {named}: " in capsys.readouterr().err
