# ruff: noqa: RUF001 (the page counts with a multiplication sign)
"""Chapter 4's live page, in a browser.

`pytest -m slow` opens it in a Chromium, with Playwright
(requirements-dev.txt). A plain run looks at what needs no browser.
"""

import asyncio
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING
from unittest.mock import AsyncMock, Mock

import pytest
from helpers.commands import LIMIT, ROOT, begun, posix

sys.path.insert(0, str(ROOT / "aio_http"))

import live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

in_browser = pytest.mark.slow


SERVER = "-Xdev -Werror aio_http/server.py --until-eof --port="


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the address of the server that most tests share."""
    with begun(f"{SERVER}0", LIMIT * 9) as (_, line):
        yield line.split()[-1]


def test_who_may_see_what(url: str) -> None:
    """Browsers get the page, and pages of other sites nothing."""
    other = "example.org"
    with closing(HTTPConnection(url[len("http://") :], timeout=9)) as server:
        for path, headers, status in [
            # Ours may see the events, if it asks for a WebSocket.
            ("/events", {"Origin": url}, 400),
            ("/events", {"Origin": f"http://{other}"}, 403),
            ("/events", {"Origin": "null"}, 403),
            # A name of somebody else's that leads to this machine.
            ("/events", {"Origin": f"http://{other}", "Host": other}, 403),
            ("/", {"Accept": "text/html,application/xml;q=0.9"}, 200),
        ]:
            server.request("GET", path, headers=headers)
            answer = server.getresponse()
            text = answer.read()
            assert answer.status == status, headers
    assert text == live.PAGE.read_bytes()


def test_a_stuck_page_is_hung_up_on() -> None:
    """Nobody waits for it, and the server keeps little for it."""
    page, transport = AsyncMock(), Mock()
    transport.get_write_buffer_size.return_value = live.UNREAD + 1
    shown = live.Live()
    shown.pages[page] = transport
    asyncio.run(shown.send(live.event("beat")))
    transport.abort.assert_called_once_with()
    page.send_str.assert_not_called()


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
        visit(page, url)
        yield page
    assert errors == []


def visit(page: "Page", url: str) -> None:
    """Open the page, and wait until it has heard the server."""
    page.goto(url)
    page.locator("#state[data-is=turning]").wait_for()


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
    # The page's idea of the server's clock may move by a little meanwhile.
    took = r"(0\.9|[12]\.\d)\d s"
    assert re.match(rf"5 × /hello \| {took} \| 5 \| (no|0\.\d s)", row)
    assert "5 × /hello took " in page.locator("#said").inner_text()
    hellos = boxes(page, ".bar")
    assert len(hellos) == 5
    assert hellos[-1][0] < min(right for _, right in hellos)

    visit(page, page.url)
    press(page, "block", "3", "1")
    page.locator("#said", has_text="The loop is frozen").wait_for()
    page.locator("#detail", has_text="no beat for 0.").wait_for()
    # A start is told before its handler blocks.
    assert page.locator("#in-flight").inner_text() == "1"
    row = result(page)
    took = r"(2\.9|3\.\d)\d s"
    assert re.match(rf"3 × /block \| {took} \| 1 \| [23]\.\d s", row)
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
def test_six_connections_for_all_tabs(page: "Page") -> None:
    """No press, however quick, makes a request wait for the browser."""
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        visit(tab, page.url)
        tab.locator("#count").fill("1")
        tab.locator("#seconds").fill("5")
    for tab in tabs:
        tab.evaluate("for (let n = 0; n < 5; n++) $('ask-hello').click()")
    page.bring_to_front()
    page.locator("#free", has_text="0").wait_for()
    assert page.locator("#ask-hello").is_disabled()
    for tab in tabs:
        tab.bring_to_front()
        assert re.match(r"6 × /hello \| \d\.\d\d s \| 6 ", result(tab))
        # No two tabs ask for one and the same.
        assert len(set(tab.locator(".lane-name").all_inner_texts())) == 6
        assert all(right - left < 40 for left, right in boxes(tab, ".wait"))
        tab.locator("#free", has_text="6").wait_for()


@in_browser
def test_a_client_with_many_pages(page: "Page") -> None:
    """A page that is opened meanwhile is told of them all, too."""
    command = page.locator(".command").first.inner_text().split()
    assert command[2:] == ["--url", page.url.strip("/"), "--pages", "20"]
    command = [sys.executable, *command[1:-1], "400", "--seconds", "5"]
    with Popen(command, cwd=ROOT, stdout=DEVNULL) as client:
        more = page.locator("#more", has_text="and 380 more in flight")
        more.wait_for()
        page.reload()
        more.wait_for()
        assert page.locator(".lane").count() == 20
        assert page.locator("#chart *").count() < 300
        assert result(page).startswith("400 × /hello | ")
        client.wait(LIMIT)
    assert page.locator("#in-flight").inner_text() == "0"


@in_browser
@posix
def test_server_gone_and_back(page: "Page") -> None:
    with begun(f"{SERVER}0") as (process, line):
        url = line.split()[-1]
        visit(page, url)
        press(page, "hello", "5", "10")
        page.locator("#in-flight", has_text="5").wait_for()
        process.kill()
        page.locator("#state[data-is=disconnected]").wait_for()
        assert page.locator("#ask-hello").is_disabled()
    with begun(f"{SERVER}{url.rpartition(':')[2]}") as (process, _):
        page.locator(".lost").nth(4).wait_for()
        assert "disconnected" in page.locator(".gap").inner_text()
        # Those that were lost are in no row.
        press(page, "hello", "3", "0.2")
        assert result(page).startswith("3 × /hello | ")

        # It hears Ctrl-C when the block is over. What waits for its turn is
        # not served then, and open pages are let go.
        press(page, "block", "5", "1")
        page.locator("#waiting", has_text="3").wait_for()
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
        assert time.perf_counter() - start < 2.5
        assert process.stderr
        # Dev mode says what held the loop up, which was asked for.
        assert all(x.startswith("Executing <") for x in process.stderr)


@in_browser
def test_who_has_heard_nothing_says_nothing_of_the_loop(page: "Page") -> None:
    page.route_web_socket("**/events", lambda _: None)  # says nothing
    page.reload()
    page.wait_for_timeout(1000)
    assert page.locator("#word").inner_text() == "Connecting"
    assert page.locator("#ask-block").is_disabled()


@in_browser
def test_names_are_text(page: "Page") -> None:
    """The first 80 letters of a path, for nobody sends long news."""
    name = "<img src=x onerror=document.title='owned'>" + 5000 * "x"
    page.evaluate("x => fetch('/hello/' + encodeURIComponent(x))", name)
    result(page)
    assert page.locator(".lane-name").inner_text() == f"/hello/{name}"[:80]
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
    """Each button can be reached, and one holds the picture."""
    page.locator("#language").focus()
    for name in ["hold", "ask-hello", "ask-block", "ask-both"]:
        page.keyboard.press("Tab")
        focused = page.locator(f"#{name}:focus")
        outline = focused.evaluate("x => getComputedStyle(x).outlineWidth")
        assert outline == "3px"
    page.keyboard.press("Enter")
    assert re.search("3 × /hello", result(page))
    for words, moves in ("Back to now", False), ("Pause the picture", True):
        page.locator("#hold").press("Enter")
        page.locator("#hold", has_text=words).wait_for()
        before = boxes(page, ".bar")
        page.wait_for_timeout(300)
        assert (boxes(page, ".bar") != before) == moves


@in_browser
def test_a_narrow_screen_and_two_languages(page: "Page") -> None:
    """It takes the first language that it has; a button takes the other."""
    page.set_viewport_size({"width": 360, "height": 900})
    page.add_init_script(
        "Object.defineProperty(navigator, 'languages', {value: ['fr', 'zh']})"
    )
    visit(page, page.url)
    press(page, "both", "4", "1")
    page.locator("#word", has_text="事件循环卡住了").wait_for()
    assert "2 × /hello" in result(page)
    for word in ["事件循环在转", "The loop turns"]:
        page.locator("#word", has_text=word).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator("#language").click()
