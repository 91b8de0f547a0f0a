# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""Fetch pages in a pool of processes, each of which blocks until one is there.

Twenty processes at most, for each has a Python of its own in memory. They
share nothing: what a worker has counted must be sent back to the parent, and
a thread id, which only means something inside its process, may be the same in
all of them. On Windows a pool takes no more than 61.

    python aio_http/process_client.py
    python aio_http/process_client.py --pages 500
    python aio_http/process_client.py --pages 500 --workers 100
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from client import Result, check, fetch, page, report, results, run_client, say


def hello(number: int, url: str, timeout: float) -> Result:
    """Fetch one page; block this process until it is there."""
    with page(number):
        check(number, fetch(url, timeout))
    return results.pop()


def process_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next process of the pool that is free."""
    if sys.platform == "win32":
        workers = min(workers, 61)
    else:
        signal.signal(signal.SIGINT, stop)
    try:
        with report("process"), ProcessPoolExecutor(workers, None, begin) as p:
            with ctrl_c_held_back():
                futures = [
                    p.submit(hello, number, url, timeout)
                    for number, url in enumerate(urls, 1)
                ]
            results.extend(future.result() for future in futures)
    except BrokenProcessPool:
        # On standard output: if `head` was its reader and has gone, that is
        # why the workers died, and nobody needs to be told.
        say("a worker process has died")
        sys.exit(1)


# The rest ends the workers: with their parent, and at Ctrl-C.


def begin() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End with the parent, however it ends: the pool would wait for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def ctrl_c_held_back() -> Iterator[None]:
    """Leave Ctrl-C to the parent: who starts meanwhile inherits the mask."""
    if sys.platform == "win32":
        yield
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def stop(*_: object) -> None:
    """Kill the workers rather than wait for their pages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for worker in multiprocessing.active_children():
        worker.kill()
    sys.exit(130)


if __name__ == "__main__":
    run_client(process_client, __doc__, workers=20)
