# /// script
# requires-python = ">=3.10"
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
    python coroutine_test.py --seconds 0.5 1 2    waits as long as you say

    $ python coroutine_test.py async
    == async
    Hello 1 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Hello 2 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Hello 3 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Bye.. 1 now = 17:29:20
    Bye.. 2 now = 17:29:21
    Bye.. 3 now = 17:29:22
    == async: 3.00 s | thread ids 1 | OS threads 1

In the code, `MODEL_test(seconds)` runs one model and prints lines like these;
`seconds` holds how long each hello waits.
"""

import argparse
import asyncio
import heapq
import itertools
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

SECONDS = (1.0, 2.0, 3.0)

thread_ids: set[int] = set()
os_threads: set[int] = set()


def now() -> str:
    """Return the time of day as HH:MM:SS."""
    return time.strftime("%H:%M:%S")


def say(line: str) -> None:
    """Print a line whole and at once, also through a pipe."""
    # print writes its end separately, and another thread can get in between.
    print(line + "\n", end="", flush=True)


def say_hello(seconds: float) -> None:
    """Print who says hello, when, and in which thread, and count the thread.

    `get_ident()` is Python's id for the thread, or for the greenlet once
    gevent has patched it; `get_native_id()` is the system's, always.
    """
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    thread_ids.add(thread_id)
    os_threads.add(os_thread)
    say(
        f"Hello {seconds:g} now = {now()}"
        f" serve thread id = {thread_id} OS thread = {os_thread}"
    )


def say_bye(seconds: float) -> None:
    """Print who says goodbye, and when."""
    say(f"Bye.. {seconds:g} now = {now()}")


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its threads."""
    thread_ids.clear()
    os_threads.clear()
    say(f"== {model}")
    start = time.perf_counter()
    try:
        yield
    finally:
        took = time.perf_counter() - start
        say(
            f"== {model}: {took:.2f} s | thread ids {len(thread_ids)}"
            f" | OS threads {len(os_threads)}"
        )


def hello(seconds: float) -> None:
    """Say hello, block this thread for so many seconds, say goodbye."""
    say_hello(seconds)
    time.sleep(seconds)
    say_bye(seconds)


def sequential_test(seconds: Sequence[float] = SECONDS) -> None:
    """Call one hello after another."""
    with report("sequential"):
        for s in seconds:
            hello(s)


