# /// script
# requires-python = ">=3.10"
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

    $ python consumer_produce.py async --items 1
    == async
    [PRODUCER] Producing 1... now = 17:29:19 serve thread id = 139801042247072 OS thread = 8968
    [PRODUCER] Queued 1 now = 17:29:19
    [CONSUMER] Consuming 1... now = 17:29:19 serve thread id = 139801042247072 OS thread = 8968
    [PRODUCER] Consumer return: 200 OK for 1 now = 17:29:20
    == async: 1.00 s | thread ids 1 | OS threads 1 | produced 1 | consumed 1

In the code, `MODEL_test` runs one model and prints lines like these. Its
arguments: how many `items` and `consumers`, the `seconds` that consuming an
item takes, the `queue_size`, and the item to `fail_on`, if any. It raises
ConsumeError where an item could not be consumed.
"""  # noqa: E501

import argparse
import asyncio
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Queue
from typing import Any

ITEMS = 5
CONSUMERS = 2
SECONDS = 1.0
QUEUE_SIZE = 2

produced: list[int] = []
consumed: list[int] = []
thread_ids: set[int] = set()
os_threads: set[int] = set()


class ConsumeError(Exception):
    """An item that could not be consumed, and why."""


Todo = Queue[int | None]
Replies = Queue[tuple[int, str | Exception]]
AsyncTodo = asyncio.Queue[int | None]
AsyncReplies = asyncio.Queue[tuple[int, str]]


def now() -> str:
    """Return the time of day as HH:MM:SS."""
    return time.strftime("%H:%M:%S")


def this_thread() -> str:
    """Return the ids of the running thread, and count it."""
    thread_id, os_thread = threading.get_ident(), threading.get_native_id()
    thread_ids.add(thread_id)
    os_threads.add(os_thread)
    return f"serve thread id = {thread_id} OS thread = {os_thread}"


def say(line: str) -> None:
    """Print a line whole and at once, also through a pipe."""
    # print writes its end separately, and another thread can get in between.
    print(line + "\n", end="", flush=True)


def say_producing(item: int) -> None:
    """Print that an item is being made, and count it."""
    produced.append(item)
    say(f"[PRODUCER] Producing {item}... now = {now()} {this_thread()}")


def say_queued(item: int) -> None:
    """Print that the item is in the queue, which may have been full."""
    say(f"[PRODUCER] Queued {item} now = {now()}")


def begin(item: int, fail_on: int | None) -> None:
    """Print who consumes the item; raise ConsumeError if it cannot."""
    say(f"[CONSUMER] Consuming {item}... now = {now()} {this_thread()}")
    if item == fail_on:
        raise ConsumeError(f"item {item}: the consumer was told to fail on it")


def finish(item: int) -> str:
    """Count an item as consumed and return the reply."""
    consumed.append(item)
    return "200 OK"


def say_return(item: int, reply: str) -> None:
    """Print the reply that came back for an item."""
    say(f"[PRODUCER] Consumer return: {reply} for {item} now = {now()}")


def consume(item: int, seconds: float, fail_on: int | None) -> str:
    """Consume an item by blocking for so many seconds; return the reply."""
    begin(item, fail_on)
    time.sleep(seconds)
    return finish(item)


@contextmanager
def report(model: str) -> Iterator[None]:
    """Print a heading, run the block, print its seconds and its counts."""
    for counted in (produced, consumed, thread_ids, os_threads):
        counted.clear()
    say(f"== {model}")
    start = time.perf_counter()
    try:
        yield
    finally:
        took = time.perf_counter() - start
        say(
            f"== {model}: {took:.2f} s | thread ids {len(thread_ids)}"
            f" | OS threads {len(os_threads)}"
            f" | produced {len(produced)} | consumed {len(consumed)}"
        )


def yield_consumer(
    seconds: float, fail_on: int | None
) -> Generator[str, Any, None]:
    """Consume the items that are sent in; yield a reply for each."""
    reply = ""
    while True:
        item = yield reply
        reply = consume(item, seconds, fail_on)


def yield_producer(consumer: Generator[str, Any, None], items: int) -> None:
    """Send the items to the consumer, and print each reply.

    send(None) runs the consumer up to its first yield: now it can receive.
    send(item) switches to the consumer, which goes on with the item...
    yield      ...and switches back; what it yields is what send returns.
    close()    raises GeneratorExit at the yield, which ends the consumer.
    """
    consumer.send(None)
    for item in range(1, items + 1):
        say_producing(item)
        say_return(item, consumer.send(item))
    consumer.close()


def yield_test(
    items: int = ITEMS,
    consumers: int = CONSUMERS,
    seconds: float = SECONDS,
    queue_size: int = QUEUE_SIZE,
    fail_on: int | None = None,
) -> None:
    """Hand each item over to the one consumer: no queue, no lock, no loop.

    An error in the consumer comes out of `send`, as from any call.
    """
    with report("yield"):
        yield_producer(yield_consumer(seconds, fail_on), items)


def producer(todo: Todo, replies: Replies, items: int, consumers: int) -> None:
    """Queue the items, and print the replies as they come back."""
    answered = 0
    for item in range(1, items + 1):
        say_producing(item)
        todo.put(item)  # waits while the queue is full
        say_queued(item)
        # Print what has come back; after the last item, wait for the rest.
        while not replies.empty() or (item == items and answered < items):
            answer, reply = replies.get()
            if isinstance(reply, Exception):
                raise reply
            say_return(answer, reply)
            answered += 1
    # Nothing more comes: one None for each consumer.
    for _ in range(consumers):
        todo.put(None)


def consumer(
    todo: Todo, replies: Replies, seconds: float, fail_on: int | None
) -> None:
    """Consume items until None comes; put each reply beside its item."""
    while (item := todo.get()) is not None:
        replies.put((item, consume(item, seconds, fail_on)))


def thread_test(
    items: int = ITEMS,
    consumers: int = CONSUMERS,
    seconds: float = SECONDS,
    queue_size: int = QUEUE_SIZE,
    fail_on: int | None = None,
) -> None:
    """Produce in this thread and consume in others."""
    todo: Todo = Queue(queue_size)
    replies: Replies = Queue()

    def work() -> None:
        # An error ends its own thread, and nobody hears of it: the producer
        # would wait for ever, for the reply or for room in the queue. So the
        # error travels as the reply, and the queue is emptied to the end.
        try:
            consumer(todo, replies, seconds, fail_on)
        except Exception as error:
            replies.put((0, error))
            while todo.get() is not None:
                pass

    # Ctrl-C ends daemons, which could be asleep; otherwise all are joined.
    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(consumers)
    ]
    failure = None
    with report("thread"):
        for thread in threads:
            thread.start()
        try:
            producer(todo, replies, items, consumers)
        except Exception as error:
            failure = error
            for _ in threads:
                todo.put(None)
        for thread in threads:
            thread.join()
    if failure:
        raise failure


@types.coroutine
def asyncio_producer(
    todo: AsyncTodo, replies: AsyncReplies, items: int, consumers: int
) -> Generator[Any, Any, None]:
    """Queue the items, and print the replies as they come back."""
    answered = 0
    for item in range(1, items + 1):
        say_producing(item)
        yield from todo.put(item)
        say_queued(item)
        while not replies.empty() or (item == items and answered < items):
            say_return(*(yield from replies.get()))
            answered += 1
    for _ in range(consumers):
        yield from todo.put(None)


@types.coroutine
def asyncio_consumer(
    todo: AsyncTodo, replies: AsyncReplies, seconds: float, fail_on: int | None
) -> Generator[Any, Any, None]:
    """Consume items until None comes; put each reply beside its item."""
    while (item := (yield from todo.get())) is not None:
        begin(item, fail_on)
        yield from asyncio.sleep(seconds)
        yield from replies.put((item, finish(item)))


def asyncio_test(
    items: int = ITEMS,
    consumers: int = CONSUMERS,
    seconds: float = SECONDS,
    queue_size: int = QUEUE_SIZE,
    fail_on: int | None = None,
) -> None:
    """Produce and consume in generators that asyncio's loop resumes."""

    async def main() -> None:
        todo: AsyncTodo = asyncio.Queue(queue_size)
        replies: AsyncReplies = asyncio.Queue()
        # The first error comes out of gather, and asyncio.run cancels whoever
        # is left; waiting for them here could last for ever.
        await asyncio.gather(
            asyncio_producer(todo, replies, items, consumers),
            *(
                asyncio_consumer(todo, replies, seconds, fail_on)
                for _ in range(consumers)
            ),
        )

    with report("asyncio"):
        asyncio.run(main())


