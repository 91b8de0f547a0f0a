# /// script
# requires-python = ">=3.10"
# dependencies = []
# ///
"""What async and await are, one small step at a time.

Each step shows one thing, in a few lines. Many of them run the same three
hellos, which wait 1, 0.2 and 0.6 seconds: 1.8 where one waits after another,
1 where they all wait at the same time.

    coroutine      calling it makes an object and runs nothing
    await          runs a coroutine and gives back what it returns
    task           runs a coroutine while others wait
    reference      a task that nobody refers to can vanish
    future         a result that is promised now and set later
    awaitable      anything with __await__, and nothing else
    gather         all results, in the order of the question
    wait           who is done, and who is pending
    as_completed   all results, in the order of finishing
    group          one fails: gather lets the others run, TaskGroup does not
    cancel         a request, which arrives as CancelledError
    timeout        cancels what takes too long, and raises TimeoutError
    blocking       one blocking call stops every coroutine
    callback       called in the loop's thread, wherever the work was done
    iterate        async for and async with can wait
    lock           threads lose updates between a read and a write
    no_lock        coroutines lose them only where they await in between
    loop_thread    a loop in a thread of its own takes work from other threads
    cpu            coroutines take turns, processes work at the same time

    python asyc_test.py                 takes all steps, in 16 seconds
    python asyc_test.py task cancel     takes these two

    $ python asyc_test.py task
    == task
    main: pending, pending, pending
    Hello 1 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Hello 0.2 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Hello 0.6 now = 17:29:19 serve thread id = 140376972319840 OS thread = 8970
    Bye.. 0.2 now = 17:29:19
    Bye.. 0.6 now = 17:29:20
    Bye.. 1 now = 17:29:20
    main: done, done, done, results [1.0, 0.2, 0.6]
    == task: 1.00 s | one after another 1.80 s

In the code, `STEP_test()` is a step. Where it is an `async def`, asyncio's
event loop runs it; a plain `def` starts without a loop.
"""

import argparse
import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    Sequence,
)
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.synchronize import Barrier
from typing import Any

SECONDS = (1.0, 0.2, 0.6)

# How many count together, in `lock` and `no_lock`.
WORKERS = 5

# In `cpu`: so many jobs, of so many turns, of so many seconds.
JOBS = 4
TURNS = 4
TURN = 0.04
PIXEL = TURN / 2

waited: list[float] = []


def now() -> str:
    """Return the time of day as HH:MM:SS."""
    return time.strftime("%H:%M:%S")


def where() -> str:
    """Return the thread this runs in: Python's id, and the system's."""
    return (
        f"serve thread id = {threading.get_ident()}"
        f" OS thread = {threading.get_native_id()}"
    )


def state(future: asyncio.Future[Any]) -> str:
    """Return whether a future or a task is pending, cancelled or done."""
    if future.cancelled():
        return "cancelled"
    return "done" if future.done() else "pending"


def say(line: str) -> None:
    """Print a line whole and at once, also through a pipe."""
    # print writes its end separately, and another thread can get in between.
    print(line + "\n", end="", flush=True)


def say_hello(seconds: float) -> None:
    """Print who says hello, when, and in which thread."""
    say(f"Hello {seconds:g} now = {now()} {where()}")


def say_bye(seconds: float) -> None:
    """Print who says goodbye, and when, and remember the wait."""
    waited.append(seconds)
    say(f"Bye.. {seconds:g} now = {now()}")


@contextmanager
def stopwatch(name: str) -> Iterator[None]:
    """Run the block, print its seconds, and the sum of its hellos' waits."""
    start = time.perf_counter()
    yield
    line = f"{name}: {time.perf_counter() - start:.2f} s"
    if len(waited) > 1:
        line += f" | one after another {sum(waited):.2f} s"
    waited.clear()
    say(line)


async def hello(seconds: float) -> float:
    """Say hello, wait so many seconds, say goodbye, return the seconds."""
    say_hello(seconds)
    await asyncio.sleep(seconds)
    say_bye(seconds)
    return seconds


