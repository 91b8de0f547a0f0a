"""Draw what the benchmarks have measured, and put it into tables.

python benchmarks/pictures.py       from the values in benchmarks/results/
"""

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import pyperf
from matplotlib.axis import Axis
from matplotlib.figure import Figure

# Colours that the colour-blind can tell apart, most of them Okabe and Ito's.
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
PURPLE, PINK, SKY = "#aa3377", "#cc79a7", "#56b4e9"
LOOKS: dict[str, dict[str, Any]] = {
    "thread": {"color": ORANGE, "marker": "o"},
    "yield": {"color": GREEN, "marker": "s"},
    "asyncio": {"color": SKY, "marker": "D", "markersize": 8},
    "async": {"color": BLUE, "marker": "^"},
    "gevent": {"color": PINK, "marker": "v"},
}
# A picture brings its own light background, and so reads the same on a light
# and on a dark page. Text stays text; ids stay the same from run to run.
STYLE: Any = {
    "figure.facecolor": "#f7f7f4",
    "axes.facecolor": "#f7f7f4",
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
}

Table = list[list[str]]
Pictured = tuple[str, Table, Figure]  # where it was measured, and what


def figure(height: float, columns: int = 1) -> tuple[Figure, Any]:
    """Return an empty picture, so many inches high, and its axes."""
    picture = Figure(figsize=(8, height), layout="constrained")
    return picture, picture.subplots(1, columns)


def plain_numbers(*axes: Axis) -> None:
    """Write 1,000 at a logarithmic axis, and not ten to the third."""
    for axis in axes:
        axis.set_major_formatter("{x:,.9g}")
        axis.set_minor_formatter("")


