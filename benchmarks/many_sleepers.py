"""What N workers cost that only wait: 10, 100, ... 100,000 hellos at once.

Runs chapter 1's own models with N hellos that all wait one second. Each model
and each N has a fresh process, five times over. Printed are

    the milliseconds that it took beyond the second, to start, wake and end
    all N, and ± how far from the median the runs were, half of them nearer;
    the memory that a waiting worker takes, at the largest N: how much the
    process had grown when the last had begun, its stacks included.

Where the first hello would end before the last has begun, fewer than N would
wait at once. Then all wait four times as long, and the run begins anew.

    python benchmarks/many_sleepers.py --plot many_sleepers.svg
    python benchmarks/many_sleepers.py yield async --workers 1000 --repeat 3
    python benchmarks/many_sleepers.py --max --memory-limit 8000
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import common

import coroutine_test

MODELS = [model for model in coroutine_test.MODELS if model != "sequential"]
WORKERS = [10, 100, 1_000, 10_000, 100_000]
Result = dict[str, Any]


def ignore(_: object) -> None:
    """Print nothing: it is not the printing that is measured."""


def measure_here(model: str, workers: int, seconds: float) -> Result:
    """Run so many hellos in this process; return what they took.

    The result has `beyond`, the seconds beyond the wait, and `memory`, the
    bytes for each worker. Or it has `refused`: how many threads there were
    when the system refused to start another one.

    Where the first says goodbye before the last has said hello, this prints
    the result `too_short`, and ends the process.
    """
    import psutil

    run, memory = coroutine_test.MODELS[model], psutil.Process().memory_info
    chapter = vars(coroutine_test)
    chapter.update(say=ignore, say_hello=ignore, say_bye=ignore)
    run([0.0])  # whatever is imported once is not a worker's cost
    result: Result = {}
    hellos = itertools.count(1)

    def say_hello(_: float) -> None:
        if next(hellos) == workers:
            result["memory"] = (memory().rss - before) / workers

    first_bye = threading.Lock()

    def say_bye(_: float) -> None:
        if not result:
            # Whoever comes second waits here until the process has ended.
            with first_bye:
                print(json.dumps({"too_short": seconds}), flush=True)
                os._exit(0)

    chapter.update(say_hello=say_hello, say_bye=say_bye)
    before, start = memory().rss, time.perf_counter()
    try:
        run([seconds] * workers)
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        result["refused"] = threading.active_count() - 1
    else:
        result["beyond"] = time.perf_counter() - start - seconds
    return result


def measure_in_child(
    model: str, workers: int, seconds: float, limit: float
) -> Result:
    """Do that in a fresh process; stop it when it takes too much memory.

    The result is then `stopped`: the limit, in bytes.
    """
    import psutil

    command = [sys.executable, __file__, model, "--workers", str(workers)]
    # What dev mode notes about a coroutine is larger than the coroutine.
    with subprocess.Popen(
        [*command, "--seconds", str(seconds), "--child"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDEVMODE": ""},
        start_new_session=True,  # Ctrl-C is for this process, which kills it
    ) as child:
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    printed, _ = child.communicate(timeout=0.02)
                    break
                # psutil raises an error where the child has just ended.
                with suppress(psutil.Error):
                    if psutil.Process(child.pid).memory_info().rss > limit:
                        return {"stopped": limit}
        finally:
            child.kill()
            child.wait()
    if child.returncode != 0:
        sys.exit(f"{model}, {workers:,}: ended with {child.returncode}")
    result: Result = json.loads(printed)
    return result


def measure(
    model: str, workers: int, args: argparse.Namespace, limit: float
) -> Result:
    """Do that several times; return the medians, or why there are none."""
    seconds = args.seconds
    runs: list[Result] = []
    while len(runs) < args.repeat:
        result = measure_in_child(model, workers, seconds, limit)
        if "beyond" in result:
            runs.append(result)
        elif "too_short" in result:
            seconds = 4 * max(seconds, 0.01)
        else:
            return result
    beyond = [run["beyond"] for run in runs]
    return {
        "beyond": statistics.median(beyond),
        "spread": common.spread(beyond),
        "memory": statistics.median(run["memory"] for run in runs),
        "waited": seconds,
    }


def cell(result: Result) -> str:
    """Return what stands in the table for a result."""
    if "refused" in result:
        return f"refused at {result['refused']:,}"
    if "stopped" in result:
        return f"stopped at {result['stopped'] / 1e6:,.0f} MB"
    return f"{1000 * result['beyond']:,.1f} ± {1000 * result['spread']:,.1f}"


def kilobytes(results: list[Result]) -> float | None:
    """Return the memory of a worker at the largest N that ran to its end."""
    ended = [(r["workers"], r["memory"]) for r in results if "memory" in r]
    return max(ended)[1] / 1000 if ended else None


def plot(results: dict[str, list[Result]], path: Path, where: str) -> None:
    """Draw the time against N, and the memory of a worker."""
    picture, (left, right) = common.figure(3.6, columns=2)
    for model, measured in results.items():
        look = common.LOOKS[model]
        ended = [result for result in measured if "beyond" in result]
        left.loglog(
            [result["workers"] for result in ended],
            [result["beyond"] * 1000 for result in ended],
            label=model,
            **look,
        )
        for result in measured:
            if "refused" in result:
                left.axvline(
                    result["refused"], color=look["color"], linestyle=":"
                )
                left.annotate(
                    f"{model}: {cell(result)}",
                    (result["refused"], 0.03),
                    xycoords=("data", "axes fraction"),
                    xytext=(-4, 0),
                    textcoords="offset points",
                    ha="right",
                )
        if each := kilobytes(measured):
            bar = right.barh(model, each, color=look["color"])
            right.bar_label(bar, fmt="%.1f kB", padding=4)
    left.set_title("Milliseconds beyond the wait")
    left.set_xlabel("workers")
    left.set_xmargin(0.1)
    picture.legend(loc="outside upper left", ncols=5, frameon=False)
    common.plain_numbers(left.xaxis, left.yaxis)
    right.set_title("Memory of one waiting worker")
    right.set_xlabel("kB")
    right.margins(x=0.2)
    right.invert_yaxis()
    right.grid(axis="y", visible=False)
    common.save_plot(picture, path, where)


def model_name(text: str) -> str:
    """Return the text if it names a model; argparse reports it if not."""
    if text not in MODELS:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(MODELS)})"
        )
    return text


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = common.options(__doc__)
    parser.usage = (
        "%(prog)s [-h] [MODEL ...] [--workers N ...] [--max] [--repeat R]\n"
        "       [--seconds S] [--memory-limit MB] [--json FILE]"
        " [--plot FILE.svg]"
    )
    add = parser.add_argument
    add(
        "models",
        metavar="MODEL",
        nargs="*",
        type=model_name,
        help=f"the models to run (default: {' '.join(MODELS)})",
    )
    add(
        "--workers",
        metavar="N",
        nargs="+",
        type=common.count,
        default=WORKERS,
        help="how many wait (default: 10 100 1000 10000 100000)",
    )
    add("--max", action="store_true", help="and then 1000000")
    add(
        "--repeat",
        metavar="R",
        type=common.count,
        default=5,
        help="how often each is measured (default: 5)",
    )
    add(
        "--seconds",
        metavar="S",
        type=coroutine_test.seconds_from,
        default=1.0,
        help="how long each worker waits (default: 1)",
    )
    add(
        "--memory-limit",
        metavar="MB",
        type=common.count,
        help="where a run is stopped (default: half of what is free)",
    )
    add("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure_all(
    args: argparse.Namespace, models: list[str], where: str
) -> dict[str, list[Result]]:
    """Measure each model at each N, and print the table row by row."""
    import psutil

    sizes = args.workers + [1_000_000] * args.max
    free = psutil.virtual_memory().available
    limit = args.memory_limit * 1e6 if args.memory_limit else free / 2
    results: dict[str, list[Result]] = {}
    numbers = [f"{workers:,}" for workers in sizes]
    with common.progress(len(models) * len(sizes)) as bar:
        with bar.external_write_mode():
            print(where, end="\n\n")
            print(
                common.heading("ms beyond the wait", *numbers, "memory each"),
                flush=True,
            )
        for model in models:
            results[model] = []
            for workers in sizes:
                result = measure(model, workers, args, limit)
                results[model].append({"workers": workers, **result})
                bar.update()
            cells = [cell(result) for result in results[model]]
            each = kilobytes(results[model])
            cells.append(f"{each:,.1f} kB" if each else "")
            with bar.external_write_mode():
                print(common.row(model, *cells), flush=True)
    return results


def main() -> int:
    """Measure, print, draw; return the exit status."""
    args = options()
    if args.child:
        (model,), (workers,) = args.models, args.workers
        print(json.dumps(measure_here(model, workers, args.seconds)))
        return 0
    models = args.models or MODELS
    where = common.machine(*{"gevent"}.intersection(models))
    results = measure_all(args, models, where)
    if args.json:
        common.save_json(args.json, where, results)
    if args.plot:
        plot(results, args.plot, where)
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