def coroutine_test() -> None:
    """Calling an `async def` runs nothing: it makes a coroutine object.

    Sending None into the object runs it up to where it waits. Sent again, it
    goes on to its end, and StopIteration carries the result. An event loop
    does just that, each time that what was waited for is there.
    """
    coroutine = hello(0)
    say(f"main: {type(coroutine).__name__} object, nothing has run")
    coroutine.send(None)
    say("main: it waits at its await")
    try:
        coroutine.send(None)
    except StopIteration as stop:
        say(f"main: StopIteration, value {stop.value}")

    # Python warns when a coroutine is thrown away that was never started.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        forgotten = hello(0)
        del forgotten
    for warning in caught:
        say(f"main: {warning.category.__name__}: {warning.message}")


async def await_test() -> None:
    """`await` runs a coroutine to its end and gives back what it returns.

    Until then whoever awaits goes no further, so these run one by one.
    """
    results = [await hello(s) for s in SECONDS]
    say(f"main: results {results}")


async def task_test() -> None:
    """A task runs its coroutine whenever the loop is free, beside others.

    Creating one only tells the loop. It gets its turn when `await` lets go.
    """
    tasks = [asyncio.create_task(hello(s)) for s in SECONDS]
    say(f"main: {', '.join(map(state, tasks))}")
    results = [await task for task in tasks]
    say(f"main: {', '.join(map(state, tasks))}, results {results}")


async def reference_test() -> None:
    """Keep a reference to each task: the loop itself has only a weak one.

    This task and the event it waits for know nobody but each other, so the
    garbage collector takes them both, in the middle of the work.
    """
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: say(f"loop: {context['message']}")
    )
    task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    say(f"main: {state(task)}, now let go of it")
    del task
    gc.collect()


async def future_test() -> None:
    """A future is a result that is promised now and set later.

    A task is a future too: the result is what its coroutine returns.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def keep_promise() -> None:
        say(f"loop: set_result now = {now()}")
        future.set_result("a reply")

    loop.call_later(0.3, keep_promise)
    say(f"main: {state(future)} now = {now()}")
    result = await future
    say(f"main: {state(future)}, result {result!r}")
    say(
        f"main: a task is a future: {issubclass(asyncio.Task, asyncio.Future)}"
    )


class Hello:
    """A hello that `await` takes, because it has `__await__`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Any, None, float]:
        """Say hello, wait, say goodbye, in a generator as before 3.5."""
        say_hello(self.seconds)
        yield from asyncio.sleep(self.seconds).__await__()
        say_bye(self.seconds)
        return self.seconds


async def awaitable_test() -> None:
    """`await` takes an awaitable: what has `__await__`, and nothing else.

    Coroutines, tasks and futures have it, and any class can.
    """
    say(f"main: result {await Hello(0.3)}")
    number: Any = 0.3
    try:
        await number
    except TypeError as error:
        say(f"main: TypeError: {error}")


async def gather_test() -> None:
    """`gather` gives all results in the order asked, whoever ends first."""
    results = await asyncio.gather(*map(hello, SECONDS))
    say(f"main: results {results}")


async def wait_test() -> None:
    """`wait` tells who is done and who is pending, and leaves them running."""
    tasks = [asyncio.create_task(hello(s)) for s in SECONDS]
    for when in (asyncio.FIRST_COMPLETED, asyncio.ALL_COMPLETED):
        done, pending = await asyncio.wait(tasks, return_when=when)
        say(f"main: {when}: {len(done)} done, {len(pending)} pending")


async def as_completed_test() -> None:
    """`as_completed` gives each result as soon as it is there."""
    tasks = [asyncio.create_task(hello(s)) for s in SECONDS]
    for next_one in asyncio.as_completed(tasks):
        say(f"main: result {await next_one}")


async def fail(seconds: float) -> None:
    """Wait so many seconds, then raise ConnectionError."""
    await asyncio.sleep(seconds)
    raise ConnectionError("no reply")


