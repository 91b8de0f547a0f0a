# /// script
# requires-python = ">=3.10"
# dependencies = ["aiohttp>=3.13", "gevent>=25.9.1"]
# ///
"""Fetch pages in greenlets: the blocking fetch, unchanged, after a patch.

`hello` does what it does in `sequential_client.py`. A patched socket that
would block lets another greenlet run instead, and the code does not notice.

    python aio_http/gevent_client.py
    python aio_http/gevent_client.py --pages 1000

    $ python aio_http/gevent_client.py --pages 2
    == gevent
    Hello 1 now = 14:24:36 serve thread id = 139674694690880 OS thread = 2231
    Hello 2 now = 14:24:36 serve thread id = 139674694690720 OS thread = 2231
    Bye.. 1 now = 14:24:37
    Bye.. 2 now = 14:24:37
    == gevent: 1.01 s | thread ids 2 | OS threads 1 | pages 2 | failed 0
"""

import sys
from contextlib import suppress

if __name__ == "__main__":
    # Before any other import: what has taken the old sockets keeps them.
    # Where gevent is missing, gevent_client() says so.
    with suppress(ModuleNotFoundError):
        from gevent import get_hub, monkey

        monkey.patch_all()
        # gevent would print what goes wrong in a greenlet; join raises it.
        get_hub().exception_stream = None

from collections.abc import Sequence

from server import fetch, page, report, run_client


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this greenlet until it is there."""
    with page(number):
        fetch(url, timeout)


def gevent_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello a greenlet; the patched sockets switch between them.

    Raises ModuleNotFoundError where gevent is not installed.
    """
    from gevent.pool import Pool

    with report("gevent"):
        pool = Pool(workers)
        try:
            for number, url in enumerate(urls, 1):
                pool.spawn(hello, number, url, timeout)
            pool.join(raise_error=True)
        except KeyboardInterrupt:
            pool.kill()
            raise


if __name__ == "__main__":
    sys.exit(run_client(gevent_client, __doc__, workers=1000))
