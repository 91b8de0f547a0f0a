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

from __future__ import annotations

import argparse
import asyncio
import errno
import heapq
import importlib.util
import itertools
import signal
import sys
import threading
import time
import types
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


def hello(seconds: float) -> None:
    """Say hello, block this thread for so many seconds, say goodbye."""
    say_hello(seconds)
    time.sleep(seconds)
    say_bye(seconds)


def sequential_test(seconds: Sequence[float]) -> None:
    """Call one hello after another."""
    for s in seconds:
        hello(s)


def thread_test(seconds: Sequence[float]) -> None:
    """Give each hello a thread; the system switches between them."""
    threads = [
        threading.Thread(target=hello, args=(s,), daemon=True) for s in seconds
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def yield_hello(seconds: float) -> Iterator[float]:
    """Say hello, let the event loop wait so many seconds, say goodbye."""
    say_hello(seconds)
    yield seconds
    say_bye(seconds)


def event_loop(tasks: Iterable[Iterator[float]]) -> None:
    """Run generators that yield how many seconds they want to wait.

    Take the task that is due next, sleep until then, run it up to its next
    yield, and put it back. An error in a task reaches the caller.
    """
    # If two are due at once the number decides: tasks cannot be compared.
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


def yield_test(seconds: Sequence[float]) -> None:
    """Make each hello a generator; the event loop above resumes them."""
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
        await asyncio.gather(*[asyncio_hello(s) for s in seconds])

    asyncio.run(main())


async def async_hello(seconds: float) -> None:
    """Say hello, wait the new way, say goodbye."""
    say_hello(seconds)
    await asyncio.sleep(seconds)
    say_bye(seconds)


def async_test(seconds: Sequence[float]) -> None:
    """Make each hello a coroutine that asyncio's event loop resumes."""

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for s in seconds:
                group.create_task(async_hello(s))

    asyncio.run(main())


def gevent_test(seconds: Sequence[float]) -> None:
    """Give each hello a greenlet; the patched sleep switches between them."""
    import gevent
    from gevent import monkey

    # From here on time.sleep switches to another greenlet.
    monkey.patch_all()
    # Ctrl-C is for the main greenlet, whichever is running.
    main = gevent.getcurrent()
    signal.signal(signal.SIGINT, lambda *_: main.throw(KeyboardInterrupt))
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


# The rest prints, and reads the command line.

# When each hello was said, in which thread, in which OS thread.
hellos: list[tuple[float, int, int]] = []
failed_threads: list[threading.ExceptHookArgs] = []
# Reentrant, for greenlets share a thread: none waits where another stopped.
printing = threading.RLock()


def say(text: str, who: str = "") -> None:
    now = time.strftime("%H:%M:%S")
    # One at a time, or lines of two threads can mix.
    with printing:
        print(f"{text} now = {now}{who}", flush=True)


def say_hello(seconds: float) -> None:
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    hellos.append((time.perf_counter(), thread_id, os_thread))
    who = f" serve thread id = {thread_id} OS thread = {os_thread}"
    say(f"Hello {seconds:g}", who)


def say_bye(seconds: float) -> None:
    say(f"Bye.. {seconds:g}")


def note_failed_thread(error: threading.ExceptHookArgs) -> None:
    """Print a thread's error as Python does; join() would not tell of it."""
    failed_threads.append(error)
    threading.__excepthook__(error)


def run(model: str, seconds: Sequence[float]) -> str:
    """Run a model; return the closing line, with its seconds and threads."""
    print(f"== {model}", flush=True)
    hellos.clear()
    failed_threads.clear()
    MODELS[model](seconds)
    if failed_threads:
        sys.exit(1)
    times, thread_ids, os_threads = zip(*hellos, strict=True)
    closing_line = (
        f"== {model}: {time.perf_counter() - times[0]:.2f} s"
        f" | thread ids {len(set(thread_ids))}"
        f" | OS threads {len(set(os_threads))}"
    )
    print(closing_line, flush=True)
    return closing_line


@contextmanager
def plain_endings() -> Iterator[None]:
    """Print no traceback where nobody has made a mistake."""
    global printing
    printing = threading.RLock()
    threading.excepthook = note_failed_thread
    if sys.platform != "win32":  # `| head` closes the pipe
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name != "gevent":
            raise
        pip = "python -m" if importlib.util.find_spec("pip") else "uv"
        sys.exit(f"gevent is missing: {pip} pip install gevent")
    except OSError as error:
        if error.errno != errno.ENOSPC:  # a full disk
            raise
        # Closed, or Python would try once more to write what is left.
        with suppress(OSError):
            sys.stdout.close()
        sys.exit(f"cannot print: {error.strerror}")
    finally:
        # Python cannot end while a thread is in the middle of a line.
        printing.acquire(timeout=1)
        threading.excepthook = threading.__excepthook__
        if sys.platform != "win32":
            signal.signal(signal.SIGPIPE, before)


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit("Python 3.11 or newer is needed")
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = ["all", *MODELS]
    parser.add_argument("MODEL", nargs="*", choices=models, default="all")
    parser.add_argument("--seconds", nargs="+", type=float, default=[1, 2, 3])
    # Models first, or --seconds would take those behind it for numbers.
    words = sorted(sys.argv[1:], key=lambda word: word not in models)
    args = parser.parse_args(words)
    if not all(0 <= s <= 3600 for s in args.seconds):
        parser.error("argument --seconds: must be from 0 to 3600")

    closing_lines = []
    with plain_endings():
        try:
            for model in MODELS:
                if model in args.MODEL or "all" in args.MODEL:
                    closing_lines.append(run(model, args.seconds))
        finally:
            if len(closing_lines) > 1:
                print(*closing_lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
