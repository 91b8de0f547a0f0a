# ruff: noqa: RUF001 (the page counts with a multiplication sign)
"""Chapter 4's live page: the events that feed it, and the page in a browser.

A plain run looks at the events. `pytest -m slow` opens the page as well, in a
Chromium, with Playwright (requirements-dev.txt).
"""

import asyncio
import re
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, Mock

import pytest
from aiohttp import ClientSession as Session
from aiohttp import ClientWebSocketResponse as Feed
from aiohttp import TCPConnector, WSServerHandshakeError
from helpers.commands import LIMIT, ROOT

sys.path.insert(0, str(ROOT / "aio_http"))

import live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

in_browser = pytest.mark.slow


@contextmanager
def serving(port: int = 0) -> Iterator[tuple[str, "Popen[str]"]]:
    """Run a server; give its address and its process."""
    python = [sys.executable, "-X", "dev", "-W", "error"]
    server = ["aio_http/server.py", "--until-eof", "--port", str(port)]
    command = [*python, *server]
    with Popen(
        command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT
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


def visit(url: str, test: Callable[[Session, Feed], Awaitable[None]]) -> None:
    """Run the test with a session and a page that listens."""

    async def main() -> None:
        async with (
            Session(url, connector=TCPConnector(limit=0)) as session,
            session.ws_connect("/events") as page,
        ):
            await test(session, page)

    asyncio.run(main())


async def hear(page: Feed, kind: str, number: int) -> list[dict[str, Any]]:
    """Return the events up to so many of a kind, and when each was heard."""
    events: list[dict[str, Any]] = []
    while len(only(kind, events)) < number:
        for event in await page.receive_json():
            events.append(event | {"heard": time.perf_counter()})
    return events


def only(kind: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["kind"] == kind]


async def get(session: Session, path: str) -> None:
    async with session.get(path, raise_for_status=True) as response:
        await response.read()


ORDER = {
    # Four start, the loop beats on, four end.
    "hello": "open (beat )*(start (beat )*){4}beat (end (beat )*){4}",
    # Between a start and its end nothing happens, not even a beat.
    "block": "open (beat )*(start end (beat )*){4}",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ORDER)
def test_hellos_overlap_and_blocks_do_not(url: str, kind: str) -> None:
    async def main(session: Session, page: Feed) -> None:
        gets = [get(session, f"/{kind}/{n}?seconds=0.5") for n in range(4)]
        arriving = asyncio.gather(*gets)
        events = await hear(page, "end", 4)
        await arriving
        kinds = "".join(event["kind"] + " " for event in events)
        assert re.fullmatch(ORDER[kind], kinds), kinds
        assert len({event["thread"] for event in events}) == 1
        # A start is heard while its handler runs. (All processes of a machine
        # read one clock.)
        ended = {event["id"]: event["at"] for event in only("end", events)}
        for start in only("start", events):
            assert start["heard"] < ended[start["id"]]

    visit(url, main)


@pytest.mark.slow
def test_a_new_page_gets_all_that_is_in_flight(url: str) -> None:
    """Also when more have started than are told of one by one."""
    number = live.CROWD + 20

    async def main(session: Session, page: Feed) -> None:
        name = "x" * 5000
        gets = [get(session, f"/hello/{name}{n}") for n in range(number)]
        arriving = asyncio.gather(*gets)
        opened, *news = await hear(page, "start", number)
        assert max(len(start["path"]) for start in only("start", news)) < 100
        started = {start["id"] for start in only("start", news)}
        new = await session.ws_connect("/events")
        opened_later, *news = await hear(new, "end", number)
        assert {start["id"] for start in opened_later["requests"]} == started
        assert {end["id"] for end in only("end", news)} == started
        assert opened_later["tab"] != opened["tab"]
        await arriving

    visit(url, main)


def test_who_may_see_what(url: str) -> None:
    """Browsers get the page, and pages of other sites nothing."""
    other = "http://example.org"

    async def main(session: Session, _: Feed) -> None:
        browser = {"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"}
        async with session.get("/", headers=browser) as response:
            assert await response.text() == live.PAGE.read_text("utf-8")
        await session.ws_connect("/events", headers={"Origin": url})
        for headers in [
            {"Origin": other},
            {"Origin": "null"},
            # A name of somebody else's that leads to this machine.
            {"Origin": other, "Host": "example.org"},
        ]:
            with pytest.raises(WSServerHandshakeError, match="403"):
                await session.ws_connect("/events", headers=headers)

    visit(url, main)


def test_a_stuck_page_is_hung_up_on() -> None:
    """Nobody waits for it, and the server keeps little for it."""
    page, transport = AsyncMock(), Mock()
    transport.get_write_buffer_size.return_value = live.UNREAD + 1
    shown = live.Live()
    shown.pages[page] = transport
    asyncio.run(shown.send(live.event("beat")))
    transport.abort.assert_called_once_with()
    page.send_str.assert_not_called()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a child")
def test_ctrl_c_is_heard_when_the_block_is_over() -> None:
    """What waits for its turn is not served, and open pages are let go."""

    async def main(session: Session, page: Feed) -> None:
        gets = [get(session, f"/block/{n}") for n in range(5)]
        blocks = asyncio.gather(*gets, return_exceptions=True)
        await hear(page, "start", 2)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, LIMIT) == 130
        assert time.perf_counter() - start < 2.5
        assert (await blocks).count(None) < 5

    with serving() as (url, process):
        visit(url, main)
        assert process.stderr
        # Dev mode says what held the loop up, which was asked for.
        assert all(x.startswith("Executing <") for x in process.stderr)


