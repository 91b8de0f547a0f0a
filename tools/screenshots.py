"""Take the screenshots of the live page again.

    python tools/screenshots.py

Runs a server and a headless Chromium, asks for five pages of /hello and then
of /block, and writes into docs/pictures/ what the page shows: the bars that
overlap, and the loop frozen. Needs requirements-dev.txt, a Chromium, and for
the Chinese pictures a Chinese font.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "aio_http"))

from client import own_server

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


class Picture(NamedTuple):
    """A file's name, and how the page looks in it."""

    name: str
    width: int
    language: str = "en"
    scheme: Literal["light", "dark"] = "light"


OVERLAP = [
    Picture("live-overlap-1600.png", 1600),
    Picture("live-overlap-360.png", 360, scheme="dark"),
]
FREEZE = [
    Picture("live.png", 1200),
    Picture("live.zh-CN.png", 1200, "zh-CN"),
    Picture("live-freeze-1600.png", 1600, scheme="dark"),
    Picture("live-freeze-360.png", 360),
]


def take(browser: Browser, url: str, picture: Picture) -> None:
    page = browser.new_page(
        viewport={"width": picture.width, "height": 1200},
        locale=picture.language,
        color_scheme=picture.scheme,
    )
    page.goto(url)
    page.wait_for_timeout(3000)  # some beats first
    page.locator("#ask-hello").click()
    page.locator("#runs tr").wait_for()
    if picture in FREEZE:
        page.locator("#ask-block").click()
        page.wait_for_timeout(3600)
    chart = page.locator("#chart").bounding_box()
    assert chart
    bottom = chart["y"] + chart["height"] + 16
    page.screenshot(
        path=PICTURES / picture.name,
        clip={"x": 0, "y": 0, "width": picture.width, "height": bottom},
    )
    print(picture.name, flush=True)
    # The server must be free again for the next picture.
    page.locator("#state[data-is=turning]").wait_for()
    page.close()


def main() -> None:
    names = ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(shutil.which, names)), None)
    PICTURES.mkdir(exist_ok=True)
    with own_server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        for picture in [*OVERLAP, *FREEZE]:
            take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main()
