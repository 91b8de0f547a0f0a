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

AT_ONCE = 32

results: dict[Demo, Future[Result]] = {}


@pytest.fixture(scope="session", autouse=True)
def running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start the demos before the first test; wait for them in the end."""
    # Where pytest runs in the background, SIGINT is ignored, and a process
    # inherits that: no demo would notice Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The longest sleeps are in the last files.
        for item in reversed(request.session.items):
            callspec = getattr(item, "callspec", None)
            wanted = callspec.params.get("result") if callspec else None
            if wanted is not None and wanted not in results:
                results[wanted] = pool.submit(run, wanted)
        try:
            yield
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.fixture
def result(request: pytest.FixtureRequest) -> Result:
    """Return what came out of the demo, once it has ended."""
    return results[request.param].result()
