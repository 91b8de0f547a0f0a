# /// script
# requires-python = ">=3.11"
# dependencies = ["gevent>=25.9.1"]
# ///
"""One hello, six models of concurrency.

A hello greets, waits, and says goodbye. Waiting stands for a disk or a
network: nothing to compute, only time that passes. Three hellos that wait
1, 2 and 3 seconds take 6 seconds one after another, and 3 in every model
that lets one hello wait while another goes on.

    sequential   plain calls, one after another: the baseline
    thread       one threading.Thread each
    yield        generators that yield, and an event loop of ten lines
    asyncio      generators that `yield from` asyncio: coroutines before 3.5
    async        coroutines as they are written today: async def and await
    gevent       greenlets: the blocking hello, unchanged, after a patch

    python coroutine_test.py                      runs all six, and compares
    python coroutine_test.py yield gevent         runs these two
    python coroutine_test.py async --seconds 0.5 1 2
"""

import argparse
import asyncio
import heapq
import itertools
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def hello(seconds: float) -> None:
    """Say hello, block this thread for so many seconds, say goodbye."""
    say_hello(seconds)
    time.sleep(seconds)
    say_bye(seconds)


def sequential_test(seconds: Sequence[float]) -> None:
    """Call one hello after another."""
    with report("sequential"):
        for s in seconds:
            hello(s)


def thread_test(seconds: Sequence[float]) -> None:
    """Give each hello a thread; the system switches between them."""
    with report("thread"):
        threads = [threading.Thread(target=hello, args=(s,)) for s in seconds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def event_loop(tasks: Iterable[Iterator[float]]) -> None:
    """Run generators that yield how many seconds they want to wait.

    Take the task that is due next, sleep until then, run it up to its next
    yield, and put it back. An error in a task reaches the caller.
    """
    # If two are due at once the older goes first: tasks cannot be compared.
    number = itertools.count()
    waiting = [(0.0, next(number), task) for task in tasks]
    while waiting:
        due, _, task = heapq.heappop(waiting)
        if due > (now := time.perf_counter()):
            time.sleep(due - now)
        seconds = next(task, None)  # None: the task has ended
        if seconds is not None:
            due = time.perf_counter() + seconds
            heapq.heappush(waiting, (due, next(number), task))


def yield_hello(seconds: float) -> Iterator[float]:
    """Say hello, let the event loop wait so many seconds, say goodbye."""
    say_hello(seconds)
    yield seconds
    say_bye(seconds)


def yield_test(seconds: Sequence[float]) -> None:
    """Make each hello a generator; the event loop above resumes them."""
    with report("yield"):
        event_loop(yield_hello(s) for s in seconds)


@types.coroutine
def asyncio_hello(seconds: float) -> Generator[Any, None, None]:
    """Say hello, wait the old way, say goodbye."""
    say_hello(seconds)
    yield from asyncio.sleep(seconds)
    say_bye(seconds)


def asyncio_test(seconds: Sequence[float]) -> None:
    """Make each hello a generator that asyncio's event loop resumes."""

    # On Python 3.12 and 3.13 asyncio.run refuses asyncio_hello(s) itself.
    async def main() -> None:
        hellos = [asyncio_hello(s) for s in seconds]
        await asyncio.gather(*hellos)

    with report("asyncio"):
        asyncio.run(main())


async def async_hello(seconds: float) -> None:
    """Say hello, wait the new way, say goodbye."""
    say_hello(seconds)
    await asyncio.sleep(seconds)
    say_bye(seconds)


def async_test(seconds: Sequence[float]) -> None:
    """Make each hello a coroutine that asyncio's event loop resumes."""

    async def main() -> None:
        hellos = [async_hello(s) for s in seconds]
        await asyncio.gather(*hellos)

    with report("async"):
        asyncio.run(main())


def gevent_test(seconds: Sequence[float]) -> None:
    """Give each hello a greenlet; the patched sleep switches between them."""
    import gevent
    from gevent import monkey

    # From here on time.sleep switches to another greenlet.
    monkey.patch_all()
    with report("gevent"):
        greenlets = [gevent.spawn(hello, s) for s in seconds]
        # Unless told to raise it, joinall ignores the error of a greenlet.
        gevent.joinall(greenlets, raise_error=True)


# They run in this order. The patch is for the whole process and for good, so
# no model can run after gevent.
MODELS = {
    "sequential": sequential_test,
    "thread": thread_test,
    "yield": yield_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}


# The rest prints, counts, and reads the command line.

thread_ids: set[int] = set()
os_threads: set[int] = set()
closing_lines: list[str] = []


def say(line: str) -> None:
    # One write for each line, or lines of two threads can mix.
    print(line + "\n", end="", flush=True)


def say_hello(seconds: float) -> None:
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    thread_ids.add(thread_id)
    os_threads.add(os_thread)
    say(
        f"Hello {seconds:g} now = {time.strftime('%H:%M:%S')}"
        f" serve thread id = {thread_id} OS thread = {os_thread}"
    )


def say_bye(seconds: float) -> None:
    say(f"Bye.. {seconds:g} now = {time.strftime('%H:%M:%S')}")


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its threads."""
    thread_ids.clear()
    os_threads.clear()
    say(f"== {model}")
    start = time.perf_counter()
    yield  # no coroutine: here the block of the `with` runs
    closing_lines.append(
        f"== {model}: {time.perf_counter() - start:.2f} s"
        f" | thread ids {len(thread_ids)} | OS threads {len(os_threads)}"
    )
    say(closing_lines[-1])


def read_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    models = ["all", *MODELS]
    parser.add_argument("MODEL", nargs="*", choices=models, default="all")
    parser.add_argument("--seconds", nargs="+", type=float, default=[1, 2, 3])
    args = parser.parse_args()
    if not all(0 <= s <= 3600 for s in args.seconds):
        parser.error("argument --seconds: must be from 0 to 3600")
    return args


def end_quietly() -> None:
    """End every thread at Ctrl-C, asleep or not; `| head` is no error."""
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def main() -> None:
    args = read_command_line()
    end_quietly()
    missing = ""
    for model in MODELS:
        if model in args.MODEL or "all" in args.MODEL:
            try:
                MODELS[model](args.seconds)
            except ModuleNotFoundError as error:
                missing = f"{error.name} is missing: pip install {error.name}"
            except RuntimeError as error:  # the system refuses a thread
                print(f"{model}: {error}", file=sys.stderr, flush=True)
                os._exit(1)  # without waiting for the threads it gave us
    if len(closing_lines) > 1:
        say("\n".join(closing_lines))
    sys.exit(missing or None)


if __name__ == "__main__":
    main()
