"""Chapter 4: how to test a program that downloads: `aio_http/download.py`.

The server is the test's own. It answers as the test wants, and keeps when it
was asked for what. The program runs beside it, started as a reader does.
Nobody sleeps and hopes: the server waits for what has to happen at once, and
it is the server that presses Ctrl-C.
"""

import asyncio
import re
import shlex
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections import defaultdict
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from signal import SIGINT
from unittest import mock

import pytest
from aiohttp import test_utils, web
from helpers.commands import ROOT, posix, shell
from helpers.screens import alike

sys.path.insert(0, str(ROOT / "aio_http"))

from download import file_name, main, pause_after, retry_after

PYTHON = [sys.executable, "-Werror"]
PROGRAM = [*PYTHON, "aio_http/download.py"]
# The same with a disk that takes a tenth of a second for a page.
SLOW_SAVE = """
import sys, time
sys.path.insert(0, "aio_http")
import download
save = download.save
download.save = lambda *page: (time.sleep(0.1), save(*page))
download.main()
"""
SLOW_DISK = [*PYTHON, "-c", SLOW_SAVE]


async def whole(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=9999 * request.path.encode())


class Site:
    """A server, and the program beside it."""

    process: asyncio.subprocess.Process
    asked: dict[str, list[float]]  # when it was asked for each path

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = test_utils.unused_port()

    def download(
        self,
        answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        paths: list[str],
        options: str = "",
        program: list[str] = PROGRAM,
    ) -> list[str]:
        """Run the program; return the lines it prints, and its status."""
        base = f"http://127.0.0.1:{self.port}"
        self.names = {file_name(base + path): path for path in paths}
        self.asked = defaultdict(list)
        command = [*program, f"--folder={self.folder}", *options.split()]
        command += ["--url", *(base + path for path in paths)]

        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            self.asked[request.path].append(time.monotonic())
            return await answer(request)

        async def run() -> str:
            async with test_utils.RawTestServer(serve, port=self.port):
                self.process = await asyncio.create_subprocess_exec(
                    *command, cwd=ROOT, stdout=PIPE, stderr=STDOUT
                )
                asyncio.get_running_loop().call_later(20, self.process.kill)
                printed, _ = await self.process.communicate()
            return printed.decode() + f"status {self.process.returncode}"

        return asyncio.run(run()).replace(base, "").splitlines()

    def there(self) -> set[str]:
        """Return the paths whose files are there; all have to be whole."""
        files = self.folder.iterdir()
        there = {self.names[x.name]: x.read_text() for x in files}
        assert there == {path: 9999 * path for path in there}
        return set(there)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_limit_and_one_session(site: Site) -> None:
    """Five pages at a time on the way, no more and no fewer; five to disk."""
    five = asyncio.Barrier(5)
    connections = set()

    async def together(request: web.BaseRequest) -> web.StreamResponse:
        connections.add(request.transport)
        await five.wait()
        return await whole(request)

    paths = [f"/{n}" for n in range(20)]
    _, end, status = site.download(together, paths, "--limit 5", SLOW_DISK)
    page = "== download: 0.40 s | ... | tries 20 | there 20 of 20"
    assert alike([end], page) == page
    assert status == "status 0"
    assert len(connections) == 5
    assert site.there() == set(paths)


# A path is what its page is answered with, at the first try and the next.
TRIES = """
pages 8 | there 0
/500: 500 Internal Server Error | tries 2
/404: 404 Not Found | tries 1
/304: ClientError status 304 | tries 1
/drip: TimeoutError | tries 2
== download: ... | arrived 4 | failed 4 | tries 13 | there 4 of 8
status 1
"""


def test_tries(site: Site) -> None:
    """Another try for what may succeed, and for nothing else.

    The timeout is for all of a page, though something always comes.
    """

    async def moody(request: web.BaseRequest) -> web.StreamResponse:
        tries = len(site.asked[request.path])
        match request.path[1:].split("-")[:tries][-1]:
            case "200":
                return await whole(request)
            case "half" | "drip" as word:
                response = web.StreamResponse(headers={"Content-Length": "99"})
                await response.prepare(request)
                await response.write(b".")
                while word == "drip":  # until the program gives up
                    await asyncio.sleep(0.05)
                    await response.write(b".")
                assert request.transport
                request.transport.close()
                return response
            case status:
                headers = {"Retry-After": "1", "Location": "/200"}
                return web.Response(status=int(status), headers=headers)

    paths = ["/503-200", "/429-200", "/half-200", "/302", "/500", "/404"]
    paths += ["/304", "/drip"]
    options = "--tries 2 --timeout 1 --pause 0.2 --limit 1"
    screen = site.download(moody, paths, options)
    assert alike(screen, TRIES) == TRIES
    # As long as the server asks for, and half of our pause at least.
    first, second = site.asked["/503-200"]
    assert second - first >= 1.1
    # While a page pauses, another takes its turn, and its pause begins.
    assert site.asked["/500"][1] - first < 4


