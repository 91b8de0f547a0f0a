# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13", "gevent>=25.9.1"]
# ///
"""Fetch pages in greenlets: the blocking fetch, unchanged, after a patch.

`fetch` is that of `sequential_client.py`. A patched socket that would block
lets another greenlet run instead, and the code does not notice. And where a
thread can only bound each wait, a greenlet can be given a timeout for all of
a page.

    python aio_http/gevent_client.py
    python aio_http/gevent_client.py --pages 1000
"""

import sys
from collections.abc import Sequence
from itertools import count, repeat
from pathlib import Path

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import (
    CannotPrint,
    check,
    fails_alone,
    fetch,
    run_client,
    say_bye,
    say_hello,
)


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this greenlet until it is there."""
    from gevent import Timeout

    say_hello(number)
    with fails_alone(number), Timeout(timeout, TimeoutError("timed out")):
        check(number, fetch(url, timeout))
        say_bye(number)


def gevent_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello a greenlet; the patched sockets switch between them."""
    from gevent import get_hub, monkey
    from gevent.pool import Pool

    # Here, so that importing this file changes nothing. A real program patches
    # in its first lines.
    monkey.patch_all()
    # These reach the main greenlet; gevent's loop need not print them as well.
    get_hub().NOT_ERROR += (KeyboardInterrupt, CannotPrint)
    pool = Pool(workers)
    for _ in pool.imap_unordered(hello, count(1), urls, repeat(timeout)):
        pass  # an error in a greenlet is raised here


if __name__ == "__main__":
    run_client(gevent_client, __doc__, workers=1000)
