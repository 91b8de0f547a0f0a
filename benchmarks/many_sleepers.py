"""What N workers cost that only wait: 10, 100, ... 100,000 hellos at once.

These are the models of chapter 1, in silence, with N hellos that all wait one
second, and three seconds from 10,000 on, so that all wait at once. Each model
and each N has a fresh process, three times over. A line says

    the milliseconds beyond that, to start, wake and end all N;
    the memory that each waiting worker takes: how much the process had grown
    when the last one had begun, its stacks included;
    or how many threads there were when the system refused one more.

    python benchmarks/many_sleepers.py
    python benchmarks/many_sleepers.py -o sleepers.json   keeps all values
    python benchmarks/many_sleepers.py yield async --workers 1000 --repeat 9
    python benchmarks/many_sleepers.py --workers 1000000   needs 10 GB
"""

import argparse
import asyncio
import itertools
import multiprocessing
import signal
import statistics
import threading
import time
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

import common

from coroutine_test import event_loop


class Hello(NamedTuple):
    """A worker begins, waits for so many seconds, and ends."""

    begin: Callable[[], None]
    seconds: float
    end: Callable[[], None]


def blocking(hello: Hello) -> None:
    hello.begin()
    time.sleep(hello.seconds)
    hello.end()


def thread_test(workers: int, hello: Hello) -> None:
    threads = [
        threading.Thread(target=blocking, args=(hello,), daemon=True)
        for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def yield_test(workers: int, hello: Hello) -> None:
    def worker() -> Iterator[float]:
        hello.begin()
        yield hello.seconds
        hello.end()

    event_loop(worker() for _ in range(workers))


def asyncio_test(workers: int, hello: Hello) -> None:
    @types.coroutine
    def worker() -> Generator[Any, None, None]:
        hello.begin()
        yield from asyncio.sleep(hello.seconds)
        hello.end()

    async def main() -> None:
        await asyncio.gather(*[worker() for _ in range(workers)])

    # What debug mode notes about a coroutine is larger than the coroutine.
    asyncio.run(main(), debug=False)


def async_test(workers: int, hello: Hello) -> None:
    async def worker() -> None:
        hello.begin()
        await asyncio.sleep(hello.seconds)
        hello.end()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())

    asyncio.run(main(), debug=False)


def gevent_test(workers: int, hello: Hello) -> None:
    import gevent
    from gevent import monkey

    monkey.patch_all()
    greenlets = [gevent.spawn(blocking, hello) for _ in range(workers)]
    gevent.joinall(greenlets, raise_error=True)


MODELS = {
    "thread": thread_test,
    "yield": yield_test,
    "asyncio": asyncio_test,
    "async": async_test,
    "gevent": gevent_test,
}
Result = dict[str, Any]


def most_threads(workers: int) -> int:
    """Start so many threads, all at once; return how many there can be."""
    shut = threading.Lock()
    shut.acquire()
    for started in range(workers):
        try:
            threading.Thread(target=shut.acquire, daemon=True).start()
        except RuntimeError:  # the system refuses one more
            return started
    return workers


def sleep_at_once(model: str, workers: int, seconds: float) -> Result:
    """Run so many hellos in this process; return what they took.

    That is `beyond`, the seconds beyond the wait; `memory`, the bytes of each
    worker; and `at_once`, whether nobody had ended when the last one began.
    """
    import psutil

    memory = psutil.Process().memory_info
    begun = itertools.count(1)
    result: Result = {"waited": seconds, "at_once": True}

    def begin() -> None:
        if next(begun) == workers:
            result["memory"] = (memory().rss - before) / workers

    def end() -> None:
        if "memory" not in result:
            result["at_once"] = False

    # What is imported once is not a worker's cost.
    MODELS[model](1, Hello(lambda: None, 0, lambda: None))
    before, start = memory().rss, time.perf_counter()
    MODELS[model](workers, Hello(begin, seconds, end))
    result["beyond"] = time.perf_counter() - start - seconds
    return result


def fresh(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Call a function in a process that has done nothing else."""
    spawn = multiprocessing.get_context("spawn")
    # A process inherits that it ignores Ctrl-C: we end it.
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with spawn.Pool(1) as pool:
        signal.signal(signal.SIGINT, ours)
        return pool.apply_async(function, arguments).get(timeout=600)


def measure(
    model: str, workers: int, seconds: float, repeat: int
) -> list[Result]:
    """Return so many results, or the one that there can be."""
    if model == "thread":
        most = fresh(most_threads, workers)
        if most < workers:
            return [{"refused": most}]
    # Ten thousand threads take more than a second to start.
    wait = 3 * seconds if workers >= 10_000 else seconds
    return [fresh(sleep_at_once, model, workers, wait) for _ in range(repeat)]


# The rest prints, and reads the command line.


def in_words(results: list[Result]) -> str:
    if "refused" in results[0]:
        return f"refused at {results[0]['refused']:,}"
    if not all(x["at_once"] for x in results):
        return "did not all wait at once"
    beyond = 1000 * statistics.median(x["beyond"] for x in results)
    memory = statistics.median(x["memory"] for x in results) / 1000
    return f"{beyond:,.1f} ms beyond the wait, {memory:,.1f} kB each"


def read_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("MODEL", nargs="*", choices=["all", *MODELS], default="all")
    sizes = [10, 100, 1_000, 10_000, 100_000]
    add("--workers", metavar="N", nargs="+", type=int, default=sizes)
    add("--repeat", metavar="R", type=int, default=3)
    add("--seconds", metavar="S", type=float, default=1.0)
    add("-o", "--output", metavar="FILE", help="write all values, as JSON")
    args = parser.parse_args()
    for name in ("workers", "repeat", "seconds"):
        value = getattr(args, name)
        for number in value if isinstance(value, list) else [value]:
            if not 0 < number <= 1_000_000:
                parser.error(f"argument --{name}: above 0, at most 1000000")
    return args


def main() -> None:
    args = read_command_line()
    models = [x for x in MODELS if x in args.MODEL or "all" in args.MODEL]
    results: dict[str, dict[int, list[Result]]] = {}
    for model in models:
        for workers in args.workers:
            found = measure(model, workers, args.seconds, args.repeat)
            results.setdefault(model, {})[workers] = found
            print(f"{model} {workers:,}: {in_words(found)}", flush=True)
    if args.output:
        common.save(args.output, results)


if __name__ == "__main__":
    common.run(main)
