"""How many items a second pass through the queue of each model.

The queues of chapter 3, with 1, 10 and 100 consumers that take no time, and
nothing printed. `todo` holds two items; a reply comes back for each. `yield`
has no queue and one consumer: it hands each item over.

Each is measured in five fresh processes, as the best of three runs of 0.5
seconds. The table shows the median of the processes, and ± how far from it
half of them were.

    python benchmarks/producer_consumer.py
    python benchmarks/producer_consumer.py --save .      draws it, too
    python benchmarks/producer_consumer.py --repeat 9 --seconds 2
"""

import asyncio
import threading
import types
from collections.abc import Callable, Generator
from queue import Queue
from time import perf_counter
from typing import TYPE_CHECKING, Any

import common
import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def yield_test(items: int, _: int) -> None:
    def one_consumer() -> Generator[str, int, None]:
        yield ""
        while True:
            yield "200 OK"

    consumer = one_consumer()
    next(consumer)
    for item in range(items):
        consumer.send(item)


def thread_test(items: int, consumers: int) -> None:
    todo: Queue[int | None] = Queue(2)
    replies: Queue[str] = Queue()

    def consumer() -> None:
        while todo.get() is not None:
            replies.put("200 OK")

    def take_replies() -> None:
        for _ in range(items):
            replies.get()

    functions = [take_replies, *[consumer] * consumers]
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for item in range(items):
        todo.put(item)
    for _ in range(consumers):
        todo.put(None)
    for thread in threads:
        thread.join()


def asyncio_test(items: int, consumers: int) -> None:
    todo: asyncio.Queue[int | None] = asyncio.Queue(2)
    replies: asyncio.Queue[str] = asyncio.Queue()

    @types.coroutine
    def consumer() -> Generator[Any, Any, None]:
        while (yield from todo.get()) is not None:
            yield from replies.put("200 OK")

    @types.coroutine
    def take_replies() -> Generator[Any, Any, None]:
        for _ in range(items):
            yield from replies.get()

    @types.coroutine
    def producer() -> Generator[Any, Any, None]:
        for item in range(items):
            yield from todo.put(item)
        for _ in range(consumers):
            yield from todo.put(None)

    async def main() -> None:
        coroutines = [consumer() for _ in range(consumers)]
        await asyncio.gather(producer(), take_replies(), *coroutines)

    asyncio.run(main())


def async_test(items: int, consumers: int) -> None:
    todo: asyncio.Queue[int | None] = asyncio.Queue(2)
    replies: asyncio.Queue[str] = asyncio.Queue()

    async def consumer() -> None:
        while await todo.get() is not None:
            await replies.put("200 OK")

    async def take_replies() -> None:
        for _ in range(items):
            await replies.get()

    async def producer() -> None:
        for item in range(items):
            await todo.put(item)
        for _ in range(consumers):
            await todo.put(None)

    async def main() -> None:
        coroutines = [consumer() for _ in range(consumers)]
        await asyncio.gather(producer(), take_replies(), *coroutines)

    asyncio.run(main())


def gevent_test(items: int, consumers: int) -> None:
    from gevent import monkey

    monkey.patch_all()  # its threads are greenlets now
    thread_test(items, consumers)


MODELS: dict[str, Callable[[int, int], None]] = {
    "yield": yield_test,
    "thread": thread_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}


def items_a_second(model: str, consumers: int, at_least: float) -> float:
    """Return how many items pass in this process."""

    def run(items: int) -> float:
        start = perf_counter()
        MODELS[model](items, consumers)
        return perf_counter() - start

    return 1 / common.seconds_per_round(run, at_least)


# The rest prints, draws, and reads the command line.

CONSUMERS = [1, 10, 100]
Result = dict[str, Any]


def plot(results: dict[str, list[Result]]) -> "Figure":
    """Draw the items a second against the number of consumers."""
    picture, axes = pictures.figure(3.6)
    for model, measured in results.items():
        axes.loglog(
            [x["consumers"] for x in measured],
            [x["items"] for x in measured],
            label=model,
            **pictures.LOOKS[model],
        )
    axes.set_xticks(CONSUMERS)
    axes.set_xlabel("consumers")
    axes.set_title("Items a second through the queue")
    picture.legend(loc="outside upper left", ncols=5, frameon=False)
    pictures.plain_numbers(axes.xaxis, axes.yaxis)
    return picture


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--repeat", metavar="R", type=int, default=5)
    parser.add_argument("--seconds", metavar="S", type=float, default=0.5)
    args = common.parse(parser)
    where = common.machine("gevent")
    common.print_heading(where, "items a second", "1 consumer", "10", "100")
    results: dict[str, list[Result]] = {}
    for model in MODELS:
        cells = []
        for consumers in CONSUMERS[: 1 if model == "yield" else None]:
            items, spread = common.middle(
                [
                    common.fresh(
                        items_a_second, model, consumers, args.seconds
                    )
                    for _ in range(args.repeat)
                ]
            )
            results.setdefault(model, []).append(
                {"consumers": consumers, "items": items, "spread": spread}
            )
            cells.append(f"{items:,.0f} ± {spread:,.0f}")
        cells += [""] * (len(CONSUMERS) - len(cells))
        common.print_row(model, *cells)
    if args.save:
        path = args.save / "producer_consumer"
        pictures.save(path, where, results, plot(results))


if __name__ == "__main__":
    common.run(main)
