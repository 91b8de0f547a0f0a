# ruff: noqa: RUF001 (the page counts with a multiplication sign)
"""Chapter 4's live page: the events that feed it, and the page in a browser.

The events are tested in every run, the page where there is a Chromium and
Playwright (requirements-dev.txt).
"""

import asyncio
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
import pytest
from aiohttp import web
from helpers.commands import ROOT

sys.path.insert(0, str(ROOT / "aio_http"))

import live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Event = dict[str, Any]

SERVER = ROOT / "aio_http" / "server.py"
LIMIT = 20  # seconds for whatever a test waits for


@contextmanager
def serving(port: int = 0) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run a server; give its address and its process."""
    with subprocess.Popen(
        [
            *(sys.executable, "-X", "dev", "-W", "error", SERVER),
            *("--port", str(port), "--until-eof"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().split()[-1], process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the address of the server that most tests share."""
    with serving() as (address, _):
        yield address


# The events.


def run(main: Callable[[], Any]) -> None:
    """Run the coroutine, for so long at most."""

    async def limited() -> None:
        async with asyncio.timeout(LIMIT):
            await main()

    asyncio.run(limited())


@asynccontextmanager
async def session_and_page(
    url: str,
) -> AsyncIterator[
    tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]
]:
    """Open a session with as many connections as it takes, and a page."""
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(url, connector=connector) as session,
        session.ws_connect("/events") as page,
    ):
        yield session, page


async def hear(
    page: aiohttp.ClientWebSocketResponse,
    enough: Callable[[list[Event]], bool],
) -> list[Event]:
    """Return the events until they are enough, each with when we heard it."""
    events: list[Event] = []
    while not enough(events):
        for event in await page.receive_json():
            events.append(event | {"heard": time.perf_counter()})
    return events


def ends(number: int) -> Callable[[list[Event]], bool]:
    """Say that there are enough events once so many requests have ended."""
    return lambda events: len(spans(events)) >= number


def spans(events: list[Event]) -> list[tuple[float, float]]:
    """Return when each request started and ended, by the server's clock."""
    starts = {e["id"]: e["at"] for e in events if e["kind"] == "start"}
    return sorted(
        (starts[e["id"]], e["at"]) for e in events if e["kind"] == "end"
    )


async def get(session: aiohttp.ClientSession, path: str) -> float:
    """Get a page; return when it was there."""
    async with session.get(path) as response:
        assert response.status == 200
        await response.read()
    return time.perf_counter()


def test_hellos_overlap_and_the_loop_beats(url: str) -> None:
    async def main() -> None:
        async with session_and_page(url) as (session, page):
            gets = [get(session, f"/hello/{n}?seconds=0.6") for n in range(5)]
            _, events = await asyncio.gather(
                asyncio.gather(*gets), hear(page, ends(5))
            )
        assert events[0]["kind"] == "open"
        assert events[0]["requests"] == []
        starts = [e for e in events if e["kind"] == "start"]
        assert sorted(e["path"] for e in starts) == [
            f"/hello/{n}" for n in range(5)
        ]
        assert {e["thread"] for e in starts} == {events[0]["thread"]}
        last_start = max(start for start, _ in spans(events))
        first_end = min(end for _, end in spans(events))
        assert first_end - last_start > 0.3
        beats = [e["at"] for e in events if e["kind"] == "beat"]
        assert sum(last_start < at < first_end for at in beats) >= 2

    run(main)


def test_blocks_never_overlap_and_nobody_beats(url: str) -> None:
    """A start is heard while its handler blocks, not when it is over."""

    async def main() -> None:
        async with session_and_page(url) as (session, page):
            gets = [get(session, f"/block/{n}?seconds=0.4") for n in range(3)]
            arrived, events = await asyncio.gather(
                asyncio.gather(*gets), hear(page, ends(3))
            )
        blocks = spans(events)
        assert all(end - start > 0.39 for start, end in blocks)
        assert all(one[1] <= other[0] for one, other in pairwise(blocks))
        for event in events:
            if event["kind"] == "beat":
                assert not any(a < event["at"] < b for a, b in blocks)
            if event["kind"] == "start":
                number = int(event["path"][-1])
                assert event["heard"] < arrived[number] - 0.2

    run(main)