async def async_producer(
    todo: AsyncTodo, replies: AsyncReplies, items: int, consumers: int
) -> None:
    """Queue the items, and print the replies as they come back."""
    answered = 0
    for item in range(1, items + 1):
        say_producing(item)
        await todo.put(item)
        say_queued(item)
        while not replies.empty() or (item == items and answered < items):
            say_return(*(await replies.get()))
            answered += 1
    for _ in range(consumers):
        await todo.put(None)


async def async_consumer(
    todo: AsyncTodo, replies: AsyncReplies, seconds: float, fail_on: int | None
) -> None:
    """Consume items until None comes; put each reply beside its item."""
    while (item := (await todo.get())) is not None:
        begin(item, fail_on)
        await asyncio.sleep(seconds)
        await replies.put((item, finish(item)))


def async_test(
    items: int = ITEMS,
    consumers: int = CONSUMERS,
    seconds: float = SECONDS,
    queue_size: int = QUEUE_SIZE,
    fail_on: int | None = None,
) -> None:
    """Produce and consume in coroutines that asyncio's loop resumes."""

    async def main() -> None:
        todo: AsyncTodo = asyncio.Queue(queue_size)
        replies: AsyncReplies = asyncio.Queue()
        # The first error comes out of gather, and asyncio.run cancels whoever
        # is left; waiting for them here could last for ever.
        await asyncio.gather(
            async_producer(todo, replies, items, consumers),
            *(
                async_consumer(todo, replies, seconds, fail_on)
                for _ in range(consumers)
            ),
        )

    with report("async"):
        asyncio.run(main())


