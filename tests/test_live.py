# ruff: noqa: RUF001 (the page counts with a multiplication sign)
"""Chapter 4's live page, in a browser.

`pytest -m slow` opens it in a Chromium, with Playwright
(requirements-dev.txt).
"""

import re
import signal
import time
from collections.abc import Iterator
from shutil import which
from typing import TYPE_CHECKING

import pytest
from helpers.commands import LIMIT, begun, posix
from helpers.screens import alike

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start Chromium once, for all tests."""
    needs = "install Chromium, and pip install -r requirements-dev.txt"
    playwright = pytest.importorskip("playwright.sync_api", reason=needs)
    names = ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(which, names)), None)
    if not chromium:
        pytest.skip(needs)
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=chromium)


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """Open the page of a new server; no error may come up in the browser."""
    errors: list[object] = []
    with (
        begun("aio_http/server.py --port 0") as (_, line),
        browser.new_context(locale="en") as context,
    ):
        context.on("weberror", lambda error: errors.append(error.error))
        page = context.new_page()
        visit(page, line.split()[-1])
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


def next_row(page: "Page") -> str:
    """Wait for a row of the table; take it out."""
    row = page.locator("#runs tr").first
    text = row.inner_text()
    row.evaluate("row => row.remove()")
    return text.replace("\t", ": ", 1).replace("\t", " | ")


def test_blocks(page: "Page") -> None:
    press(page, "block", "3", "1")
    page.locator("#said", has_text="The loop is frozen").wait_for()
    page.locator("#detail", has_text="no beat for 0.").wait_for()
    # A start is told before its handler blocks.
    assert page.locator("#in-flight").inner_text() == "1"
    # The table adds up what the chart shows.
    row = next_row(page)
    gaps = page.locator(".gap", has_text="frozen").all_inner_texts()
    frozen = sum(float(x.split()[0]) for x in gaps)
    line = f"3 × /block: 3.00 s | 1 | {frozen:.1f} s"
    assert alike([row], line) == line
    assert 2 <= frozen < 4
    # Each waits while the others are served: from when to when, in seconds.
    drawn = page.locator(".wait, .bar").evaluate_all(
        "all => all.map(x => [x.offsetLeft, x.offsetLeft + x.offsetWidth]"
        ".map(at => Math.round((at - all[0].offsetLeft) / width * span)))"
    )
    waits, bars = sorted(drawn[::2]), sorted(drawn[1::2])
    assert waits == [[0, 0], [0, 1], [0, 2]]
    assert bars == [[0, 1], [1, 2], [2, 3]]
    assert "3 × /block took " in page.locator("#said").inner_text()
    assert page.locator("#threads").inner_text() == "1"


def test_fields(page: "Page") -> None:
    """Whatever is typed, they and the buttons show what is asked for."""
    for typed, count, seconds in [
        ("0", "1", "0.1"),
        ("", "5", "1"),
        ("2.52", "3", "2.5"),
        ("1e9", "6", "10"),
    ]:
        press(page, "hello", typed, typed)
        line = f"{count} × /hello: {float(seconds):.2f} s | {count} | ..."
        row = next_row(page)
        assert alike([row], line, late=2) == line
        # The loop turned, but for what a busy machine may hold up.
        assert re.search(r"\| (no|[012]\.\d s)$", row)
        hello, block, _ = page.locator("form button").all_inner_texts()
        assert hello == f"{count} × /hello\nawait asyncio.sleep({seconds})"
        assert block == f"{count} × /block\ntime.sleep({seconds})"
        assert page.locator("#count").input_value() == count
        assert page.locator("#seconds").input_value() == seconds


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
        line = "6 × /hello: ... s | 6 | ..."
        assert alike([next_row(tab)], line) == line
        # No two tabs ask for one and the same.
        assert len(set(tab.locator(".lane-name").all_inner_texts())) == 6
        tab.locator("#free", has_text="6").wait_for()


def test_a_client_with_many_pages(page: "Page") -> None:
    """A page that is opened meanwhile is told of them all, too."""
    command = page.locator(".command").first.inner_text().strip()
    assert command.split()[2:] == ["--url", page.url[:-1], "--pages", "20"]
    line = command.removeprefix("python ").removesuffix("20")
    with begun(f"{line}400 --seconds 5"):
        more = page.locator("#more", has_text="and 380 more in flight")
        more.wait_for()
        page.reload()
        more.wait_for()
        assert page.locator(".lane").count() == 20
        assert page.locator("#chart *").count() < 300
        assert next_row(page).startswith("400 × /hello: ")
    assert page.locator("#in-flight").inner_text() == "0"


@posix
def test_server_gone_and_back(page: "Page") -> None:
    server = "-Xdev -Werror aio_http/server.py --port "
    with begun(server + "0") as (process, line):
        url = line.split()[-1]
        visit(page, url)
        press(page, "hello", "5", "10")
        page.locator("#in-flight", has_text="5").wait_for()
        process.kill()
        page.locator("#state[data-is=disconnected]").wait_for()
        assert page.locator("#ask-hello").is_disabled()
    with begun(server + url.rpartition(":")[2]) as (process, _):
        page.locator(".lost").nth(4).wait_for()
        assert "disconnected" in page.locator(".gap").inner_text()
        # Those that were lost are in no row. These five keep their connections
        # open: aiohttp may wait for one that was opened during the block.
        press(page, "hello", "5", "1")
        assert next_row(page).startswith("5 × /hello: ")

        # It hears Ctrl-C when the block is over. What waits for its turn is
        # not served then, and open pages are let go.
        press(page, "block", "5", "1")
        page.locator("#waiting", has_text="3").wait_for()
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
        assert time.perf_counter() - start < 2.5
        # Dev mode says what held the loop up, which was asked for.
        said = re.sub("Executing <.*\n", "", errors)
        assert (process.returncode, said) == (130, "")


def test_who_has_heard_nothing_says_nothing_of_the_loop(page: "Page") -> None:
    page.route_web_socket("**/events", lambda _: None)  # says nothing
    page.reload()
    page.wait_for_timeout(1000)
    assert page.locator("#word").inner_text() == "Connecting"
    assert page.locator("#ask-block").is_disabled()


def test_names_are_text(page: "Page") -> None:
    """The first 80 letters of a path, for nobody sends long news."""
    name = "<img src=x onerror=document.title='owned'>" + 5000 * "x"
    page.evaluate("x => fetch('/hello/' + encodeURIComponent(x))", name)
    next_row(page)
    assert page.locator(".lane-name").inner_text() == f"/hello/{name}"[:80]
    assert page.locator("#chart img").count() == 0


def test_keyboard(page: "Page") -> None:
    """Each button can be reached, and one holds the picture."""
    page.locator("#language").focus()
    for name in ["hold", "ask-hello", "ask-block", "ask-both"]:
        page.keyboard.press("Tab")
        focused = page.locator(f"#{name}:focus")
        outline = focused.evaluate("x => getComputedStyle(x).outlineWidth")
        assert outline == "3px"
    page.keyboard.press("Enter")
    assert re.search("3 × /hello", next_row(page))
    for words, moves in ("Back to now", False), ("Pause the picture", True):
        page.locator("#hold").press("Enter")
        page.locator("#hold", has_text=words).wait_for()
        before = page.locator(".bar").first.bounding_box()
        page.wait_for_timeout(300)
        now = page.locator(".bar").first.bounding_box()
        assert (now != before) == moves


def test_a_narrow_screen_and_two_languages(page: "Page") -> None:
    """It takes the first language that it has; a button takes the other."""
    page.set_viewport_size({"width": 360, "height": 900})
    page.add_init_script(
        "Object.defineProperty(navigator, 'languages', {value: ['fr', 'zh']})"
    )
    visit(page, page.url)
    press(page, "both", "4", "1")
    page.locator("#word", has_text="事件循环卡住了").wait_for()
    assert "2 × /hello" in next_row(page)
    for word in ["事件循环在转", "The loop turns"]:
        page.locator("#word", has_text=word).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator("#language").click()
