# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages in a pool of threads, each of which blocks until one is there.

A hundred threads at most, for each takes memory and a place in the system's
schedule. Who wants 500 pages waits for five rounds, or asks for more workers.

    python aio_http/thread_client.py
    python aio_http/thread_client.py --pages 500
    python aio_http/thread_client.py --pages 500 --workers 500

    $ python aio_http/thread_client.py --pages 2
    == thread
    Hello 1 now = 14:24:18 serve thread id = 140005480593088 OS thread = 24522
    Hello 2 now = 14:24:18 serve thread id = 140005397755584 OS thread = 24523
    Bye.. 2 now = 14:24:19
    Bye.. 1 now = 14:24:19
    == thread: 1.02 s | thread ids 2 | OS threads 2 | pages 2 | failed 0
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from server import fetch, page, report, run_client


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this thread until it is there."""
    with page(number):
        fetch(url, timeout)


def thread_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next thread of the pool that is free."""
    with ThreadPoolExecutor(workers) as pool:
        try:
            with report("thread"):
                futures = [
                    pool.submit(hello, number, url, timeout)
                    for number, url in enumerate(urls, 1)
                ]
                for future in futures:
                    future.result()
        except KeyboardInterrupt:
            # Nothing interrupts a thread that waits for its page, and Python
            # would wait for the thread. A server of our own notices and ends.
            os._exit(130)


if __name__ == "__main__":
    sys.exit(run_client(thread_client, __doc__, workers=100))
