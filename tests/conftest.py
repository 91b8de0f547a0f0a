"""Start every command that the chosen tests look at, many at once."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from helpers.commands import PROGRAMS, ROOT, Command, Result, run

sys.path.insert(0, str(ROOT / "aio_http"))

from server import open_files

# How many commands run at once. Most of them sleep; those that are slow also
# compute, and too many would hold each other up.
AT_ONCE = 100
SLOW_AT_ONCE = 8

results: dict[Command, Future[Result]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that wait for a command after those that need none.

    Those that are marked as last look at what can only be told, or measured,
    when all the others have ended.
    """

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("last"):
            return 2
        return "result" in getattr(item, "fixturenames", ())

    items.sort(key=turn)


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """Start the servers that tests visit; return their addresses by name."""
    with subprocess.Popen(
        [sys.executable, PROGRAMS / "servers.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture(scope="session", autouse=True)
def running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start the commands before the first test; wait for them in the end."""
    # Where pytest runs in the background, SIGINT is ignored, and a process
    # inherits that: no command would notice Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Each command takes two open files, and macOS starts with 256.
    open_files()
    wanted: list[Command] = [
        item.callspec.params["result"]
        for item in request.session.items
        if "result" in getattr(item, "fixturenames", ())
        and hasattr(item, "callspec")
    ]
    fast = request.config.option.markexpr == "not slow"
    with ThreadPoolExecutor(AT_ONCE if fast else SLOW_AT_ONCE) as pool:
        # Those that run longest go first.
        for command in sorted(dict.fromkeys(wanted), key=lambda x: -x.takes):
            where = (
                request.getfixturevalue("addresses")
                if "{" in command.line
                else None
            )
            results[command] = pool.submit(run, command, where)
        try:
            yield
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.fixture
def result(request: pytest.FixtureRequest) -> Result:
    """Return what came out of the command, once it has ended."""
    return results[request.param].result()
