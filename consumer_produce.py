# /// script
# requires-python = ">=3.11"
# dependencies = ["gevent>=25.9.1"]
# ///
"""One producer-consumer, five models of concurrency.

A producer makes items 1 to 5. Consuming one takes a second.

    yield     a handover: `send` gives the item to one consumer, `yield` gives
              a reply back, 200 OK; five items take five seconds
    thread    a bounded queue between this thread and two consumer threads:
              five items take three seconds, as in every model below
    asyncio   the same queue between generators that `yield from` asyncio
    async     the same queue between coroutines: async def and await
    gevent    the same queue between greenlets: blocking code, after a patch

    python consumer_produce.py                  runs all five, and compares
    python consumer_produce.py thread async     runs these two
    python consumer_produce.py --items 9 --consumers 3 --queue-size 1
    python consumer_produce.py --fail-on 3      one item cannot be consumed
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import importlib.util
import signal
import sys
import threading
import time
import types
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from typing import Any, NamedTuple


class Options(NamedTuple):
    items: int = 5
    consumers: int = 2  # yield has one
    queue_size: int = 2
    seconds: float = 1.0  # that consuming an item takes
    fail_on: int = 0  # the item that cannot be consumed; 0: none


def consume(item: int, options: Options) -> None:
    """Consume an item by blocking for some seconds."""
    say_consuming(item, options)
    time.sleep(options.seconds)
    say_consumed(item)


def yield_consumer(options: Options) -> Generator[str, int, None]:
    """Consume the items that are sent in; yield a reply for each."""
    reply = ""
    while True:
        item = yield reply
        consume(item, options)
        reply = "200 OK"


def yield_test(options: Options) -> None:
    """Hand each item over to the one consumer: no queue, no lock, no loop.

    next()     runs the consumer up to its first yield: now it can receive.
    send(item) switches to the consumer, which goes on with the item...
    yield      ...and switches back; what it yields is what send returns.
    close()    raises GeneratorExit at the yield, which ends the consumer.
    """
    consumer = yield_consumer(options)
    next(consumer)
    for item in range(1, options.items + 1):
        say_producing(item)
        reply = consumer.send(item)
        say(f"[PRODUCER] Consumer return: {reply} for {item}")
    consumer.close()


def thread_test(options: Options) -> None:
    """Produce in this thread; consume in others.

    A thread that dies of an error tells nobody, and nobody can stop a thread.
    So a consumer keeps its error and goes on, or the producer could wait for
    room for ever; and before each item the producer looks for errors.
    """
    todo: Queue[int | None] = Queue(options.queue_size)
    errors: list[Exception] = []

    def producer() -> None:
        for item in range(1, options.items + 1):
            if errors:
                break
            say_producing(item)
            todo.put(item)  # waits while the queue is full
            say_queued(item)
        for _ in range(options.consumers):
            todo.put(None)  # nothing more comes

    def consumer() -> None:
        while (item := todo.get()) is not None:
            try:
                consume(item, options)
            except Exception as error:
                errors.append(error)

    consumers = [
        threading.Thread(target=consumer, daemon=True)
        for _ in range(options.consumers)
    ]
    for thread in consumers:
        thread.start()
    producer()
    for thread in consumers:
        thread.join()
    if errors:
        raise errors[0]


def asyncio_test(options: Options) -> None:
    """Do it in generators that asyncio's loop resumes: before Python 3.5."""
    todo: asyncio.Queue[int | None] = asyncio.Queue(options.queue_size)

    @types.coroutine
    def producer() -> Generator[Any, Any, None]:
        for item in range(1, options.items + 1):
            say_producing(item)
            yield from todo.put(item)
            say_queued(item)
        for _ in range(options.consumers):
            yield from todo.put(None)

    @types.coroutine
    def consumer() -> Generator[Any, Any, None]:
        while (item := (yield from todo.get())) is not None:
            say_consuming(item, options)
            yield from asyncio.sleep(options.seconds)
            say_consumed(item)

    async def main() -> None:
        consumers = [consumer() for _ in range(options.consumers)]
        await asyncio.gather(producer(), *consumers)

    asyncio.run(main())


