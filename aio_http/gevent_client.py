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

from collections.abc import Sequence

from client import check, fetch, page, report, run_client


def hello(number: int, url: str, timeout: float) -> None:
    """Fetch one page; block this greenlet until it is there."""
    from gevent import Timeout

    with page(number), Timeout(timeout, TimeoutError("timed out")):
        check(number, fetch(url, timeout))


def gevent_client(urls: Sequence[str], timeout: float, workers: int) -> None:
    """Give each hello a greenlet; the patched sockets switch between them."""
    from gevent import monkey
    from gevent.pool import Pool

    # Here, so that importing this file changes nothing. A real program patches
    # in its first lines.
    monkey.patch_all()
    with report("gevent"):
        pool = Pool(workers)
        for number, url in enumerate(urls, 1):
            pool.spawn(hello, number, url, timeout)
        pool.join(raise_error=True)


if __name__ == "__main__":
    run_client(gevent_client, __doc__, workers=1000)