def gevent_test(
    items: int = ITEMS,
    consumers: int = CONSUMERS,
    seconds: float = SECONDS,
    queue_size: int = QUEUE_SIZE,
    fail_on: int | None = None,
) -> None:
    """Produce and consume in greenlets: the functions of `thread`, unchanged.

    Raises ModuleNotFoundError where gevent is not installed.
    """
    import gevent
    from gevent import monkey

    # sleep and Queue now switch to another greenlet where they would block.
    monkey.patch_all()
    # gevent prints the errors of greenlets; here joinall raises them.
    gevent.get_hub().exception_stream = None

    todo: Todo = Queue(queue_size)
    replies: Replies = Queue()
    with report("gevent"):
        greenlets: list[gevent.Greenlet[Any, None]] = [
            gevent.spawn(producer, todo, replies, items, consumers),
            *(
                gevent.spawn(consumer, todo, replies, seconds, fail_on)
                for _ in range(consumers)
            ),
        ]
        # Without raise_error joinall would wait for ever for a producer whose
        # consumer has died.
        try:
            gevent.joinall(greenlets, raise_error=True)
        finally:
            gevent.killall(greenlets)


MODELS: dict[str, Callable[..., None]] = {
    "yield": yield_test,
    "thread": thread_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}


def run_each(models: Sequence[str], options: dict[str, Any]) -> int:
    """Run each model in a fresh interpreter, then compare; 1 if one failed."""
    arguments = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    ]
    closing_lines = []
    status = 0
    for model in models:
        with subprocess.Popen(
            [sys.executable, __file__, model, *arguments],
            stdout=subprocess.PIPE,
            text=True,
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


def count_from(text: str) -> int:
    """Return the count in the text; argparse reports what is none."""
    with suppress(ValueError):
        if 1 <= int(text) <= 1_000_000:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no count from 1 to 1000000")


def seconds_from(text: str) -> float:
    """Return the seconds in the text; argparse reports what is no number."""
    with suppress(ValueError):
        if 0 <= float(text) <= 3600:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 3600")


def main() -> int:
    """Run the models that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [MODEL ...] [--items N] [--consumers N]\n"
        "       [--queue-size N] [--fail-on N] [--seconds S]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        type=model_name,
        help="the models to run, in this order (default: all five)",
    )
    for option, default, help_text in [
        ("--items", ITEMS, "how many items are produced"),
        ("--consumers", CONSUMERS, "how many consume them; yield has one"),
        ("--queue-size", QUEUE_SIZE, "how many items the queue holds"),
        ("--fail-on", None, "the item that cannot be consumed"),
    ]:
        parser.add_argument(
            option,
            metavar="N",
            type=count_from,
            default=default,
            help=f"{help_text} (default: {default})",
        )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=seconds_from,
        default=SECONDS,
        help=f"how long consuming an item takes (default: {SECONDS:g})",
    )
    options = vars(parser.parse_args())
    models = options.pop("models") or list(MODELS)
    fail_on, items = options["fail_on"], options["items"]
    if fail_on is not None and fail_on > items:
        parser.error(
            f"argument --fail-on: {fail_on} is no item from 1 to {items}"
        )
    # Where a reader such as `head` has gone, stop without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        if len(models) > 1:
            return run_each(models, options)
        MODELS[models[0]](**options)
        return 0
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed: python -m pip install"
            f" {error.name}",
            file=sys.stderr,
        )
        return 1
    except ConsumeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
