"""What the hellos of chapter 1 did, drawn: a bar from Hello to Bye.

Runs `coroutine_test.py` and notes when each of its lines arrives. A model has
a bar for each hello, coloured by the OS thread that it said hello in.

    python benchmarks/timelines.py --plot timelines.svg
    python benchmarks/timelines.py thread async --seconds 0.5 1 2
"""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import common

import coroutine_test

HELLO = re.compile(r"Hello (?P<name>\S+) .* OS thread = (?P<thread>\d+)")
BYE = re.compile(r"Bye\.\. (?P<name>\S+) ")
Bar = dict[str, Any]
COLOURS = [common.BLUE, common.RED, common.GREEN, common.PINK, common.SKY]


def watch(model: str, seconds: Sequence[float]) -> list[Bar]:
    """Run a model of chapter 1; return when each hello began and ended."""
    command = [sys.executable, coroutine_test.__file__, model, "--seconds"]
    with subprocess.Popen(
        [*command, *map(str, seconds)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for this process, which kills it
    ) as child:
        assert child.stdout
        try:
            lines = [(time.perf_counter(), line) for line in child.stdout]
        finally:
            child.kill()
            child.wait()
    start = lines[0][0]
    bars: list[Bar] = [
        {"began": at - start, **hello.groupdict()}
        for at, line in lines
        if (hello := HELLO.match(line))
    ]
    for at, line in lines:
        if bye := BYE.match(line):
            # Where two have the same name, the first to begin ends first.
            bar = next(
                bar
                for bar in bars
                if bar["name"] == bye["name"] and "ended" not in bar
            )
            bar["ended"] = at - start
    return bars


def plot(timelines: dict[str, list[Bar]], path: Path, where: str) -> None:
    """Draw the models one under the other."""
    hellos = max(map(len, timelines.values()))
    picture, axes = common.figure(1 + 0.17 * (hellos + 1) * len(timelines))
    for place, bars in enumerate(timelines.values()):
        threads = list(dict.fromkeys(bar["thread"] for bar in bars))
        for line, bar in enumerate(bars, start=place * (hellos + 1)):
            drawn = axes.barh(
                line,
                bar["ended"] - bar["began"],
                left=bar["began"],
                color=COLOURS[threads.index(bar["thread"]) % len(COLOURS)],
            )
            axes.bar_label(
                drawn, [f"OS thread {bar['thread']}"], padding=4, fontsize=7
            )
    axes.set_yticks(
        [(hellos + 1) * i + (hellos - 1) / 2 for i in range(len(timelines))],
        list(timelines),
    )
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("seconds")
    axes.set_title("A bar from Hello to Bye; a colour for each OS thread")
    common.save_plot(picture, path, where)


def main() -> int:
    """Run, print, draw; return the exit status."""
    parser = common.options(__doc__)
    parser.usage = (
        "%(prog)s [-h] [MODEL ...] [--seconds S ...] [--json FILE]"
        " [--plot FILE.svg]"
    )
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        type=coroutine_test.model_name,
        help="the models to run, in this order (default: all six)",
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        nargs="+",
        type=coroutine_test.seconds_from,
        default=coroutine_test.SECONDS,
        help="how long each hello waits (default: 1 2 3)",
    )
    args = parser.parse_args()
    models = args.models or list(coroutine_test.MODELS)
    where = common.machine(*{"gevent"}.intersection(models))
    print(where, end="\n\n", flush=True)
    names = [f"hello {seconds:g}" for seconds in args.seconds]
    print(common.heading("model", *names, "OS threads"), flush=True)
    timelines = {}
    for model in models:
        timelines[model] = watch(model, args.seconds)
        bars = timelines[model]
        print(
            common.row(
                model,
                *(f"{bar['began']:.2f} to {bar['ended']:.2f}" for bar in bars),
                str(len({bar["thread"] for bar in bars})),
            ),
            flush=True,
        )
    if args.json:
        common.save_json(args.json, where, timelines)
    if args.plot:
        plot(timelines, args.plot, where)
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