# The page.


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start Chromium once, for all tests."""
    needs = "install Chromium, and pip install -r requirements-dev.txt"
    playwright = pytest.importorskip("playwright.sync_api", reason=needs)
    names = ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        pytest.skip(needs)
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=chromium)


@pytest.fixture
def page(browser: "Browser", url: str) -> Iterator["Page"]:
    """Open the page in a browser of its own; no error may come up in it."""
    errors: list[object] = []
    with browser.new_context(locale="en") as context:
        context.on("weberror", lambda error: errors.append(error.error))
        page = context.new_page()
        page.goto(url)
        state_is(page, "turning")
        yield page
    assert errors == []


def state_is(page: "Page", state: str) -> None:
    """Wait for the page to say so."""
    page.locator(f"#state[data-is={state}]").wait_for()


def press(page: "Page", kind: str, count: str, seconds: str) -> None:
    page.locator("#count").fill(count)
    page.locator("#seconds").fill(seconds)
    page.locator(f"#ask-{kind}").click()


def result(page: "Page") -> str:
    """Wait for a row of the table; take it out."""
    row = page.locator("#runs tr").first
    text = row.inner_text()
    row.evaluate("row => row.remove()")
    return text.replace("\t", " | ")


def boxes(page: "Page", what: str) -> list[tuple[float, float]]:
    """Return from where to where each of these reaches on the screen."""
    found = page.locator(what).evaluate_all(
        "all => all.map(x => x.getBoundingClientRect().toJSON())"
    )
    return sorted((box["left"], box["right"]) for box in found)


@in_browser
def test_hellos_then_blocks(page: "Page") -> None:
    press(page, "hello", "5", "1")
    row = result(page)
    assert re.match(r"5 × /hello \| [12]\.\d\d s \| 5 \| (no|0\.\d s)", row)
    assert "5 × /hello took " in page.locator("#said").inner_text()
    hellos = boxes(page, ".bar")
    assert len(hellos) == 5
    assert hellos[-1][0] < min(right for _, right in hellos)

    page.reload()
    state_is(page, "turning")
    press(page, "block", "3", "1")
    page.locator("#said", has_text="The loop is frozen").wait_for()
    page.locator("#detail", has_text="no beat for 0.").wait_for()
    row = result(page)
    assert re.match(r"3 × /block \| 3\.\d\d s \| 1 \| [23]\.\d s", row)
    one, two, three = boxes(page, ".block .bar")
    assert one[1] <= two[0] + 1 < two[1] <= three[0] + 1
    # The last one waited while the others were served.
    waits = [right - left for left, right in boxes(page, ".block .wait")]
    assert max(waits) > three[0] - one[0] - 10
    # The table adds up what the chart shows.
    gaps = page.locator(".gap", has_text="frozen").all_inner_texts()
    assert row.endswith(f"| {sum(float(x.split()[0]) for x in gaps):.1f} s")
    assert page.locator("#threads").inner_text() == "1"


@in_browser
def test_six_connections_for_all_tabs(page: "Page", url: str) -> None:
    """No press, however quick, makes a request wait for the browser."""
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        tab.goto(url)
        state_is(tab, "turning")
        tab.locator("#count").fill("1")
        tab.locator("#seconds").fill("2")
    for tab in tabs:
        tab.evaluate("for (let n = 0; n < 5; n++) $('ask-hello').click()")
    page.bring_to_front()
    page.locator("#free", has_text="0").wait_for()
    assert page.locator("#ask-hello").is_disabled()
    for tab in tabs:
        tab.bring_to_front()
        assert re.match(r"6 × /hello \| 2\.\d\d s \| 6 ", result(tab))
        assert all(right - left < 40 for left, right in boxes(tab, ".wait"))
        tab.locator("#free", has_text="6").wait_for()


@in_browser
def test_a_client_with_many_pages(page: "Page", url: str) -> None:
    command = page.locator(".command").first.inner_text().split()
    assert command[2:] == ["--url", url, "--pages", "20"]
    command = [sys.executable, *command[1:-1], "400", "--seconds", "2"]
    with Popen(command, cwd=ROOT, stdout=DEVNULL) as client:
        page.locator("#more", has_text="and 380 more in flight").wait_for()
        assert page.locator(".lane").count() == 20
        assert page.locator("#chart *").count() < 300
        assert result(page).startswith("400 × /hello | ")
        client.wait(LIMIT)
    assert page.locator("#in-flight").inner_text() == "0"


@in_browser
def test_server_gone_and_back(page: "Page") -> None:
    with serving() as (url, process):
        page.goto(url)
        state_is(page, "turning")
        press(page, "hello", "5", "10")
        page.locator("#in-flight", has_text="5").wait_for()
        process.kill()
        state_is(page, "disconnected")
        assert page.locator("#ask-hello").is_disabled()
        process.wait()
        with serving(int(url.rpartition(":")[2])):
            page.locator(".lost").nth(4).wait_for()
            assert "disconnected" in page.locator(".gap").inner_text()
            press(page, "hello", "5", "0.2")
            assert result(page).startswith("5 × /hello | ")


@in_browser
def test_who_has_heard_nothing_says_nothing_of_the_loop(page: "Page") -> None:
    page.route_web_socket("**/events", lambda _: None)  # says nothing
    page.reload()
    page.wait_for_timeout(1000)
    assert page.locator("#word").inner_text() == "Connecting"
    assert page.locator("#ask-block").is_disabled()


@in_browser
def test_names_are_text(page: "Page") -> None:
    name = "<img src=x onerror=document.title='owned'>"
    page.evaluate("x => fetch('/hello/' + encodeURIComponent(x))", name)
    result(page)
    assert page.locator(".lane-name").inner_text() == f"/hello/{name}"
    assert page.locator("#chart img").count() == 0


@in_browser
def test_fields_show_what_is_sent(page: "Page") -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.split("?")[1]))
    page.route("**/block/*", lambda route: route.abort())
    for typed, count, seconds in [
        ("0", "1", "0.1"),
        ("", "5", "1"),
        ("2.52", "3", "2.5"),
        ("1e9", "6", "10"),
    ]:
        sent.clear()
        with page.expect_event(
            "requestfailed", lambda _, count=count: len(sent) == int(count)
        ):
            press(page, "block", typed, typed)
        page.wait_for_function("countFree().then(() => free === 6)")
        assert sent == [f"seconds={seconds}"] * int(count)
        shown = page.locator("#ask-block").inner_text()
        assert shown == f"{count} × /block\ntime.sleep({seconds})"
        assert page.locator("#count").input_value() == count
        assert page.locator("#seconds").input_value() == seconds


@in_browser
def test_keyboard(page: "Page") -> None:
    page.locator("#hold").focus()
    for name in ["hello", "block", "both"]:
        page.keyboard.press("Tab")
        focused = page.locator(f"#ask-{name}:focus")
        outline = focused.evaluate("x => getComputedStyle(x).outlineWidth")
        assert outline == "3px"
    page.keyboard.press("Enter")
    assert re.search("3 × /hello", result(page))


@in_browser
def test_a_narrow_screen_and_two_languages(page: "Page") -> None:
    """It takes the first language that it has; a button takes the other."""
    page.set_viewport_size({"width": 360, "height": 900})
    page.add_init_script(
        "Object.defineProperty(navigator, 'languages', {value: ['fr', 'zh']})"
    )
    page.reload()
    state_is(page, "turning")
    press(page, "both", "4", "1")
    page.locator("#word", has_text="事件循环卡住了").wait_for()
    assert "2 × /hello" in result(page)
    for word in ["事件循环在转", "The loop turns"]:
        page.locator("#word", has_text=word).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator("#language").click()


@in_browser
def test_pause_holds_the_picture(page: "Page") -> None:
    press(page, "hello", "5", "0.2")
    result(page)
    page.locator("#hold", has_text="Pause the picture").click()
    page.locator("#hold", has_text="Back to now").wait_for()
    held = boxes(page, ".bar")
    page.wait_for_timeout(300)
    assert boxes(page, ".bar") == held
    page.locator("#hold").click()
    page.locator("#hold", has_text="Pause the picture").wait_for()
    page.wait_for_timeout(300)
    assert boxes(page, ".bar") != held
