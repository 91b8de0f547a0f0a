"""What it takes to pass an item through the queue of each model.

The queues of chapter 3, which hold two items, with 1, 10 and 100 consumers
that take no time, and nothing printed. `yield` has no queue and one consumer:
it hands each item over.

pyperf finds out how many items have to be passed, measures each in five
processes, and has the options below.

    python benchmarks/producer_consumer.py
    python benchmarks/producer_consumer.py -o queues.json   keeps all values
"""

import asyncio
import threading
import types
from collections.abc import Generator
from queue import Queue
from time import perf_counter
from typing import Any

import common

# Each of these passes so many items, and returns the seconds.


def yield_test(items: int, _: int) -> float:
    def one_consumer() -> Generator[str, int, None]:
        yield ""
        while True:
            yield "200 OK"

    consumer = one_consumer()
    next(consumer)
    start = perf_counter()
    for item in range(items):
        consumer.send(item)
    return perf_counter() - start


def thread_test(items: int, consumers: int) -> float:
    todo: Queue[int | None] = Queue(2)

    def consumer() -> None:
        while todo.get() is not None:
            pass

    threads = [
        threading.Thread(target=consumer, daemon=True)
        for _ in range(consumers)
    ]
    for thread in threads:
        thread.start()
    start = perf_counter()
    for item in range(items):
        todo.put(item)
    for _ in range(consumers):
        todo.put(None)
    for thread in threads:
        thread.join()
    return perf_counter() - start


def asyncio_test(items: int, consumers: int) -> float:
    todo: asyncio.Queue[int | None] = asyncio.Queue(2)

    @types.coroutine
    def consumer() -> Generator[Any, Any, None]:
        while (yield from todo.get()) is not None:
            pass

    @types.coroutine
    def producer() -> Generator[Any, Any, None]:
        for item in range(items):
            yield from todo.put(item)
        for _ in range(consumers):
            yield from todo.put(None)

    async def main() -> float:
        coroutines = [consumer() for _ in range(consumers)]
        start = perf_counter()
        await asyncio.gather(producer(), *coroutines)
        return perf_counter() - start

    return asyncio.run(main())


def async_test(items: int, consumers: int) -> float:
    todo: asyncio.Queue[int | None] = asyncio.Queue(2)

    async def consumer() -> None:
        while await todo.get() is not None:
            pass

    async def producer() -> None:
        for item in range(items):
            await todo.put(item)
        for _ in range(consumers):
            await todo.put(None)

    async def main() -> float:
        start = perf_counter()
        async with asyncio.TaskGroup() as group:
            group.create_task(producer())
            for _ in range(consumers):
                group.create_task(consumer())
        return perf_counter() - start

    return asyncio.run(main())


def gevent_test(items: int, consumers: int) -> float:
    from gevent import monkey

    monkey.patch_all()  # its threads are greenlets now
    return thread_test(items, consumers)


MODELS = {
    "yield": yield_test,
    "thread": thread_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}
CONSUMERS = [1, 10, 100]


def main() -> None:
    runner = common.runner(__doc__, ["gevent"])
    for model, test in MODELS.items():
        for consumers in CONSUMERS[: 1 if model == "yield" else None]:
            name = f"{model} {consumers}"
            runner.bench_time_func(name, test, consumers)


if __name__ == "__main__":
    common.run(main)