def async_test(options: Options) -> None:
    """Do it in coroutines that asyncio's loop resumes.

    If one fails, the group cancels the others and raises an ExceptionGroup.
    """
    todo: asyncio.Queue[int | None] = asyncio.Queue(options.queue_size)

    async def producer() -> None:
        for item in range(1, options.items + 1):
            say_producing(item)
            await todo.put(item)
            say_queued(item)
        for _ in range(options.consumers):
            await todo.put(None)

    async def consumer() -> None:
        while (item := await todo.get()) is not None:
            say_consuming(item, options)
            await asyncio.sleep(options.seconds)
            say_consumed(item)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(producer())
            for _ in range(options.consumers):
                group.create_task(consumer())

    asyncio.run(main())


def gevent_test(options: Options) -> None:
    """Run the code of `thread`, unchanged: its threads are greenlets now."""
    from gevent import getcurrent, monkey

    # From here on what would block switches to another greenlet.
    monkey.patch_all()
    # Ctrl-C is for the main greenlet, whichever is running.
    main = getcurrent()
    signal.signal(signal.SIGINT, lambda *_: main.throw(KeyboardInterrupt))
    thread_test(options)


# They run in this order. The patch is for the whole process and for good, so
# no model can run after gevent.
MODELS = {
    "yield": yield_test,
    "thread": thread_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}


# The rest prints, counts, and reads the command line.

produced: list[float] = []  # when, for each item
consumed: list[int] = []
thread_ids: set[int] = set()
os_threads: set[int] = set()
failures: list[str] = []
# Reentrant, for greenlets share a thread: none waits where another stopped.
printing = threading.RLock()


class ConsumeError(Exception):
    """An item could not be consumed."""


def say(text: str, who: str = "") -> None:
    now = time.strftime("%H:%M:%S")
    # One at a time, or lines of two threads can mix.
    with printing:
        print(f"{text} now = {now}{who}", flush=True)


def this_thread() -> str:
    """Return the ids of the running thread, and count it."""
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    thread_ids.add(thread_id)
    os_threads.add(os_thread)
    return f" serve thread id = {thread_id} OS thread = {os_thread}"


def say_producing(item: int) -> None:
    produced.append(time.perf_counter())
    say(f"[PRODUCER] Producing {item}...", this_thread())


def say_queued(item: int) -> None:
    say(f"[PRODUCER] Queued {item}")


def say_consuming(item: int, options: Options) -> None:
    say(f"[CONSUMER] Consuming {item}...", this_thread())
    if item == options.fail_on:
        raise ConsumeError(f"item {item}: the consumer was told to fail on it")


def say_consumed(item: int) -> None:
    consumed.append(item)
    say(f"[CONSUMER] Consumed {item}")


def run(model: str, options: Options) -> str:
    """Run a model; return the closing line, with its seconds and counts."""
    print(f"== {model}", flush=True)
    for counted in (produced, consumed, thread_ids, os_threads):
        counted.clear()
    try:
        MODELS[model](options)
    except* ConsumeError as errors:  # Python 3.11 or newer is needed
        failures.append(f"{model}: {errors.exceptions[0]}")
    closing_line = (
        f"== {model}: {time.perf_counter() - produced[0]:.2f} s"
        f" | thread ids {len(thread_ids)} | OS threads {len(os_threads)}"
        f" | produced {len(produced)} | consumed {len(consumed)}"
    )
    print(closing_line, flush=True)
    return closing_line


@contextmanager
def plain_endings() -> Iterator[None]:
    """Print no traceback where nobody has made a mistake."""
    global printing
    printing = threading.RLock()
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
        if sys.platform != "win32":
            signal.signal(signal.SIGPIPE, before)


def read_command_line() -> tuple[list[str], Options]:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = ["all", *MODELS]
    parser.add_argument("MODEL", nargs="*", choices=models, default="all")
    for name, value in Options()._asdict().items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value)
    # A model may stand behind the options, too.
    words = sorted(sys.argv[1:], key=lambda word: word not in models)
    args = vars(parser.parse_args(words))
    chosen, options = args.pop("MODEL"), Options(**args)
    least = Options(1, 1, 1, 0, 0)
    most = Options(100_000, 1_000, 100_000, 3600, options.items)
    for name, low, high in zip(args, least, most, strict=True):
        if not low <= args[name] <= high:
            option = name.replace("_", "-")
            parser.error(f"argument --{option}: must be from {low} to {high}")
    return [m for m in MODELS if m in chosen or "all" in chosen], options


def main() -> None:
    models, options = read_command_line()
    closing_lines = []
    with plain_endings():
        try:
            for model in models:
                closing_lines.append(run(model, options))
        finally:
            if len(closing_lines) > 1:
                print(*closing_lines, sep="\n", flush=True)
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