def timelines(file: Path) -> Pictured:
    """A bar from Hello to Bye, a colour for each OS thread."""
    where, models = load(file)
    bars = [bar for measured in models.values() for bar in measured]
    threads = list(dict.fromkeys(bar["thread"] for bar in bars))
    colours = [BLUE, ORANGE, GREEN, PURPLE, SKY]
    picture, axes = figure(1.2 + 0.19 * (len(bars) + len(models)))
    names = [f"hello {x['name']}" for x in bars[: len(bars) // len(models)]]
    table = [["model", *names, "OS threads"]]
    line = 0
    ticks = []
    for model, measured in models.items():
        waits = [f"{x['began']:.2f} to {x['ended']:.2f}" for x in measured]
        table.append(
            [model, *waits, str(len({x["thread"] for x in measured}))]
        )
        ticks.append(line + (len(measured) - 1) / 2)
        for bar in measured:
            thread = threads.index(bar["thread"])
            drawn = axes.barh(
                line,
                bar["ended"] - bar["began"],
                left=bar["began"],
                color=colours[thread % len(colours)],
                label=f"OS thread {bar['thread']}",
            )
            name = [f"hello {bar['name']}"]
            look = {"color": "white", "fontsize": 7.5}
            axes.bar_label(drawn, name, label_type="center", **look)
            line += 1
        line += 1
    axes.set_yticks(ticks, list(models))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("seconds")
    axes.set_title("Each bar: from Hello to Bye. Each colour: one OS thread.")
    handles, labels = axes.get_legend_handles_labels()
    legend = dict(zip(labels, handles, strict=True))
    axes.legend(legend.values(), legend.keys(), loc="right")
    return where, table, picture


def switch_cost(file: Path) -> Pictured:
    """A dot for each switch, the first on top."""
    where, switches = load_pyperf(file)
    picture, axes = figure(3.2)
    table = [["switch", "ns", "±", "times a function call"]]
    call = switches[0].median()
    for switch in switches:
        name = switch.get_name()
        ns, spread = middle(1e9 * x for x in switch.get_values())
        times = f"{switch.median() / call:,.1f}"
        table.append([name, f"{ns:,.1f}", f"{spread:,.1f}", times])
        colour = ORANGE if name.endswith("hand-over") else BLUE
        axes.plot(ns, name, "o", color=colour)
        place = {"xytext": (8, 0), "textcoords": "offset points"}
        axes.annotate(f"{ns:,.0f} ns", (ns, name), va="center", **place)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("nanoseconds (logarithmic)")
    axes.set_title(
        "One switch. Blue: within a thread. Orange: by the operating system."
    )
    plain_numbers(axes.xaxis)
    return where, table, picture


def many_sleepers(file: Path) -> Pictured:
    """The time against the number of workers, and the memory of one."""
    where, models = load(file)
    picture, (left, right) = figure(3.6, columns=2)
    sizes = [f"{int(n):,}" for n in next(iter(models.values()))]
    table = [["ms beyond the wait", *sizes, "memory each"]]
    for model, measured in models.items():
        look = LOOKS[model]
        row, xs, ys, memory = [model], [], [], 0.0
        for workers, runs in measured.items():
            if "refused" in runs[0]:
                refused = runs[0]["refused"]
                row.append(f"refused at {refused:,}")
                label = f"{model} {row[-1]}"
                line = {"color": look["color"], "linestyle": ":"}
                left.axvline(refused, label=label, **line)
                continue
            if not all(x["at_once"] for x in runs):
                row.append("not at once")
                continue
            ms, spread = middle(1000 * x["beyond"] for x in runs)
            row.append(f"{ms:,.1f} ± {spread:,.1f}")
            xs.append(int(workers))
            ys.append(ms)
            memory, _ = middle(x["memory"] / 1000 for x in runs)
        left.loglog(xs, ys, label=model, **look)
        bar = right.barh(model, memory, color=look["color"])
        right.bar_label(bar, fmt="%.1f kB", padding=4)
        table.append([*row, f"{memory:,.1f} kB"])
    left.set_title("Milliseconds beyond the wait (both axes logarithmic)")
    left.set_xlabel("workers")
    left.margins(x=0.1, y=0.15)
    picture.legend(loc="outside upper left", ncols=6, frameon=False)
    plain_numbers(left.xaxis, left.yaxis)
    right.set_title("Memory of one waiting worker")
    right.set_xlabel("kB")
    right.margins(x=0.2)
    right.invert_yaxis()
    right.grid(axis="y", visible=False)
    return where, table, picture


def producer_consumer(file: Path) -> Pictured:
    """The items a second against the number of consumers."""
    where, benchmarks = load_pyperf(file)
    table = [["items a second", "1 consumer", "10", "100"]]
    rates: dict[str, dict[int, tuple[float, float]]] = {}
    for each in benchmarks:
        model, consumers = each.get_name().split()
        rate = middle(1 / x for x in each.get_values())
        rates.setdefault(model, {})[int(consumers)] = rate
    picture, axes = figure(3.6)
    for model, measured in rates.items():
        cells = [f"{x:,.0f} ± {y:,.0f}" for x, y in measured.values()]
        table.append([model, *cells, *[""] * (3 - len(cells))])
        points = [*measured], [rate for rate, _ in measured.values()]
        axes.loglog(*points, label=model, **LOOKS[model])
    axes.set_xticks([1, 10, 100])
    axes.set_xlabel("consumers")
    axes.set_title("Items a second through the queue")
    picture.legend(loc="outside upper left", ncols=5, frameon=False)
    plain_numbers(axes.xaxis, axes.yaxis)
    return where, table, picture


# The rest reads values, and writes pictures and tables.


def load(file: Path) -> tuple[str, dict[str, Any]]:
    text = file.with_suffix(".json").read_text(encoding="utf-8")
    kept = json.loads(text)
    return kept["where"], kept["results"]


def load_pyperf(file: Path) -> tuple[str, list[Any]]:
    suite = pyperf.BenchmarkSuite.load(str(file.with_suffix(".json")))
    return suite.get_metadata()["where"], suite.get_benchmarks()


def middle(values: Iterable[float]) -> tuple[float, float]:
    """Return the median, and how far from it half of the values are."""
    values = list(values)
    median = statistics.median(values)
    return median, statistics.median(abs(x - median) for x in values)


PICTURES = {
    "timelines": timelines,
    "switch_cost": switch_cost,
    "many_sleepers": many_sleepers,
    "producer_consumer": producer_consumer,
}


def draw(name: str, folder: Path) -> str:
    """Draw NAME.json as NAME.svg; return the table of it, for a page."""
    where, (heading, *rows), picture = PICTURES[name](folder / name)
    picture.supxlabel(where, x=0.01, ha="left", fontsize=7.5, color="#555555")
    picture.savefig(folder / f"{name}.svg", metadata={"Date": None})
    lines = [
        f"| {' | '.join(heading)} |",
        "|---|" + "--:|" * (len(heading) - 1),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join([where, "", *lines, ""])


matplotlib.rcParams.update(STYLE)
