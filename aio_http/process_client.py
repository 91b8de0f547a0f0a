# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages in a pool of processes, each of which blocks until one is there.

Twenty processes at most, for each has a Python of its own in memory. They
share nothing: what a worker has counted must be sent back to the parent, and
a thread id, which only means something inside its process, may be the same in
all of them.

    python aio_http/process_client.py
    python aio_http/process_client.py --pages 500
    python aio_http/process_client.py --pages 500 --workers 100

    $ python aio_http/process_client.py --pages 2
    == process
    Hello 1 now = 14:24:25 serve thread id = 140692439174016 OS thread = 24585
    Hello 2 now = 14:24:25 serve thread id = 140692439174016 OS thread = 24586
    Bye.. 1 now = 14:24:26
    Bye.. 2 now = 14:24:27
    == process: 1.40 s | thread ids 1 | OS threads 2 | pages 2 | failed 0
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from server import Result, fetch, page, report, results, run_client


def hello(number: int, url: str, timeout: float) -> Result:
    """Fetch one page; block this process until it is there."""
    with page(number):
        fetch(url, timeout)
    return results.pop()


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_the_parent, daemon=True).start()


def end_with_the_parent() -> None:
    """Wait for the end of the parent, however it ends; then end too."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def process_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next process of the pool that is free."""
    workers = min(workers, len(urls))
    with ProcessPoolExecutor(workers, initializer=start_worker) as pool:
        try:
            with report("process"):
                # A worker that is only starting has this from its parent.
                handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
                futures = [
                    pool.submit(hello, number, url, timeout)
                    for number, url in enumerate(urls, 1)
                ]
                signal.signal(signal.SIGINT, handler)
                results.extend(future.result() for future in futures)
        except BrokenProcessPool:
            sys.exit("a worker process has died")
        except KeyboardInterrupt:
            # Not to wait for the pages: the workers notice, and end.
            os._exit(130)


if __name__ == "__main__":
    sys.exit(run_client(process_client, __doc__, workers=20))
