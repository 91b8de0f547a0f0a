# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""What async and await are, one small step at a time.

Each step shows one thing, in a few lines. Many of them run the same three
hellos, which wait 1, 0.2 and 0.6 seconds: 1.8 where one waits after another,
1 where they all wait at the same time.

  Every day
    run            calling a coroutine runs nothing, asyncio.run does
    await          runs a coroutine, and gives back what it returns
    task           runs a coroutine while others wait
    group          a TaskGroup waits for all, and cancels them if one fails
    gather         all results, in the order asked; if one fails, others go on
    timeout        cancels what takes too long, and raises TimeoutError
    cancel         a request, which arrives as CancelledError
    limit          a semaphore: twenty hellos, five at a time
    blocking       one blocking call stops every coroutine; give it a thread
    give_way       which await lets others run, and which does not
    error          a task fails, and nobody is told
    reference      a task that nobody refers to can vanish

  When you need it
    wait           who is done, and who is pending
    as_completed   all results, in the order of finishing
    iterate        async for and async with can wait
    shutdown       a queue tells everybody that nothing more comes
    debug          who blocks the loop
    pool           how many to_thread calls run at once
    no_stop        a timeout does not stop a thread
    loop_thread    a loop in a thread of its own takes work from other threads
    nested         no asyncio.run where a loop runs already
    other_loop     what belongs to one loop is of no use in another

  How it works
    coroutine      send runs it up to where it waits
    future         a result that is promised now and set later
    awaitable      a coroutine, or what has __await__, and nothing else
    eager          a task that starts before its turn
    callback       called in the loop's thread, wherever the work was done

  The limits
    lock           threads lose updates between a read and a write
    no_lock        coroutines lose them only where they await in between
    pickle         what another process can be sent
    cpu            coroutines take turns, processes work at the same time

    python asyc_test.py                 takes all steps, in 23 seconds
    python asyc_test.py task cancel     takes these two

In the code, `STEP_test()` is a step. Where it is an `async def`, asyncio's
event loop runs it; a plain `def` starts without a loop.
"""

import argparse
import asyncio
import contextlib
import errno
import gc
import logging
import os
import pickle
import platform
import signal
import sys
import threading
import time
import types
import warnings
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from concurrent import futures
from typing import Any

SECONDS = (1.0, 0.2, 0.6)


async def hello(seconds: float) -> float:
    """Say hello, wait so many seconds, say goodbye, return the seconds."""
    say_hello(seconds)
    await asyncio.sleep(seconds)
    say_bye(seconds)
    return seconds


async def fail(seconds: float) -> None:
    """Wait so many seconds, then raise ConnectionError."""
    await asyncio.sleep(seconds)
    raise ConnectionError("no reply")


# Every day


def run_test() -> None:
    """Calling an `async def` runs nothing: it makes a coroutine object.

    asyncio.run starts an event loop, which runs the object to its end. Python
    warns of an object that is thrown away before it has run.
    """
    coroutine = hello(0.2)
    say(f"main: {type(coroutine).__name__} object, nothing has run")
    result = asyncio.run(coroutine)
    say(f"main: result {result}")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        forgotten = hello(0.2)
        del forgotten
    say(f"main: RuntimeWarning: {caught[0].message}")


async def await_test() -> None:
    """`await` runs a coroutine to its end and gives back what it returns.

    Until then whoever awaits goes no further, so these run one by one.
    """
    results = [await hello(s) for s in SECONDS]
    say(f"main: results {results}")


async def task_test() -> None:
    """A task wraps a coroutine: it runs it beside others, and has its state.

    Creating one only tells the loop. It gets its turn when `main` waits.
    """
    tasks = [asyncio.create_task(hello(s)) for s in SECONDS]
    say(f"main: {', '.join(map(state, tasks))}")
    results = [await task for task in tasks]
    say(f"main: {', '.join(map(state, tasks))}, results {results}")


async def group_test() -> None:
    """A TaskGroup waits for all its tasks; if one fails, it cancels the rest.

    No task is left behind, which makes it the first choice. The errors arrive
    together, in an ExceptionGroup that `except*` takes apart.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(hello(s)) for s in SECONDS]
    say(f"main: results {[task.result() for task in tasks]}")

    try:
        async with asyncio.TaskGroup() as group:
            sibling = group.create_task(hello(0.6))
            group.create_task(fail(0.1))
    except* ConnectionError as errors:  # Python 3.11 or newer is needed
        say(f"main: {errors.exceptions}, sibling {state(sibling)}")