def test_a_new_page_gets_all_that_is_in_flight(url: str) -> None:
    async def main() -> None:
        async with session_and_page(url) as (session, page):
            # More than are sent at once.
            number = live.CROWD + 20
            gets = [
                asyncio.create_task(get(session, f"/hello/{n}"))
                for n in range(number)
            ]
            events = await hear(
                page,
                lambda events: (
                    sum(e["kind"] == "start" for e in events) == number
                ),
            )
            pages = [await session.ws_connect("/events") for _ in range(10)]
            opens = [(await page.receive_json())[0] for page in pages]
            await asyncio.gather(*gets)
            later = [await hear(page, ends_of(number)) for page in pages]
        started = {e["id"] for e in events if e["kind"] == "start"}
        for opened, heard in zip(opens, later, strict=True):
            assert {e["id"] for e in opened["requests"]} == started
            assert {e["id"] for e in heard if e["kind"] == "end"} == started
        assert len({opened["tab"] for opened in opens}) == 10

    def ends_of(number: int) -> Callable[[list[Event]], bool]:
        return lambda events: sum(e["kind"] == "end" for e in events) == number

    run(main)


def test_names_are_what_was_asked_for_and_short(url: str) -> None:
    async def main() -> None:
        async with session_and_page(url) as (session, page):
            for name in ["%3Cscript%3E", "x" * 5000]:
                await get(session, f"/hello/{name}?seconds=0")
            events = await hear(page, ends(2))
        paths = [e["path"] for e in events if e["kind"] == "start"]
        assert paths[0] == "/hello/<script>"
        assert len(paths[1]) < 100

    run(main)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 101),
        ({"Origin": "{url}"}, 101),
        ({"Origin": "http://example.org"}, 403),
        ({"Origin": "null"}, 403),
        # A name of somebody else's that leads to this machine.
        ({"Host": "example.org", "Origin": "http://example.org"}, 403),
    ],
)
def test_only_its_own_page_may_listen(
    url: str, headers: dict[str, str], status: int
) -> None:
    async def main() -> None:
        asks = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
            **{name: value.format(url=url) for name, value in headers.items()},
        }
        async with (
            aiohttp.ClientSession(url) as session,
            session.get("/events", headers=asks) as response,
        ):
            assert response.status == status

    run(main)


def test_text_for_curl_and_a_page_for_a_browser(url: str) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(url) as session:
            async with session.get("/") as response:
                assert response.content_type == "text/plain"
                assert "in flight: 0 now" in await response.text()
            browser = {"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"}
            async with session.get("/", headers=browser) as response:
                assert response.content_type == "text/html"
                assert await response.text() == live.PAGE.read_text("utf-8")

    run(main)


@asynccontextmanager
async def own_live() -> AsyncIterator[tuple[live.Live, str, int]]:
    """Run a server in this process, with as little buffer as may be."""

    async def hello(request: web.Request) -> web.Response:
        async with own.shown(request):
            return web.Response(text="Hello\n")

    own = live.Live()
    app = web.Application()
    app.router.add_get("/hello/{name}", hello)
    app.router.add_get("/events", own.events)
    app.on_startup.append(own.begin)
    app.on_shutdown.append(own.hang_up)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        await web.SockSite(runner, sock).start()
        port = sock.getsockname()[1]
        try:
            yield own, f"http://127.0.0.1:{port}", port
        finally:
            await runner.cleanup()


def test_a_closed_page_is_forgotten() -> None:
    async def main() -> None:
        async with own_live() as (own, url, _):
            async with session_and_page(url) as (_, page):
                await page.receive_json()
                assert len(own.pages) == 1
            while own.pages:
                await asyncio.sleep(0.01)
            assert not own.news or own.news[-1]["kind"] != "beat"

    run(main)


