"""What N workers cost that only wait: 10, 100, ... 100,000 hellos at once.

Runs the models of chapter 1, in silence, with N hellos that all wait one
second. Each model and each N has a fresh process, five times over. The table
shows

    the milliseconds beyond that second, to start, wake and end all N, and ±
    how far from the median half of the runs were;
    the memory that a waiting worker takes, at the largest N: how much the
    process had grown when the last one had begun, its stacks included.

Where the first hello ends before the last one has begun, they do not all wait
at once. Then all wait four times as long, and the run begins anew.

    python benchmarks/many_sleepers.py
    python benchmarks/many_sleepers.py --save .      draws it, too
    python benchmarks/many_sleepers.py yield async --workers 1000 --repeat 3
    python benchmarks/many_sleepers.py --workers 1000000 --memory-limit 8000
"""

import argparse
import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import common
import pictures

import coroutine_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Result = dict[str, Any]


def sleep_at_once(model: str, workers: int, seconds: float) -> Result:
    """Run so many hellos in this process; return what they took.

    The result has `beyond`, the seconds beyond the wait, and `memory`, the
    bytes of each worker. Or it says why there are none: `too_short`, or
    `refused` and how many threads there were then.
    """
    import psutil

    memory = psutil.Process().memory_info
    run = coroutine_test.MODELS[model]
    hellos = itertools.count(1)
    result: Result = {}

    def say_hello(_: float) -> None:
        if next(hellos) == workers:
            result["memory"] = (memory().rss - before) / workers

    def say_bye(_: float) -> None:
        if not result:
            result["too_short"] = True

    replace_prints(lambda _: None, lambda _: None)
    run([0.0])  # what is imported once is not a worker's cost
    replace_prints(say_hello, say_bye)
    before, start = memory().rss, time.perf_counter()
    try:
        run([seconds] * workers)
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        return {"refused": threading.active_count() - 1}
    result["beyond"] = time.perf_counter() - start - seconds
    return result


def replace_prints(say_hello: object, say_bye: object) -> None:
    vars(coroutine_test).update(
        say=lambda _: None, say_hello=say_hello, say_bye=say_bye
    )


def measure(
    model: str, workers: int, args: argparse.Namespace, limit: float
) -> Result:
    """Do that in fresh processes; return the medians, or why there are none.

    That is as above, or `stopped`: the limit, in bytes.
    """
    seconds = args.seconds
    runs: list[Result] = []
    while len(runs) < args.repeat:
        try:
            result: Result = common.fresh(
                sleep_at_once, model, workers, seconds, memory_limit=limit
            )
        except MemoryError:
            return {"stopped": limit}
        if "refused" in result:
            return result
        if "too_short" in result:
            seconds *= 4
            runs.clear()
        else:
            runs.append(result)
    beyond, spread = common.middle([x["beyond"] for x in runs])
    memory = statistics.median(x["memory"] for x in runs)
    return {
        "beyond": beyond,
        "spread": spread,
        "memory": memory,
        "waited": seconds,
    }


# The rest prints, draws, and reads the command line.

MODELS = ["thread", "yield", "asyncio", "async", "gevent"]


def cell(result: Result) -> str:
    """Return what stands in the table."""
    if "refused" in result:
        return f"refused at {result['refused']:,}"
    if "stopped" in result:
        return f"stopped at {result['stopped'] / 1e6:,.0f} MB"
    return f"{1000 * result['beyond']:,.1f} ± {1000 * result['spread']:,.1f}"


def kilobytes(results: list[Result]) -> Iterator[float]:
    """Yield a worker's memory at the largest N that ran to its end."""
    ended = [x for x in results if "memory" in x]
    for result in sorted(ended, key=lambda x: x["workers"])[-1:]:
        yield result["memory"] / 1000


def plot(results: dict[str, list[Result]]) -> "Figure":
    """Draw the time against N, and the memory of a worker."""
    picture, (left, right) = pictures.figure(3.6, columns=2)
    for model, measured in results.items():
        look = pictures.LOOKS[model]
        ended = [x for x in measured if "beyond" in x]
        left.loglog(
            [x["workers"] for x in ended],
            [x["beyond"] * 1000 for x in ended],
            label=model,
            **look,
        )
        for result in measured:
            if "refused" in result:
                left.axvline(
                    result["refused"],
                    color=look["color"],
                    linestyle=":",
                    label=f"{model} {cell(result)}",
                )
        for each in kilobytes(measured):
            bar = right.barh(model, each, color=look["color"])
            right.bar_label(bar, fmt="%.1f kB", padding=4)
    left.set_title("Milliseconds beyond the wait")
    left.set_xlabel("workers")
    left.margins(x=0.1, y=0.15)
    picture.legend(loc="outside upper left", ncols=6, frameon=False)
    pictures.plain_numbers(left.xaxis, left.yaxis)
    right.set_title("Memory of one waiting worker")
    right.set_xlabel("kB")
    right.margins(x=0.2)
    right.invert_yaxis()
    right.grid(axis="y", visible=False)
    return picture


def main() -> None:
    parser = common.parser(__doc__)
    add = parser.add_argument
    add("MODEL", nargs="*", choices=["all", *MODELS], default="all")
    sizes = [10, 100, 1_000, 10_000, 100_000]
    add("--workers", metavar="N", nargs="+", type=int, default=sizes)
    add("--repeat", metavar="R", type=int, default=5)
    add("--seconds", metavar="S", type=float, default=1.0)
    add(
        "--memory-limit",
        metavar="MB",
        type=float,
        help="where a run is stopped (default: half of what is free)",
    )
    args = common.parse(parser)
    where = common.machine("gevent")
    import psutil

    limit = psutil.virtual_memory().available / 2
    if args.memory_limit:
        limit = args.memory_limit * 1e6
    columns = [f"{workers:,}" for workers in args.workers]
    common.print_heading(where, "ms beyond the wait", *columns, "memory each")
    results: dict[str, list[Result]] = {}
    for model in MODELS:
        if model in args.MODEL or "all" in args.MODEL:
            results[model] = [
                {"workers": n, **measure(model, n, args, limit)}
                for n in args.workers
            ]
            memory = "".join(f"{x:,.1f} kB" for x in kilobytes(results[model]))
            common.print_row(model, *map(cell, results[model]), memory)
    if args.save:
        pictures.save(
            args.save / "many_sleepers", where, results, plot(results)
        )


if __name__ == "__main__":
    common.run(main)