async def gather_test() -> None:
    """`gather` gives all results in the order asked, whoever ends first.

    If one fails, its error arrives at once and the others go on. Take it with
    return_exceptions where each may fail by itself: it waits for all of them.
    """
    results = await asyncio.gather(*map(hello, SECONDS))
    say(f"main: results {results}")

    sibling = asyncio.create_task(hello(0.4))
    try:
        await asyncio.gather(sibling, fail(0.1))
    except ConnectionError as error:
        say(f"main: {error!r}, sibling {state(sibling)}")
    await sibling

    replies = asyncio.gather(hello(0.2), fail(0.1), return_exceptions=True)
    say(f"main: results {await replies}")


async def polite() -> None:
    """Clean up when cancelled, and let the cancellation go on."""
    try:
        await hello(60)
    except asyncio.CancelledError:
        say("polite: CancelledError at my await")
        raise
    finally:
        say("polite: cleaned up")


async def timeout_test() -> None:
    """A timeout cancels what takes too long, and raises TimeoutError.

    `wait_for` gives one awaitable a time limit, `timeout` a whole block.
    """
    try:
        await asyncio.wait_for(polite(), 0.2)
    except TimeoutError:
        say("main: TimeoutError from wait_for")

    try:
        async with asyncio.timeout(0.5):
            await hello(0.1)
            await polite()
    except TimeoutError:
        say("main: TimeoutError from timeout")


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


async def limit_test() -> None:
    """A semaphore has so many places; the next one waits until one is free."""
    places = asyncio.Semaphore(5)

    async def limited_hello(seconds: float) -> None:
        async with places:
            await hello(seconds)

    # From 0.2 to 0.39 seconds, so that each has a name.
    seconds = [n / 100 for n in range(20, 40)]
    await asyncio.gather(*map(limited_hello, seconds))


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

    `requests.get` blocks as time.sleep does, and so does a long calculation.
    """
    for twin in (broken_hello, fixed_hello):
        with stopwatch(twin.__name__):
            await asyncio.gather(*map(twin, SECONDS))


async def never_waits() -> None:
    """Do nothing."""


@types.coroutine
def bare_yield() -> Generator[None, None, None]:
    """Let everybody else run once, as asyncio.sleep(0) does."""
    yield


async def give_way_test() -> None:
    """`await` lets others run only where it has to wait.

    A coroutine that never waits, or `put` on a queue with room, goes straight
    on. `sleep(0)` gives way: it is a bare `yield`.
    """
    queue: asyncio.Queue[int] = asyncio.Queue()
    ways: Any = [never_waits(), queue.put(1), asyncio.sleep(0), bare_yield()]
    for way in ways:
        other = asyncio.create_task(never_waits())
        await way
        say(f"main: after await {way.__name__} the other is {state(other)}")
        await other


def on_loop_error(
    _: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Say what the loop would write to the log."""
    say(f"loop: {context['message']}")


async def error_test() -> None:
    """A task keeps its error for whoever awaits it, and tells nobody else.

    If nobody does, the loop reports it once the task is thrown away, which
    may be never. Await each task, or use a TaskGroup, or add a callback.
    """
    asyncio.get_running_loop().set_exception_handler(on_loop_error)
    task = asyncio.create_task(fail(0.1))
    await asyncio.sleep(0.3)
    say(f"main: the task is {state(task)}, and nobody was told")
    del task
    gc.collect()

    task = asyncio.create_task(fail(0.1))
    task.add_done_callback(lambda t: say(f"callback: {t.exception()!r}"))
    try:
        await task
    except ConnectionError as error:
        say(f"main: {error!r}")


async def reference_test() -> None:
    """Keep a reference to each task: the loop itself has only a weak one.

    This task and the event it waits for know nobody but each other, so the
    garbage collector takes them both, in the middle of the work.
    """
    asyncio.get_running_loop().set_exception_handler(on_loop_error)
    task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    say(f"main: {state(task)}, now let go of it")
    del task
    gc.collect()


# When you need it


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


async def replies() -> AsyncIterator[int]:
    """Wait for each reply, and yield it: an asynchronous generator."""
    for reply in (1, 2, 3):
        await asyncio.sleep(0.4)
        yield reply


@contextlib.asynccontextmanager
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
    task = asyncio.create_task(hello(0.8))
    async with connection():
        async for reply in replies():
            say(f"main: reply {reply}")
    await task