def test_a_stuck_page_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds nobody up, and the server keeps little for it."""
    monkeypatch.setattr(live, "UNREAD", 10_000)
    monkeypatch.setattr(live, "CROWD", 1_000_000)
    most = 0

    async def main() -> None:
        nonlocal most
        async with own_live() as (own, url, port):
            with socket.socket() as stuck:
                stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                stuck.connect(("127.0.0.1", port))
                stuck.sendall(
                    b"GET /events HTTP/1.1\r\nHost: localhost\r\n"
                    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
                )
                while not own.pages:
                    await asyncio.sleep(0.01)
                (transport,) = own.pages.values()
                async with session_and_page(url) as (session, page):
                    asked = 0
                    while len(own.pages) == 2:
                        await get(session, f"/hello/{'x' * 70}{asked}")
                        most = max(most, transport.get_write_buffer_size())
                        asked += 1
                        assert asked < 10_000
                    events = await hear(page, ends(asked))
        assert len(spans(events)) == asked
        assert 0 < most < 20_000

    run(main)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a child")
def test_ctrl_c_with_open_pages() -> None:
    async def main() -> None:
        with serving() as (url, process):
            async with (
                session_and_page(url) as (session, _),
                session.ws_connect("/events"),
            ):
                start = time.perf_counter()
                process.send_signal(signal.SIGINT)
                status = await asyncio.to_thread(process.wait, LIMIT)
                assert time.perf_counter() - start < 3
                assert process.stderr
                assert (status, process.stderr.read()) == (130, "")

    run(main)


# The page.


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start Chromium once, for all tests."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    names = ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        pytest.skip("no Chromium on this machine")
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run"
        " --disable-background-networking --disable-component-update"
        " --disable-sync"
    )
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(
            executable_path=chromium, args=flags.split()
        )


@contextmanager
def opened(
    browser: "Browser",
    url: str,
    width: int = 1600,
    scheme: Literal["light", "dark"] = "light",
    locale: str = "en",
) -> Iterator["Page"]:
    """Open the page in a browser of its own; no error may come up in it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale=locale,
    )
    context.set_default_timeout(LIMIT * 1000)
    errors: list[object] = []
    context.on("weberror", lambda error: errors.append(error.error))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(url)
    state_is(page, "turning")
    yield page
    assert errors == []
    assert all(x.startswith((url, "data:")) for x in asked)
    context.close()


@pytest.fixture
def page(browser: "Browser", url: str) -> Iterator["Page"]:
    with opened(browser, url) as page:
        yield page


def state_is(page: "Page", state: str) -> None:
    """Wait for the page to say so."""
    page.locator(f"#state[data-is={state}]").wait_for()


def bars(page: "Page") -> list[tuple[float, float]]:
    """Return from where to where each bar reaches on the screen."""
    boxes = page.evaluate(
        "[...document.querySelectorAll('.bar')]"
        ".map(bar => bar.getBoundingClientRect().toJSON())"
    )
    return [(box["left"], box["right"]) for box in boxes]


def result(page: "Page") -> list[str]:
    """Wait for what came out of some requests; return it."""
    row = page.locator("#runs tr").first
    row.wait_for()
    return row.locator("td").all_inner_texts()


def figure(text: str) -> float:
    """Return the number that a text starts with; 0 for "no"."""
    return float(text.split()[0].replace("no", "0"))


def test_five_hellos(page: "Page") -> None:
    page.locator("#ask-hello").click()
    what, took, most, frozen = result(page)
    assert (what, most) == ("5 × /hello", "5")
    assert 1 <= figure(took) < 3
    assert figure(frozen) < figure(took) / 2
    drawn = bars(page)
    assert len(drawn) == 5
    assert max(left for left, _ in drawn) < min(right for _, right in drawn)
    assert "5 × /hello" in page.locator("#said").inner_text()
    assert page.locator("#threads").inner_text() == "1"


