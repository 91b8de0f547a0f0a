# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages one after another: the baseline.

Nearly all of the time the client waits, and so does the page that is next:
five pages of one second take five seconds, whatever --workers says.

    python aio_http/sequential_client.py
    python aio_http/sequential_client.py --pages 3 --seconds 0.5
    python aio_http/sequential_client.py --url http://127.0.0.1:8080
"""

import sys
from collections.abc import Sequence
from pathlib import Path

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import check, fails_alone, fetch, run_client, say_bye, say_hello


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this thread until it is there."""
    say_hello(number)
    with fails_alone(number):
        check(number, fetch(url, timeout))
        say_bye(number)


def sequential_client(
    urls: Sequence[str], timeout: float, workers: int
) -> None:
    """Call one hello after another."""
    for number, url in enumerate(urls, 1):
        hello(number, url, timeout)


if __name__ == "__main__":
    run_client(sequential_client, __doc__, workers=1)