async def shutdown_test() -> None:
    """`Queue.shutdown` tells everybody that nothing more comes.

    What is in the queue is still handed out. After that `get` raises
    QueueShutDown, also where it waits already; `put` raises it at once.
    """
    if sys.version_info < (3, 13):
        say("main: skipped, Queue.shutdown needs Python 3.13")
        return
    queue: asyncio.Queue[float] = asyncio.Queue()

    async def consumer(name: str) -> None:
        try:
            while True:
                await hello(await queue.get())
        except asyncio.QueueShutDown:
            say(f"{name}: QueueShutDown")

    async with asyncio.TaskGroup() as group:
        for name in ("consumer 1", "consumer 2"):
            group.create_task(consumer(name))
        for seconds in SECONDS:
            await queue.put(seconds)
        queue.shutdown()
        say(f"main: nothing more comes, {queue.qsize()} in the queue")


def debug_test() -> None:
    """Debug mode reports whoever held the loop for 0.1 seconds or more.

    `python -X dev` turns it on as well.
    """
    logging.basicConfig(stream=sys.stdout, format="%(name)s: %(message)s")
    asyncio.run(broken_hello(0.2), debug=True)


async def pool_test() -> None:
    """`to_thread` has a pool of threads; if all are busy, a call waits.

    The whole program shares its min(32, cores + 4) threads. Whoever needs
    more gives `loop.run_in_executor` a pool of their own.
    """

    def block() -> int:
        time.sleep(0.1)
        return threading.get_ident()

    calls = [asyncio.to_thread(block) for _ in range(40)]
    threads = set(await asyncio.gather(*calls))
    say(f"main: {len(calls)} calls of 0.1 s in {len(threads)} threads")


async def no_stop_test() -> None:
    """A timeout stops waiting for a thread; nobody can stop the thread.

    It goes on, and asyncio.run waits for it before it returns. What is to end
    sooner needs a timeout of its own, or an event that tells it to end.
    """
    try:
        async with asyncio.timeout(0.2):
            await asyncio.to_thread(blocking_hello, 1)
    except TimeoutError:
        say("main: TimeoutError, and the thread goes on")

    told_to_end = threading.Event()
    try:
        async with asyncio.timeout(0.2):
            await asyncio.to_thread(told_to_end.wait, 60)
    except TimeoutError:
        say("main: TimeoutError, and the thread is told to end")
    finally:
        told_to_end.set()
    say("main: returns")


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


async def nested_test() -> None:
    """asyncio.run starts a loop, and a thread has room for one at a time.

    Inside a coroutine, `await` is all you need; also in a notebook, where a
    loop runs already. Code that calls asyncio.run itself can have a thread.
    """
    coroutine = hello(0.2)
    try:
        asyncio.run(coroutine)
    except RuntimeError as error:
        say(f"main: RuntimeError: {error}")
    say(f"main: result {await coroutine}")

    result = await asyncio.to_thread(asyncio.run, hello(0.3))
    say(f"main: result {result} from a thread")


def other_loop_test() -> None:
    """What has waited in one loop belongs to it, and is of no use in another.

    Each asyncio.run makes a new loop. Have one in the program, and create
    queues, locks and sessions inside it.
    """
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def wait_for_item() -> asyncio.Future[str]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(queue.get(), 0.1)
        say("main: the queue belongs to this loop now")
        return asyncio.get_running_loop().create_future()

    async def wait_for_promise() -> None:
        await future

    future = asyncio.run(wait_for_item())
    for coroutine in (queue.get(), wait_for_promise()):
        try:
            asyncio.run(coroutine)
        except RuntimeError as error:
            say(f"main: RuntimeError: {error}")


# How it works


def coroutine_test() -> None:
    """`send` runs a coroutine object up to where it waits.

    Sent again, it goes on to its end, and StopIteration carries the result.
    An event loop sends each time that what was waited for is there.
    """
    coroutine = hello(0)
    coroutine.send(None)
    say("main: it waits at its await")
    try:
        coroutine.send(None)
    except StopIteration as stop:
        say(f"main: StopIteration, value {stop.value}")


async def future_test() -> None:
    """A future is a result that is promised now and set later.

    Here the loop sets it. A task is a future too: its result is what the
    coroutine returns.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    loop.call_later(0.3, future.set_result, "a reply")
    say(f"main: {state(future)} now = {now()}")
    say(f"main: result {await future!r}, {state(future)} now = {now()}")


class Hello:
    """A hello that `await` takes, because it has `__await__`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Any, None, float]:
        return hello(self.seconds).__await__()