def test_five_blocks(page: "Page") -> None:
    page.locator("#seconds").fill("0.5")
    page.locator("#ask-block").click()
    state_is(page, "frozen")
    page.locator("#said", has_text="The loop is frozen").wait_for()
    silent = re.compile(r"no beat for [1-9]")
    page.locator("#detail", has_text=silent).wait_for()
    state_is(page, "turning")
    what, took, most, frozen = result(page)
    assert (what, most) == ("5 × /block", "1")
    assert figure(took) >= 2.5
    assert figure(frozen) > figure(took) / 2
    assert page.locator(".gap").count() >= 1
    drawn = sorted(bars(page))
    assert len(drawn) == 5
    for (_, right), (left, _) in pairwise(drawn):
        assert right <= left + 1
    # The last one waited while the others were served.
    waits = page.evaluate(
        "[...document.querySelectorAll('.wait')].map(x => x.offsetWidth)"
    )
    assert max(waits) > sum(right - left for left, right in drawn) / 2


def test_hellos_and_blocks_at_once(page: "Page") -> None:
    page.locator("#count").fill("6")
    page.locator("#seconds").fill("0.3")
    page.locator("#ask-both").click()
    assert sorted(result(page)[0].split(" + ")) == ["3 × /block", "3 × /hello"]


