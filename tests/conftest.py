"""Start every command that the chosen tests look at, many at once."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "The tests need Python 3.11 or newer. This is Python "
        + ".".join(map(str, sys.version_info[:3]))
    )
if not __debug__:
    sys.exit("The tests assert: run them without -O and PYTHONOPTIMIZE.")

import json
import os
import signal
import time
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from helpers.commands import (
    LIMIT,
    Command,
    Result,
    begun,
    environment,
    kill_all,
    run,
)

# How many commands run at once; each takes two open files, and macOS starts
# with 256. Most of them sleep; those that are slow also compute, and too many
# would hold each other up.
AT_ONCE = 60
SLOW_AT_ONCE = 8

results: dict[Command, Future[Result]] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Leave xdist's `-n` aside: each worker would start all the commands."""
    if getattr(config.option, "numprocesses", None):
        config.option.numprocesses = None
        config.option.dist = "no"
        print("-n: one process is enough, it runs many commands at once.")


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that waits for ever; that of a command has its own bound."""
    if sys.platform == "win32":
        return (yield)  # no SIGALRM there
    seconds = 300 if item.get_closest_marker("slow") else LIMIT

    def ring(*_: object) -> None:
        pytest.fail(f"the test hung, and was stopped after {seconds:.0f} s")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 5)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """Start the servers that tests visit; return their addresses by name."""
    with begun("tests/programs/servers.py", 3600, errors=None) as (_, line):
        yield json.loads(line)


@pytest.fixture(scope="session", autouse=True)
def running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start the commands before the first test; leave none in the end."""
    # Where pytest runs in the background, SIGINT is ignored, and a process
    # inherits that: no command would notice Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Told to end, or with its terminal closed, pytest ends as at Ctrl-C.
    for name in {"SIGTERM", "SIGHUP"} & {*dir(signal)}:
        if signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), signal.default_int_handler)
    # Tests that call a script's functions want no colours either.
    for name in os.environ.keys() - environment().keys():
        del os.environ[name]
    wanted: list[Command] = [
        item.callspec.params["result"]
        for item in request.session.items
        if "result" in getattr(item, "fixturenames", ())
        and hasattr(item, "callspec")
        # What is not for this system need not start on it.
        and not any(mark.args[0] for mark in item.iter_markers("skipif"))
    ]
    longest_first = sorted(dict.fromkeys(wanted), key=lambda x: -x.takes)
    fast = request.config.option.markexpr == "not slow"
    limit = LIMIT if fast else 3 * LIMIT
    with ThreadPoolExecutor(AT_ONCE if fast else SLOW_AT_ONCE) as pool:
        try:
            for command in longest_first:
                where = (
                    request.getfixturevalue("addresses")
                    if "{" in command.line
                    else None
                )
                results[command] = pool.submit(run, command, where, limit)
            yield
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            # One may just be about to start: so until all have ended.
            while not all(future.done() for future in results.values()):
                kill_all()
                time.sleep(0.05)


@pytest.fixture
def result(request: pytest.FixtureRequest) -> Result:
    """Return what came out of the command, once it has ended."""
    return results[request.param].result()