async def awaitable_test() -> None:
    """`await` takes a coroutine, or what has `__await__`, and nothing else.

    Coroutine inherits Awaitable; tasks and futures are awaitable, and so is
    any class with `__await__`. What types.coroutine makes has none: it is a
    generator that is marked as a coroutine.
    """
    number: Any = 0.3
    for thing in (hello(0.2), Hello(0.3), bare_yield(), number):
        is_one = isinstance(thing, Awaitable)
        say(f"main: a {type(thing).__name__}, Awaitable: {is_one}")
        try:
            say(f"main: result {await thing}")
        except TypeError as error:
            say(f"main: TypeError: {error}")


async def eager_test() -> None:
    """An eager task runs as soon as it is created, up to where it waits."""
    if sys.version_info < (3, 12):
        say("main: skipped, eager tasks need Python 3.12")
        return
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    task = asyncio.create_task(never_waits())
    say(f"main: after create_task it is {state(task)}")


async def callback_test() -> None:
    """The loop calls a done callback, in its thread, wherever the work was."""

    def on_done(task: asyncio.Task[None]) -> None:
        say(f"callback: {state(task)} {where()}")

    say(f"main: {where()}")
    task = asyncio.create_task(fixed_hello(0.3))
    task.add_done_callback(on_done)
    await task


# The limits

WORKERS = 5


async def lock_test() -> None:
    """Threads lose updates between a read and a write; a lock prevents it.

    With a GIL, Python switches threads only at some places, such as a call.
    There is none inside `count += 1`, so it loses nothing today. But nobody
    promises that, and without a GIL the other threads run all the time.
    """
    count = 0
    lock = threading.Lock()

    def successor(number: int) -> int:
        return number + 1

    def add_one(times: int) -> None:
        nonlocal count
        for _ in range(times):
            count += 1

    def call_between(times: int) -> None:
        nonlocal count
        for _ in range(times):
            count = successor(count)

    def locked(times: int) -> None:
        for _ in range(times):
            with lock:
                call_between(1)

    # Waiting for a lock takes time, so do it less often.
    workers = {add_one: 1_000_000, call_between: 1_000_000, locked: 10_000}
    for worker, times in workers.items():
        count = 0
        threads = [asyncio.to_thread(worker, times) for _ in range(WORKERS)]
        await asyncio.gather(*threads)
        say(f"{worker.__name__}: counted to {count:,} of {WORKERS * times:,}")


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
        async with lock:
            await await_between()

    for worker in (no_await, await_between, await_locked):
        count = 0
        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        say(f"{worker.__name__}: counted to {count} of {WORKERS}")


def pickle_test() -> None:
    """What another process is sent is pickled: plain data, and names.

    A function is sent by its name, so it must have one in its module. Send
    that and its arguments; the coroutine is made over there.
    """
    coroutine = hello(0)
    for what, thing in {
        "a function": hello,
        "a lambda": lambda: hello(0),
        "a coroutine": coroutine,
    }.items():
        try:
            say(f"main: {what}, {len(pickle.dumps(thing))} bytes")
        # Which of them it is differs between the versions of Python.
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            say(f"main: {what}, {type(error).__name__}: {error}")
    coroutine.close()


def cpu_test() -> None:
    """Concurrent is taking turns, parallel is working at the same time.

    Coroutines take turns in one thread: no help where there is something to
    compute. So do threads, as long as there is a GIL. Processes work in
    parallel, with coroutines inside them; so do interpreters, in threads.
    """
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    gil = "with a GIL" if has_gil else "without a GIL"
    cores = usable_cores()
    say(f"main: cores {cores} | Python {platform.python_version()} {gil}")
    if cores == 1:
        say("main: on one core nothing can work at the same time")

    alone = clock("one after another", ["a", "b", "c", "d"])
    clock("coroutines", ["abcd"], alone)
    halves = ["ab", "cd"]
    clock("threads", halves, alone, futures.ThreadPoolExecutor(2))
    processes = futures.ProcessPoolExecutor(2, initializer=begin)
    clock("processes", halves, alone, processes)
    if sys.version_info < (3, 14):
        say("interpreters: skipped, they need Python 3.14")
        return
    interpreters = futures.InterpreterPoolExecutor(2, initializer=begin)
    clock("interpreters", halves, alone, interpreters)