async def group_test() -> None:
    """One fails: gather lets its siblings run, a TaskGroup cancels them.

    A TaskGroup ends when all its tasks have ended. Their errors arrive
    together in an ExceptionGroup, which `except*` takes apart.
    """
    sibling = asyncio.create_task(hello(0.6))
    try:
        await asyncio.gather(sibling, fail(0.1))
    except ConnectionError as error:
        say(f"main: {error!r} from gather, sibling {state(sibling)}")
    await sibling

    if sys.version_info < (3, 11):
        say("main: TaskGroup skipped, it needs Python 3.11")
        return
    try:
        async with asyncio.TaskGroup() as group:
            sibling = group.create_task(hello(0.6))
            group.create_task(fail(0.1))
    except Exception as error:  # except* is a syntax error in Python 3.10
        say(f"main: {error!r}, sibling {state(sibling)}")


async def polite() -> None:
    """Clean up when cancelled, and let the cancellation go on."""
    try:
        await hello(60)
    except asyncio.CancelledError:
        say("polite: CancelledError at my await")
        raise
    finally:
        say("polite: cleaned up")


async def deaf() -> None:
    """Broken: swallow the cancellation, and go on as if nothing had been."""
    try:
        await hello(60)
    except asyncio.CancelledError:
        say("deaf: CancelledError at my await, never mind")


async def cancel_test() -> None:
    """`cancel` asks a task to end: its `await` raises CancelledError.

    It has to come out of the coroutine again, or the task is not cancelled.
    """
    for twin in (polite, deaf):
        task = asyncio.create_task(twin())
        await asyncio.sleep(0.2)
        task.cancel()
        say(f"main: asked {twin.__name__} to end, it is {state(task)}")
        await asyncio.wait([task])
        say(f"main: {twin.__name__} is {state(task)}")


async def timeout_test() -> None:
    """A timeout cancels what takes too long, and raises TimeoutError.

    `wait_for` gives one awaitable a time limit, `timeout` a whole block.
    """
    try:
        await asyncio.wait_for(polite(), 0.2)
    except asyncio.TimeoutError:  # before 3.11 not yet the built-in one
        say("main: TimeoutError from wait_for")

    if sys.version_info < (3, 11):
        say("main: timeout skipped, it needs Python 3.11")
        return
    try:
        async with asyncio.timeout(0.5):
            await hello(0.1)
            await polite()
    except TimeoutError:
        say("main: TimeoutError from timeout")


def blocking_hello(seconds: float) -> None:
    """Say hello, block this thread for so many seconds, say goodbye."""
    say_hello(seconds)
    time.sleep(seconds)
    say_bye(seconds)


async def broken_hello(seconds: float) -> None:
    """Broken: block the loop's thread, and so whatever else would run."""
    blocking_hello(seconds)


async def fixed_hello(seconds: float) -> None:
    """Block another thread instead, and wait for it."""
    await asyncio.to_thread(blocking_hello, seconds)


async def blocking_test() -> None:
    """One blocking call stops every coroutine; in a thread it stops none.

    Debug mode finds it: the loop reports whoever held it for 0.1 seconds.
    `asyncio.run(..., debug=True)` or `python -X dev` switch it on as well.
    """
    for twin in (broken_hello, fixed_hello):
        with stopwatch(twin.__name__):
            await asyncio.gather(*map(twin, SECONDS))

    logging.basicConfig(stream=sys.stdout, format="%(name)s: %(message)s")
    asyncio.get_running_loop().set_debug(True)
    await asyncio.create_task(broken_hello(0.2))


async def callback_test() -> None:
    """The loop calls a done callback, in its thread, wherever the work was."""

    def on_done(task: asyncio.Task[None]) -> None:
        say(f"callback: {state(task)} {where()}")

    say(f"main: {where()}")
    task = asyncio.create_task(fixed_hello(0.3))
    task.add_done_callback(on_done)
    await task


