# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages in a pool of threads, each of which blocks until one is there.

A hundred threads at most, for each takes memory and a place in the system's
schedule. Who wants 500 pages waits for five rounds, or asks for more workers.

    python aio_http/thread_client.py
    python aio_http/thread_client.py --pages 500
    python aio_http/thread_client.py --pages 500 --workers 500
"""

import sys
from collections.abc import Sequence
from multiprocessing.pool import ThreadPool
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


def thread_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next thread of the pool that is free."""

    def work(page: tuple[int, str]) -> None:
        hello(*page, timeout)

    # These threads are daemons. A ThreadPoolExecutor would not let Python end
    # at Ctrl-C before the pages that its threads wait for are there.
    with ThreadPool(workers) as pool:
        for _ in pool.imap_unordered(work, enumerate(urls, 1)):
            pass  # an error in a thread is raised here


if __name__ == "__main__":
    run_client(thread_client, __doc__, workers=100)
