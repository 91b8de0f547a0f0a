"""Start every demo that the chosen tests look at, all at once.

Demos sleep most of the time, and a process that sleeps costs nothing. A test
asks for a demo by parametrizing the fixture `result` with it; a demo that
several tests look at runs once.
"""

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from demo import Demo, Result, run

AT_ONCE = 100

results: dict[Demo, Future[Result]] = {}


@pytest.fixture(scope="session", autouse=True)
def running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start the demos before the first test; wait for them in the end."""
    # Where pytest runs in the background, SIGINT is ignored, and a process
    # inherits that: no demo would notice Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = {
        item.callspec.params["result"]
        for item in request.session.items
        if "result" in getattr(item, "fixturenames", ())
        and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Plain runs sleep longest, and so go first.
        for demo in sorted(wanted, key=lambda demo: len(demo.args)):
            results[demo] = pool.submit(run, demo)
        try:
            yield
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.fixture
def result(request: pytest.FixtureRequest) -> Result:
    """Return what came out of the demo, once it has ended."""
    return results[request.param].result()