async def replies() -> AsyncIterator[float]:
    """Yield the reply to each hello: an asynchronous generator."""
    for seconds in SECONDS:
        yield await hello(seconds)


@asynccontextmanager
async def connection() -> AsyncIterator[None]:
    """Open a connection, and close it after the block."""
    await asyncio.sleep(0.1)
    say("connection: open")
    try:
        yield
    finally:
        await asyncio.sleep(0.1)
        say("connection: closed")


async def iterate_test() -> None:
    """`async with` and `async for` can wait, and others run meanwhile.

    The values still come one after another: `async for` starts no task.
    """
    other = asyncio.create_task(hello(0.4))
    async with connection():
        async for reply in replies():
            say(f"main: reply {reply}")
    await other


async def lock_test() -> None:
    """Threads lose updates between a read and a write; a lock prevents it."""
    count = 0
    all_have_read = threading.Barrier(WORKERS, timeout=3)
    lock = threading.Lock()

    def unlocked() -> None:
        nonlocal count
        read = count
        # The system can switch threads anywhere. Here it has to.
        all_have_read.wait()
        count = read + 1

    def locked() -> None:
        nonlocal count
        with lock:
            read = count
            time.sleep(0.01)
            count = read + 1

    for worker in (unlocked, locked):
        count = 0
        await asyncio.gather(
            *(asyncio.to_thread(worker) for _ in range(WORKERS))
        )
        say(f"{WORKERS} threads, {worker.__name__}: counted to {count}")


async def no_lock_test() -> None:
    """Coroutines lose updates only where they await in between."""
    count = 0
    lock = asyncio.Lock()

    async def no_await() -> None:
        nonlocal count
        read = count
        count = read + 1

    async def await_between() -> None:
        nonlocal count
        read = count
        await asyncio.sleep(0)
        count = read + 1

    async def await_locked() -> None:
        nonlocal count
        async with lock:
            read = count
            await asyncio.sleep(0)
            count = read + 1

    for worker in (no_await, await_between, await_locked):
        count = 0
        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        say(f"{WORKERS} coroutines, {worker.__name__}: counted to {count}")


def loop_thread_test() -> None:
    """A loop in a thread of its own takes coroutines from other threads.

    Only what is called threadsafe may be called from outside the loop.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    say(f"main: {where()}")
    future = asyncio.run_coroutine_threadsafe(hello(0.3), loop)
    say(f"main: result {future.result()}")
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    say(f"main: loop closed, threads {threading.active_count()}")


# What a job tells: its process, and when each of its turns began and ended.
Job = tuple[int, list[tuple[float, float]]]


def count(numbers: int) -> None:
    """Keep a core busy."""
    for _ in range(numbers):
        pass


def numbers_in(seconds: float) -> int:
    """Return how far a core of this machine counts in so many seconds."""
    numbers, took = 1000, 0.0
    while took < 0.05:
        numbers *= 2
        start = time.process_time()
        count(numbers)
        took = time.process_time() - start
    return int(numbers * seconds / took)


async def job(numbers: int) -> Job:
    """Count so many numbers in each turn, and let others have theirs."""
    turns = []
    for _ in range(TURNS):
        # time.time is the clock that processes have in common.
        start = time.time()
        count(numbers)
        turns.append((start, time.time()))
        await asyncio.sleep(0)
    return os.getpid(), turns


async def one_after_another(numbers: int) -> list[Job]:
    """Run all jobs, each to its end."""
    return [await job(numbers) for _ in range(JOBS)]


async def coroutines(numbers: int, jobs: int = JOBS) -> list[Job]:
    """Run so many jobs, which take turns."""
    return await asyncio.gather(*(job(numbers) for _ in range(jobs)))


def half(numbers: int) -> list[Job]:
    """Run half of the jobs as coroutines, in a process of their own."""
    return asyncio.run(coroutines(numbers, JOBS // 2), debug=False)


def begin(both: Barrier) -> None:
    """Begin a process: leave Ctrl-C to the parent, wait for the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Neither takes its half before both are there, or one might take both.
    both.wait()


