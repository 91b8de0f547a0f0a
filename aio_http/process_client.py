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
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import (
    Result,
    check,
    fails_alone,
    fetch,
    results,
    run_client,
    say_bye,
    say_hello,
)


def hello(number: int, url: str, timeout: float) -> Result:
    """Fetch one page; block this process until it is there."""
    say_hello(number)
    with fails_alone(number):
        check(number, fetch(url, timeout))
        say_bye(number)
    return results.pop()


def process_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello to the next process of the pool that is free."""
    if sys.platform == "win32":
        workers = min(workers, 61)
    with ProcessPoolExecutor(workers, None, begin) as pool, workers_killed():
        with ctrl_c_held_back():
            futures = [
                pool.submit(hello, number, url, timeout)
                for number, url in enumerate(urls, 1)
            ]
        # An error in a process is raised by its future's result.
        results.extend(future.result() for future in as_completed(futures))


# The rest ends the workers: with their parent, at Ctrl-C, at an error.


def begin() -> None:
    """Begin a worker: leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    # However the parent ends: the pool's workers would wait for ever.
    if parent := multiprocessing.parent_process():
        parent.join()
        signal.raise_signal(signal.SIGTERM)


@contextmanager
def ctrl_c_held_back() -> Iterator[None]:
    """Hold Ctrl-C back; what is started meanwhile never gets it.

    A terminal sends it to all processes, and one that has hardly started
    would answer with a traceback.
    """
    if sys.platform == "win32":
        yield
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


@contextmanager
def workers_killed() -> Iterator[None]:
    """At Ctrl-C or an error, kill the workers; their pages may take long."""
    try:
        yield
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.kill()
        raise


if __name__ == "__main__":
    run_client(process_client, __doc__, workers=20)