# Every function above whose name ends in _test is a step, in that order.
STEPS = {
    name.removesuffix("_test"): value
    for name, value in list(globals().items())
    if name.endswith("_test")
}


# The rest prints, counts, and reads the command line.

waited: list[float] = []


def now() -> str:
    return time.strftime("%H:%M:%S")


def where() -> str:
    return (
        f"serve thread id = {threading.get_ident()}"
        f" OS thread = {threading.get_native_id()}"
    )


def state(future: asyncio.Future[Any]) -> str:
    if not future.done():
        return "pending"
    return "done (cancelled)" if future.cancelled() else "done"


def say(line: str) -> None:
    # One write for each line, or lines of two threads can mix.
    print(line + "\n", end="", flush=True)


def say_hello(seconds: float) -> None:
    say(f"Hello {seconds:g} now = {now()} {where()}")


def say_bye(seconds: float) -> None:
    waited.append(seconds)
    say(f"Bye.. {seconds:g} now = {now()}")


@contextlib.contextmanager
def stopwatch(name: str) -> Iterator[None]:
    """Run the block, print its seconds, and the sum of its hellos' waits."""
    start = time.perf_counter()
    yield  # no coroutine: here the block of the `with` runs
    line = f"{name}: {time.perf_counter() - start:.2f} s"
    if len(waited) > 1:
        line += f" | one after another {sum(waited):.2f} s"
    waited.clear()
    say(line)


def usable_cores() -> int:
    """Return how many cores this process may use; `taskset` forbids some."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def work(names: str) -> str:
    """Count in turns, a coroutine for each name; return where, whose turns."""
    turns = []

    async def job(name: str) -> None:
        for _ in range(4):
            for _ in range(6_000_000):
                pass
            turns.append(name)
            await asyncio.sleep(0)

    async def jobs() -> None:
        await asyncio.gather(*map(job, names))

    asyncio.run(jobs(), debug=False)
    os_thread = threading.get_native_id()
    return f"process = {os.getpid()} OS thread = {os_thread} {''.join(turns)}"


def clock(
    name: str,
    parts: list[str],
    alone: float = 0,
    pool: futures.Executor | None = None,
) -> float:
    """Work on the parts, here or in a pool; print who did, and how long."""
    with pool or contextlib.nullcontext():
        if pool:
            start_both(pool)
        start = time.perf_counter()
        lines = list(pool.map(work, parts) if pool else map(work, parts))
        took = time.perf_counter() - start
    # No worker is left that would outlive this process if nobody reads this.
    for line in lines:
        say(f"{name}: {line}")
    ratio = f" | {alone / took:.1f} times as fast" if alone else ""
    say(f"{name}: {took:.2f} s{ratio}")
    return took


def start_both(pool: futures.Executor) -> None:
    """Start both workers of a pool, and wait until they have started.

    A terminal sends Ctrl-C to every process, and one that has hardly started
    would answer with a traceback. So whatever is started here never gets it.
    """
    can_hold_back = hasattr(signal, "pthread_sigmask")
    if can_hold_back:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    started = pool.map(time.sleep, [0.2, 0.2])
    if can_hold_back:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    list(started)


def begin() -> None:
    """Begin a process or an interpreter: leave Ctrl-C to the parent."""
    # ValueError: of an interpreter, which no signal reaches anyway.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # In dev mode, Python 3.15 warns so of the main module that it has here.
    warnings.filterwarnings("ignore", "Module globals is missing")


@contextlib.contextmanager
def plain_endings() -> Iterator[None]:
    """Print no traceback where nobody has made a mistake."""
    if sys.platform != "win32":  # `| head` closes the pipe
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno != errno.ENOSPC:  # a full disk
            raise
        # Closed, or Python would try once more to write what is left.
        with contextlib.suppress(OSError):
            sys.stdout.close()
        sys.exit(f"cannot print: {error.strerror}")
    finally:
        if sys.platform != "win32":
            signal.signal(signal.SIGPIPE, before)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = ["all", *STEPS]
    parser.add_argument(
        "steps", nargs="*", choices=steps, default="all", metavar="STEP"
    )
    chosen = parser.parse_args().steps
    with plain_endings():
        for name in STEPS if "all" in chosen else chosen:
            say(f"== {name}")
            with stopwatch(f"== {name}"):
                coroutine = STEPS[name]()
                if coroutine:
                    # -X dev would turn debug mode on in each step.
                    asyncio.run(coroutine, debug=False)


if __name__ == "__main__":
    main()
