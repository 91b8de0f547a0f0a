# /// script
# requires-python = ">=3.11"
# dependencies = ["gevent>=25.9.1"]
# ///
"""One producer-consumer, five models of concurrency.

A producer makes items 1 to 5. Consuming one takes a second, and the reply,
200 OK, goes back to the producer.

    yield     a handover: `send` gives the item to one consumer, `yield` gives
              the reply back, five items take five seconds
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

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Any, NamedTuple


class Options(NamedTuple):
    items: int = 5
    consumers: int = 2  # yield has one
    queue_size: int = 2
    seconds: float = 1.0  # that consuming an item takes
    fail_on: int = 0  # the item that cannot be consumed; 0: none


class ConsumeError(Exception):
    """An item could not be consumed."""


def consume(item: int, options: Options) -> str:
    """Consume an item by blocking for some seconds; return the reply."""
    with consuming(item, options):
        time.sleep(options.seconds)
    return "200 OK"


def yield_consumer(options: Options) -> Generator[str, int, None]:
    """Consume the items that are sent in; yield a reply for each."""
    reply = ""
    while True:
        item = yield reply
        reply = consume(item, options)


def yield_test(options: Options) -> None:
    """Hand each item over to the one consumer: no queue, no lock, no loop.

    next()     runs the consumer up to its first yield: now it can receive.
    send(item) switches to the consumer, which goes on with the item...
    yield      ...and switches back; what it yields is what send returns.
    close()    raises GeneratorExit at the yield, which ends the consumer.
    """
    with report("yield"):
        consumer = yield_consumer(options)
        next(consumer)
        for item in range(1, options.items + 1):
            say_producing(item)
            reply = consumer.send(item)
            say(f"[PRODUCER] Consumer return: {reply} for {item}")
        consumer.close()


def queue_between_threads(options: Options) -> None:
    """Produce in this thread; consume, and take the replies, in others.

    A thread that dies of an error tells nobody, so the error is sent as the
    reply. Nobody can stop a thread, so the producer looks whether one has
    failed, and the consumers empty the queue.
    """
    failed = threading.Event()
    todo: Queue[int | None] = Queue(options.queue_size)
    replies: Queue[tuple[int, str | Exception]] = Queue()

    def producer() -> None:
        for item in range(1, options.items + 1):
            if failed.is_set():
                break
            say_producing(item)
            todo.put(item)  # waits while the queue is full
            say(f"[PRODUCER] Queued {item}")
        for _ in range(options.consumers):
            todo.put(None)  # nothing more comes

    def consumer() -> None:
        while (item := todo.get()) is not None:
            try:
                replies.put((item, consume(item, options)))
            except Exception as error:
                replies.put((item, error))
                failed.set()

    def take_replies() -> None:
        for _ in range(options.items):
            item, reply = replies.get()
            if isinstance(reply, Exception):
                raise reply
            say(f"[PRODUCER] Consumer return: {reply} for {item}")

    pool = ThreadPoolExecutor(options.consumers + 1)
    for _ in range(options.consumers):
        pool.submit(consumer)
    replies_taken = pool.submit(take_replies)
    producer()
    pool.shutdown()  # waits for all the threads
    replies_taken.result()  # raises what take_replies has raised


def thread_test(options: Options) -> None:
    """Let the system switch between the threads."""
    with report("thread"):
        queue_between_threads(options)


def asyncio_test(options: Options) -> None:
    """Do it in generators that asyncio's loop resumes: before Python 3.5."""
    todo: asyncio.Queue[int | None] = asyncio.Queue(options.queue_size)
    replies: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    @types.coroutine
    def producer() -> Generator[Any, Any, None]:
        for item in range(1, options.items + 1):
            say_producing(item)
            yield from todo.put(item)
            say(f"[PRODUCER] Queued {item}")
        for _ in range(options.consumers):
            yield from todo.put(None)

    @types.coroutine
    def consumer() -> Generator[Any, Any, None]:
        while (item := (yield from todo.get())) is not None:
            with consuming(item, options):
                yield from asyncio.sleep(options.seconds)
            yield from replies.put((item, "200 OK"))

    @types.coroutine
    def take_replies() -> Generator[Any, Any, None]:
        for _ in range(options.items):
            item, reply = yield from replies.get()
            say(f"[PRODUCER] Consumer return: {reply} for {item}")

    async def main() -> None:
        consumers = [consumer() for _ in range(options.consumers)]
        await asyncio.gather(producer(), take_replies(), *consumers)

    with report("asyncio"):
        asyncio.run(main())