def test_a_client_in_a_terminal(page: "Page", url: str) -> None:
    command = page.locator(".command code").first.inner_text().split()
    assert command[-4:] == ["--url", url, "--pages", "20"]
    with subprocess.Popen(
        [sys.executable, *command[1:-1], "30", "--seconds", "2"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as client:
        page.locator("#more", has_text="and 10 more in flight").wait_for()
        assert page.locator(".lane").count() == 20
        what, _, most, _ = result(page)
        assert (what, most) == ("30 × /hello", "30")
        assert client.wait(LIMIT) == 0


@pytest.mark.parametrize(
    "number", [3, pytest.param(10, marks=pytest.mark.slow)]
)
def test_tabs_of_one_browser(page: "Page", url: str, number: int) -> None:
    """Each shows all, and none takes a connection from the requests."""
    tabs = [page, *(page.context.new_page() for _ in range(number - 1))]
    for tab in tabs[1:]:
        tab.goto(url)
        state_is(tab, "turning")
    for tab in [tabs[0], tabs[-1]]:
        tab.bring_to_front()
        tab.locator("#ask-hello").click()
        for other in tabs:
            other.bring_to_front()
            what, _, most, _ = result(other)
            assert (what, most) == ("5 × /hello", "5")
            other.locator("#runs").evaluate("runs => runs.innerHTML = ''")


# The longest time between two frames, from now on, in milliseconds.
WATCH_FRAMES = """() => {
  let last = performance.now()
  window.longest = 0
  const look = now => {
    window.longest = Math.max(window.longest, now - last)
    last = now
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""


@pytest.mark.slow
def test_a_thousand_in_flight(page: "Page", url: str) -> None:
    page.evaluate(WATCH_FRAMES)
    client = ROOT / "aio_http" / "async_client.py"
    subprocess.run(
        [sys.executable, client, "--url", url, "--pages", "1000"],
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=LIMIT,
    )
    what, took, most, _ = result(page)
    assert what == "1000 × /hello"
    assert int(most) > 500
    assert figure(took) < 5
    assert page.evaluate("document.querySelectorAll('#chart *').length") < 300
    assert page.evaluate("window.longest") < 1000
    assert page.locator("#in-flight").inner_text() == "0"


def test_server_gone_and_back(browser: "Browser") -> None:
    with serving() as (url, process):
        port = int(url.rpartition(":")[2])
        with opened(browser, url) as page:
            page.locator("#seconds").fill("60")
            page.locator("#ask-hello").click()
            page.locator("#in-flight", has_text="5").wait_for()
            process.kill()
            process.wait()
            state_is(page, "disconnected")
            assert page.locator("#ask-hello").is_disabled()
            with serving(port):
                state_is(page, "turning")
                page.locator("#seconds").fill("0.2")
                page.locator("#ask-hello").click()
                what, took, _, _ = result(page)
                assert what == "5 × /hello"
                assert figure(took) < 5
                assert page.locator(".lost").count() == 5
                assert "disconnected" in page.locator(".gap").inner_text()


def test_who_never_connected_does_not_say_that_the_loop_turns(
    browser: "Browser", url: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.route_web_socket("**/events", lambda _: None)  # says nothing
        page.goto(url)
        state_is(page, "connecting")
        page.wait_for_timeout(1000)
        state_is(page, "connecting")
        assert page.locator("#word").inner_text() == "Connecting"
        assert page.locator("#ask-block").is_disabled()


def test_names_are_text(page: "Page", url: str) -> None:
    name = "<img src=x onerror=document.title='owned'>"
    page.evaluate(
        "name => fetch('/hello/' + encodeURIComponent(name) + '?seconds=0')",
        name,
    )
    result(page)
    assert page.locator(".lane-name").inner_text() == f"/hello/{name}"
    assert page.locator("#chart img").count() == 0
    assert "owned" not in page.title()


def test_keyboard(page: "Page") -> None:
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id"))
        if seen[-1] == "ask-block":
            break
    assert seen[-2:] == ["ask-hello", "ask-block"]
    assert page.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("#ask-hello b").inner_text() == "4 × /hello"
    page.locator("#ask-hello").focus()
    page.keyboard.press("Enter")
    assert result(page)[0] == "4 × /hello"


# Text that is darker or lighter than what it stands on by less than 4.5 to 1.
FAINT = """() => {
  const channels = color => color.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b]
    .map(c => c / 255)
    .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [.2126, .7152, .0722][n], 0)
  const ground = element => {
    for (; element; element = element.parentElement) {
      const color = channels(getComputedStyle(element).backgroundColor)
      if (color.length === 3) return color
    }
  }
  const faint = []
  for (const element of document.querySelectorAll("body *:not(:disabled)")) {
    const own = [...element.childNodes].some(x => x.nodeType === 3 &&
                                                  x.data.trim())
    if (!own || !element.checkVisibility() || !ground(element)) continue
    const text = light(channels(getComputedStyle(element).color))
    const on = light(ground(element))
    const ratio = (Math.max(text, on) + .05) / (Math.min(text, on) + .05)
    if (ratio < 4.5) faint.push([element.outerHTML.slice(0, 60), ratio])
  }
  return faint
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_widths_and_colours(
    browser: "Browser",
    url: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    with opened(browser, url, width, scheme) as page:
        page.locator("#ask-both").click()
        state_is(page, "frozen")
        assert page.evaluate(FAINT) == []
        result(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(FAINT) == []
        paper = page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        assert (json.loads(f"[{paper[4:-1]}]")[0] < 100) == (scheme == "dark")


def test_chinese_where_the_browser_prefers_it(
    browser: "Browser", url: str
) -> None:
    with opened(browser, url, locale="zh-CN") as page:
        assert page.locator("h1").inner_text().strip() == "看事件循环怎样冻住"
        assert page.locator("#word").inner_text() == "循环在转"
        page.locator("#language").click()
        assert page.locator("h1").inner_text().strip() == "See the loop freeze"
        page.locator("#word", has_text="The loop turns").wait_for()


def test_pause_holds_the_picture(page: "Page") -> None:
    page.locator("#seconds").fill("0.2")
    page.locator("#ask-hello").click()
    result(page)
    page.locator("#hold").click()
    held = bars(page)
    page.wait_for_timeout(300)
    assert bars(page) == held
    page.locator("#hold").click()
    page.wait_for_timeout(300)
    assert bars(page) != held