def thread_test(seconds: Sequence[float] = SECONDS) -> None:
    """Give each hello a thread; the system switches between them."""
    with report("thread"):
        # Nothing can interrupt a sleeping thread. A daemon ends with the
        # program, so that Ctrl-C need not wait for the longest sleep.
        threads = [
            threading.Thread(target=hello, args=(s,), daemon=True)
            for s in seconds
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def event_loop(tasks: Iterable[Generator[float, None, None]]) -> None:
    """Run generators that yield how many seconds they want to wait.

    Take the task that is due next, sleep until then, run it up to its next
    yield, and put it back. An error in a task stops the loop and reaches the
    caller.
    """
    # Where two tasks are due at the same time, the first come goes first.
    turn = itertools.count()
    waiting = [(0.0, next(turn), task) for task in tasks]
    while waiting:
        due, _, task = heapq.heappop(waiting)
        if due > (clock := time.perf_counter()):
            time.sleep(due - clock)
        try:
            due = next(task) + time.perf_counter()
        except StopIteration:
            continue
        heapq.heappush(waiting, (due, next(turn), task))


def yield_hello(seconds: float) -> Generator[float, None, None]:
    """Say hello, let the event loop wait so many seconds, say goodbye."""
    say_hello(seconds)
    yield seconds
    say_bye(seconds)


def yield_test(seconds: Sequence[float] = SECONDS) -> None:
    """Make each hello a generator; the event loop above resumes them."""
    with report("yield"):
        event_loop(yield_hello(s) for s in seconds)


@types.coroutine
def asyncio_hello(seconds: float) -> Generator[Any, None, None]:
    """Say hello, wait the old way, say goodbye."""
    say_hello(seconds)
    yield from asyncio.sleep(seconds)
    say_bye(seconds)


def asyncio_test(seconds: Sequence[float] = SECONDS) -> None:
    """Make each hello a generator that asyncio's event loop resumes."""

    # Since Python 3.12 asyncio.run takes nothing but an async def.
    async def main() -> None:
        await asyncio.gather(*map(asyncio_hello, seconds))

    with report("asyncio"):
        asyncio.run(main())


async def async_hello(seconds: float) -> None:
    """Say hello, wait the new way, say goodbye."""
    say_hello(seconds)
    await asyncio.sleep(seconds)
    say_bye(seconds)


def async_test(seconds: Sequence[float] = SECONDS) -> None:
    """Make each hello a coroutine that asyncio's event loop resumes.

    Who runs when, with waits of 1, 2 and 3 seconds:

    main    `gather` makes each hello a task; `await` hands over to the loop.
    loop    Three tasks are ready: it runs the first.
    task 1  Says hello; `sleep` sets a timer; `await` hands back to the loop.
    loop    Runs tasks 2 and 3, which do the same. Now nobody is ready, and
            the loop sleeps until the next timer, one second.
    task 1  Woken by its timer, goes on after `await`, says goodbye, ends.
    loop    Sleeps until the next timer: task 2, then task 3.
    main    Woken by `gather` when the last task has ended.
    """

    async def main() -> None:
        await asyncio.gather(*map(async_hello, seconds))

    with report("async"):
        asyncio.run(main())


def gevent_test(seconds: Sequence[float] = SECONDS) -> None:
    """Give each hello a greenlet; the patched sleep switches between them.

    Raises ModuleNotFoundError where gevent is not installed.
    """
    import gevent
    from gevent import monkey

    # time.sleep now switches to another greenlet. The patch is for the whole
    # process and for good, which is why each model has its own interpreter.
    monkey.patch_all()
    # gevent would print what goes wrong in a greenlet; joinall raises it.
    gevent.get_hub().exception_stream = None

    with report("gevent"):
        greenlets = [gevent.spawn(hello, s) for s in seconds]
        # Without raise_error an exception in a greenlet is printed and lost.
        gevent.joinall(greenlets, raise_error=True)


MODELS: dict[str, Callable[[Sequence[float]], None]] = {
    "sequential": sequential_test,
    "thread": thread_test,
    "yield": yield_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}


def run_each(models: Sequence[str], seconds: Sequence[float]) -> int:
    """Run each model in a fresh interpreter, then compare; 1 if one failed."""
    closing_lines = []
    status = 0
    for model in models:
        command = [sys.executable, __file__, model, "--seconds"]
        with subprocess.Popen(
            [*command, *map(str, seconds)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            try:
                for line in map(str.rstrip, child.stdout):
                    say(line)
                    if line.startswith(f"== {model}:"):
                        closing_lines.append(line)
            except KeyboardInterrupt:
                child.terminate()
                raise
        if child.returncode != 0:
            status = 1
    for line in closing_lines:
        say(line)
    return status


def model_name(text: str) -> str:
    """Return the text if it names a model; argparse reports it if not."""
    if text not in MODELS:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(MODELS)})"
        )
    return text


def seconds_from(text: str) -> float:
    """Return the seconds in the text; argparse reports what is no number."""
    with suppress(ValueError):
        if 0 <= float(text) <= 3600:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 3600")


def main() -> int:
    """Run the models that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [MODEL ...] [--seconds S ...]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        type=model_name,
        help="the models to run, in this order (default: all six)",
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        nargs="+",
        type=seconds_from,
        default=SECONDS,
        help="how long each hello waits (default: 1 2 3)",
    )
    args = parser.parse_args()
    # Where a reader such as `head` has gone, stop without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        if len(args.models) == 1:
            MODELS[args.models[0]](args.seconds)
            return 0
        return run_each(args.models or list(MODELS), args.seconds)
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed: python -m pip install"
            f" {error.name}",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
