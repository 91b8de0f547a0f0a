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

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from client import check, fetch, page, report, run_client, say


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this thread until it is there."""
    with page(number):
        check(number, fetch(url, timeout))


def thread_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next thread of the pool that is free."""
    with report("thread"), ThreadPoolExecutor(workers) as pool:
        try:
            futures = [
                pool.submit(hello, number, url, timeout)
                for number, url in enumerate(urls, 1)
            ]
        except RuntimeError as error:  # the system refuses a thread
            say(f"thread: {error}", sys.stderr)
            os._exit(1)  # without waiting for the threads it gave us
        for future in futures:
            future.result()


if __name__ == "__main__":
    run_client(thread_client, __doc__, workers=100)
