"""What the hellos of chapter 1 did, drawn: a bar from Hello to Bye.

Runs `coroutine_test.py` once, in one process, and notes when each line comes.
Bars of one colour are hellos that were said in the same OS thread.

    python benchmarks/timelines.py
    python benchmarks/timelines.py --save .      draws it, too
    python benchmarks/timelines.py thread async --seconds 0.5 1 2

Models and seconds are handed on to `coroutine_test.py`.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import common
import pictures

import coroutine_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Bar = dict[str, Any]
HEADING = re.compile(r"== (\w+)$")
CLOSING = re.compile(r"== \w+: ")
HELLO = re.compile(r"Hello (?P<name>\S+) .* OS thread = (?P<thread>\d+)$")
BYE = re.compile(r"Bye\.\. (?P<name>\S+) ")


def watch(options: list[str]) -> Iterator[tuple[str, list[Bar]]]:
    """Run chapter 1; yield when each hello of a model began and ended."""
    bars: list[Bar] = []
    with subprocess.Popen(
        [sys.executable, coroutine_test.__file__, *options],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as chapter:
        assert chapter.stdout
        try:
            for line in chapter.stdout:
                now = time.perf_counter()
                if found := HEADING.match(line):
                    model, bars, start = found[1], [], now
                elif found := HELLO.match(line):
                    bars.append({**found.groupdict(), "began": now - start})
                elif found := BYE.match(line):
                    # Of two with the same name, the first begun ends first.
                    same = [x for x in bars if x["name"] == found["name"]]
                    bar = next(x for x in same if "ended" not in x)
                    bar["ended"] = now - start
                elif bars and CLOSING.match(line):
                    yield model, bars
                    bars = []
            status = chapter.wait()
        finally:
            chapter.kill()
            chapter.wait()
    if status != 0:
        sys.exit(status)


# The rest prints, draws, and reads the command line.

COLOURS = [
    pictures.BLUE,
    pictures.ORANGE,
    pictures.GREEN,
    pictures.PURPLE,
    pictures.SKY,
]


def plot(timelines: dict[str, list[Bar]]) -> "Figure":
    """Draw the models one under the other."""
    bars = [bar for model in timelines.values() for bar in model]
    threads = list(dict.fromkeys(bar["thread"] for bar in bars))
    picture, axes = pictures.figure(1.2 + 0.19 * (len(bars) + len(timelines)))
    line = 0
    ticks = []
    for measured in timelines.values():
        ticks.append(line + (len(measured) - 1) / 2)
        for bar in measured:
            thread = threads.index(bar["thread"])
            drawn = axes.barh(
                line,
                bar["ended"] - bar["began"],
                left=bar["began"],
                color=COLOURS[thread % len(COLOURS)],
                label=f"OS thread {bar['thread']}",
            )
            axes.bar_label(
                drawn,
                [f"hello {bar['name']}"],
                label_type="center",
                color="white",
                fontsize=7.5,
            )
            line += 1
        line += 1
    axes.set_yticks(ticks, list(timelines))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("seconds")
    axes.set_title("Each bar: from Hello to Bye. Each colour: one OS thread.")
    handles, labels = axes.get_legend_handles_labels()
    legend = dict(zip(labels, handles, strict=True))
    axes.legend(legend.values(), legend.keys(), loc="right")
    return picture


def main() -> None:
    parser = common.parser(__doc__)
    parser.usage = "%(prog)s [-h] [--save FOLDER] [MODEL ...] [--seconds ...]"
    args, options = parser.parse_known_args()
    where = common.machine("gevent")
    timelines: dict[str, list[Bar]] = {}
    for model, bars in watch(options):
        if not timelines:
            names = [f"hello {bar['name']}" for bar in bars]
            common.print_heading(where, "model", *names, "OS threads")
        timelines[model] = bars
        waits = [f"{bar['began']:.2f} to {bar['ended']:.2f}" for bar in bars]
        threads = len({bar["thread"] for bar in bars})
        common.print_row(model, *waits, str(threads))
    if args.save:
        path = args.save / "timelines"
        pictures.save(path, where, timelines, plot(timelines))


if __name__ == "__main__":
    common.run(main)
