# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages one after another: the baseline.

Nearly all of the time the client waits, and so does the page that is next:
five pages of one second take five seconds.

    python aio_http/sequential_client.py
    python aio_http/sequential_client.py --pages 3 --seconds 0.5
    python aio_http/sequential_client.py --url http://127.0.0.1:8080

    $ python aio_http/sequential_client.py --pages 2
    == sequential
    Hello 1 now = 14:24:15 serve thread id = 140404656909184 OS thread = 24431
    Bye.. 1 now = 14:24:16
    Hello 2 now = 14:24:16 serve thread id = 140404656909184 OS thread = 24431
    Bye.. 2 now = 14:24:17
    == sequential: 2.04 s | thread ids 1 | OS threads 1 | pages 2 | failed 0
"""

import sys
from collections.abc import Sequence

from server import fetch, page, report, run_client


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this thread until it is there."""
    with page(number):
        fetch(url, timeout)


def sequential_client(
    urls: Sequence[str], timeout: float, workers: int
) -> None:
    """Call one hello after another, whatever the number of workers."""
    with report("sequential"):
        for number, url in enumerate(urls, 1):
            hello(number, url, timeout)


if __name__ == "__main__":
    sys.exit(run_client(sequential_client, __doc__))