def test_pauses() -> None:
    """What the server asks for, in either form, and a part left to chance."""
    assert retry_after("7") == 7
    assert 5 < retry_after(formatdate(time.time() + 8, usegmt=True)) <= 8
    assert retry_after("soon") == 0
    ours = [pause_after(ValueError(), 3, 2.0) for _ in range(100)]
    assert 4 <= min(ours) < max(ours) <= 8
    busy = mock.Mock(headers={"Retry-After": 5000 * "9"})
    assert 60 < pause_after(busy, 99, 2.0) <= 120


@posix
def test_ctrl_c_and_again(site: Site) -> None:
    """Whole pages are left; started again, it asks for the others only."""

    async def press(request: web.BaseRequest) -> web.StreamResponse:
        if len(site.asked) == 25:
            site.process.send_signal(SIGINT)
            await site.process.wait()
        return await whole(request)

    paths = [f"/{n}" for n in range(40)]
    screen = site.download(press, paths, "--limit 8", SLOW_DISK)
    # Also those that threads were still writing.
    there = site.there()
    assert screen[-2].endswith(f" | there {len(there)} of 40")
    assert screen[-1] == "status 130"
    assert 10 < len(there) < 40

    screen = site.download(whole, paths)
    assert screen[0] == f"pages 40 | there {len(there)}"
    assert site.asked.keys() == set(paths) - there
    assert f" | tries {len(site.asked)} | there 40 of 40" in screen[1]
    assert site.there() == set(paths)


@posix
def test_full_disk(site: Site) -> None:
    """A line says so, one for all pages; no half page is left."""
    # A limit on a file's size, which is met as the end of a disk is. Without
    # -B, half of what Python compiles could be kept as well.
    small = ["sh", "-c", 'ulimit -f 8; exec "$0" -B "$@"', *PROGRAM]
    paths = [f"/{n}" for n in range(100)]
    screen = site.download(whole, paths, program=small)
    assert screen[1] == "cannot write: [Errno 27] File too large"
    assert screen[2].endswith(" | there 0 of 100")
    assert screen[3:] == ["status 1"]
    assert site.there() == set()


def test_file_names() -> None:
    """Readable, and different where the file system sees no case."""
    base = "http://example.com"
    paths = ["", "/", "/a", "/A", "/a?", "/a?b", "/a/b", "/../../a", "/%2e/a"]
    paths += [f"/{5000 * x}" for x in ("x", "X", "\N{SNOWMAN}", "\\", "\0")]
    names = {file_name(base + path).lower() for path in paths}
    assert len(names) == len(paths)
    assert all(re.fullmatch(r"example-com[0-9a-z-]{1,88}", x) for x in names)


# A tenth of fifty pages fails at first; the next server has the rest. There
# is no progress through a pipe.
OWN_SERVER = """
pages 50 | there 0
...: 503 Service Unavailable | tries 1
...: ClientPayloadError ... | tries 1
...: 503 Service Unavailable | tries 1
...: ClientPayloadError ... | tries 1
...: 503 Service Unavailable | tries 1
== download: ... | arrived 45 | failed 5 | tries 50 | there 45 of 50
pages 50 | there 45
== download: ... | arrived 5 | failed 0 | tries 10 | there 50 of 50
"""


@pytest.mark.slow
@posix
def test_own_server(tmp_path: Path) -> None:
    folder = shlex.quote(str(tmp_path))
    line = f"python -W error aio_http/download.py --folder {folder} 2>&1"
    screen = shell(f"{line} --tries 1 || {line}").stdout.splitlines()
    assert alike(screen, OWN_SERVER) == OWN_SERVER


def test_progress(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a terminal a line counts the pages, or tqdm if it is installed."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    nobody = "http://127.0.0.1:1"
    line = f"--url {nobody}/a {nobody}/b --tries 1 --folder {tmp_path}"
    monkeypatch.setattr(sys, "argv", ["download.py", *line.split()])
    tqdm = mock.MagicMock()
    tqdm.__spec__ = True
    for module, shown in [(None, "\r1 of 2\r2 of 2\n"), (tqdm, "")]:
        monkeypatch.setitem(sys.modules, "tqdm", module)
        with pytest.raises(SystemExit, match="1"):
            main()
        assert capsys.readouterr().err.startswith(f"{shown}{nobody}/a: ")
    assert tqdm.tqdm().__enter__().update.call_count == 2
