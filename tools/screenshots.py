"""Take the screenshots of the live page again.

    python tools/screenshots.py

Runs a server and a headless Chromium, asks for five pages of /hello and then
of /block, and writes into docs/pictures/ what the page shows: bars that
overlap, then the loop frozen. Needs requirements-dev.txt, a Chromium, and for
the Chinese picture a Chinese font.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "aio_http"))

from client import own_server

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PICTURES = {"en": "live.png", "zh-CN": "live.zh-CN.png"}


def take(browser: Browser, url: str, language: str) -> None:
    page = browser.new_page(
        viewport={"width": 1200, "height": 1200}, locale=language
    )
    page.goto(url)
    page.wait_for_timeout(3000)  # some beats first
    page.locator("#ask-hello").click()
    page.locator("#runs tr").wait_for()
    page.locator("#ask-block").click()
    page.wait_for_timeout(3600)
    chart = page.locator("#chart").bounding_box()
    assert chart
    bottom = chart["y"] + chart["height"] + 16
    page.screenshot(
        path=FOLDER / PICTURES[language],
        clip={"x": 0, "y": 0, "width": 1200, "height": bottom},
    )
    # The server must be free again for the next picture.
    page.locator("#state[data-is=turning]").wait_for()
    page.close()


def main() -> None:
    names = ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(shutil.which, names)), None)
    with own_server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for language in PICTURES:
            take(browser, url, language)


if __name__ == "__main__":
    main()
