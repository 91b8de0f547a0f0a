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
from helpers import commands
from helpers.commands import LIMIT, Command, Result, begun


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Leave xdist's `-n` aside: each worker would start all the commands."""
    if getattr(config.option, "numprocesses", None):
        config.option.numprocesses = None
        config.option.dist = "no"
        print("-n: one process is enough, it runs many commands at once.")


def command(item: pytest.Item) -> Command | None:
    """Return the command whose result the test wants, or none."""
    callspec = getattr(item, "callspec", None)
    return callspec and callspec.params.get("result")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that wait for a command after those that need none.

    Those that are marked as last look at what can only be told, or measured,
    when all the others have ended.
    """
    items.sort(key=lambda item: bool(command(item)))
    items.sort(key=lambda item: bool(item.get_closest_marker("last")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that waits for ever; that of a command has its own bound."""
    if sys.platform == "win32":
        return (yield)  # no SIGALRM there
    seconds = 300 if item.get_closest_marker("slow") else LIMIT
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the test hung"))
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
def results(
    request: pytest.FixtureRequest,
) -> Iterator[dict[Command, Future[Result]]]:
    """Start the commands before the first test; leave none in the end."""
    # In the background, pytest and all that it starts would ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Told to end, or with its terminal closed, pytest ends as at Ctrl-C.
    for name in {"SIGTERM", "SIGHUP"} & {*dir(signal)}:
        if signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), signal.default_int_handler)
    # Tests that call a script's functions want no colours either.
    for name in os.environ.keys() - commands.environment().keys():
        del os.environ[name]
    wanted = dict.fromkeys(
        command(item)
        for item in request.session.items
        # What is not for this system need not start on it.
        if not any(mark.args[0] for mark in item.iter_markers("skipif"))
    )
    # Each takes two open files, and macOS starts with 256. Most of them sleep;
    # those that are slow also compute, and too many would hold each other up.
    fast = request.config.option.markexpr == "not slow"
    at_once, limit = (60, LIMIT) if fast else (8, 3 * LIMIT)
    started: dict[Command, Future[Result]] = {}
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for one in sorted(filter(None, wanted), key=lambda x: -x.takes):
                where = {}
                if "{" in one.line:
                    where = request.getfixturevalue("addresses")
                started[one] = pool.submit(commands.run, one, where, limit)
            yield started
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            commands.stopping.set()
            # One may just be about to start: so until all have ended.
            while not all(future.done() for future in started.values()):
                for process in [*commands.running]:
                    commands.kill(process)
                time.sleep(0.05)


@pytest.fixture
def result(
    request: pytest.FixtureRequest, results: dict[Command, Future[Result]]
) -> Result:
    """Return what came out of the command, once it has ended."""
    return results[request.param].result()