@contextmanager
def no_signals() -> Iterator[None]:
    """Hold signals back here, and from what the block starts for good.

    A terminal sends Ctrl-C to every process, and one that has hardly started
    would report it with a traceback. A thread that writes to a process which
    has ended would end this one. Windows has no such signals to hold back.
    """
    if sys.platform == "win32":
        yield
        return
    signals = [signal.SIGINT, signal.SIGPIPE]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


async def processes(numbers: int) -> list[Job]:
    """Run half of the jobs in one process, and half in another."""
    loop = asyncio.get_running_loop()
    both = multiprocessing.Barrier(2)
    with ProcessPoolExecutor(2, initializer=begin, initargs=(both,)) as pool:
        try:
            with no_signals():
                halves = [
                    loop.run_in_executor(pool, half, numbers) for _ in range(2)
                ]
            first, second = await asyncio.gather(*halves)
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise
        return first + second


async def draw(running: Coroutine[Any, Any, list[Job]]) -> float:
    """Run the jobs, draw who counted when, and return the seconds."""
    began = time.time()
    jobs = await running
    took = time.time() - began
    clock = [began + (n + 0.5) * PIXEL for n in range(int(took / PIXEL))]
    for number, (process, turns) in enumerate(jobs, 1):
        drawn = "".join(
            "#" if any(start <= t < end for start, end in turns) else "."
            for t in clock
        )
        say(f"job {number} process = {process} {drawn}")
    return took


async def cpu_test() -> None:
    """Concurrent is taking turns, parallel is working at the same time.

    Coroutines take turns in one thread: no help where there is something to
    compute. Processes work in parallel, with coroutines inside them.
    """
    numbers = numbers_in(TURN)
    say(f"main: {os.cpu_count()} cores, a # is {PIXEL} s of counting")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        say("main: a free-threaded Python, where threads are parallel too")
    alone = await draw(one_after_another(numbers))
    say(f"one_after_another: {alone:.2f} s")
    for run in (coroutines, processes):
        took = await draw(run(numbers))
        say(
            f"{run.__name__}: {took:.2f} s | one after another {alone:.2f} s"
            f" | {alone / took:.1f} times as fast"
        )


STEPS: dict[str, Callable[[], Coroutine[Any, Any, None] | None]] = {
    "coroutine": coroutine_test,
    "await": await_test,
    "task": task_test,
    "reference": reference_test,
    "future": future_test,
    "awaitable": awaitable_test,
    "gather": gather_test,
    "wait": wait_test,
    "as_completed": as_completed_test,
    "group": group_test,
    "cancel": cancel_test,
    "timeout": timeout_test,
    "blocking": blocking_test,
    "callback": callback_test,
    "iterate": iterate_test,
    "lock": lock_test,
    "no_lock": no_lock_test,
    "loop_thread": loop_thread_test,
    "cpu": cpu_test,
}


def take(steps: Sequence[str]) -> None:
    """Take the steps, each between a heading and a closing line."""
    for step in steps:
        say(f"== {step}")
        with stopwatch(f"== {step}"):
            coroutine = STEPS[step]()
            if coroutine:
                # Without debug=False, -X dev turns debug mode on in each step.
                asyncio.run(coroutine, debug=False)


def step_name(text: str) -> str:
    """Return the text if it names a step; argparse reports it if not."""
    if text not in STEPS:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(STEPS)})"
        )
    return text


def main() -> int:
    """Take the steps that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [STEP ...]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "steps",
        metavar="STEP",
        nargs="*",
        type=step_name,
        help="the steps to take, in this order (default: all)",
    )
    args = parser.parse_args()
    # Where a reader such as `head` has gone, stop without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        take(args.steps or list(STEPS))
    except KeyboardInterrupt:
        # Python 3.10 would report the tasks that Ctrl-C interrupted.
        logging.disable()
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