def async_test(options: Options) -> None:
    """Do it in coroutines that asyncio's loop resumes.

    An error comes out of `gather`, and asyncio.run cancels all the others.
    """
    todo: asyncio.Queue[int | None] = asyncio.Queue(options.queue_size)
    replies: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def producer() -> None:
        for item in range(1, options.items + 1):
            say_producing(item)
            await todo.put(item)
            say(f"[PRODUCER] Queued {item}")
        for _ in range(options.consumers):
            await todo.put(None)

    async def consumer() -> None:
        while (item := await todo.get()) is not None:
            with consuming(item, options):
                await asyncio.sleep(options.seconds)
            await replies.put((item, "200 OK"))

    async def take_replies() -> None:
        for _ in range(options.items):
            item, reply = await replies.get()
            say(f"[PRODUCER] Consumer return: {reply} for {item}")

    async def main() -> None:
        consumers = [consumer() for _ in range(options.consumers)]
        await asyncio.gather(producer(), take_replies(), *consumers)

    with report("async"):
        asyncio.run(main())


def gevent_test(options: Options) -> None:
    """Run the code of `thread`, unchanged: its threads are greenlets now."""
    from gevent import monkey

    # From here on what would block switches to another greenlet.
    monkey.patch_all()
    with report("gevent"):
        queue_between_threads(options)


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

produced: list[int] = []
consumed: list[int] = []
thread_ids: set[int] = set()
os_threads: set[int] = set()
closing_lines: list[str] = []
failures: list[str] = []


def say(text: str, end: str = "") -> None:
    # One write for each line, or lines of two threads can mix.
    now = time.strftime("%H:%M:%S")
    print(f"{text} now = {now}{end}\n", end="", flush=True)


def this_thread() -> str:
    """Return the ids of the running thread, and count it."""
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    thread_ids.add(thread_id)
    os_threads.add(os_thread)
    return f" serve thread id = {thread_id} OS thread = {os_thread}"


def say_producing(item: int) -> None:
    produced.append(item)
    say(f"[PRODUCER] Producing {item}...", this_thread())


@contextmanager
def consuming(item: int, options: Options) -> Iterator[None]:
    """Print who consumes the item, run the block, count the item."""
    say(f"[CONSUMER] Consuming {item}...", this_thread())
    if item == options.fail_on:
        raise ConsumeError(f"item {item}: the consumer was told to fail on it")
    yield
    consumed.append(item)


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its counts."""
    for counted in (produced, consumed, thread_ids, os_threads):
        counted.clear()
    print(f"== {model}", flush=True)
    start = time.perf_counter()
    try:
        yield  # no coroutine: here the block of the `with` runs
    except ConsumeError as error:
        failures.append(f"{model}: {error}")
    closing_lines.append(
        f"== {model}: {time.perf_counter() - start:.2f} s"
        f" | thread ids {len(thread_ids)} | OS threads {len(os_threads)}"
        f" | produced {len(produced)} | consumed {len(consumed)}"
    )
    print(closing_lines[-1], flush=True)


def read_command_line() -> tuple[list[str], Options]:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add, default = parser.add_argument, Options()
    add("MODEL", nargs="*", choices=["all", *MODELS], default="all")
    add("--items", type=int, default=default.items)
    add("--consumers", type=int, default=default.consumers)
    add("--queue-size", type=int, default=default.queue_size)
    add("--seconds", type=float, default=default.seconds)
    add("--fail-on", type=int, default=default.fail_on)
    args = vars(parser.parse_args())
    models, options = args.pop("MODEL"), Options(**args)
    for name in ("items", "consumers", "queue_size"):
        if not 1 <= args[name] <= 1_000_000:
            option = name.replace("_", "-")
            parser.error(f"argument --{option}: must be from 1 to 1000000")
    if not 0 <= options.seconds <= 3600:
        parser.error("argument --seconds: must be from 0 to 3600")
    if not 0 <= options.fail_on <= options.items:
        parser.error(f"argument --fail-on: {options.fail_on} is no item")
    return models, options


def end_quietly() -> None:
    """End every thread at Ctrl-C, asleep or not; `| head` is no error."""
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def main() -> None:
    models, options = read_command_line()
    end_quietly()
    for model in MODELS:
        if model in models or "all" in models:
            try:
                MODELS[model](options)
            except ModuleNotFoundError as error:
                package = error.name
                failures.append(f"{package} is missing: pip install {package}")
            except RuntimeError as error:  # the system refuses a thread
                print(f"{model}: {error}", file=sys.stderr, flush=True)
                os._exit(1)  # without waiting for the threads it gave us
    if len(closing_lines) > 1:
        print(*closing_lines, sep="\n", flush=True)
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
