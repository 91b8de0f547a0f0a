"""What the benchmarks share: options, a Markdown table, and how to draw.

Nothing here measures. Importing this needs no package; the functions do.
"""

import argparse
import io
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which the colour-blind can tell apart.
BLUE, RED = "#0072b2", "#d55e00"
GREEN, SKY, PINK, BLACK = "#009e73", "#56b4e9", "#cc79a7", "#000000"
LOOKS: dict[str, dict[str, Any]] = {
    "thread": {"color": RED, "marker": "o"},
    "yield": {"color": GREEN, "marker": "s"},
    "asyncio": {"color": SKY, "marker": "D", "markersize": 8},
    "async": {"color": BLUE, "marker": "^"},
    "gevent": {"color": PINK, "marker": "v"},
}
# A picture brings its own light background, and so reads the same on a light
# and on a dark page.
STYLE = {
    "figure.facecolor": "#f7f7f4",
    "axes.facecolor": "#f7f7f4",
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "grid.color": "#dddddd",
    "text.color": "#222222",
    "axes.labelcolor": "#222222",
    "xtick.color": "#222222",
    "ytick.color": "#222222",
    "font.size": 9,
    # Text stays text, and ids stay the same from run to run.
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
}


def json_file(text: str) -> Path:
    """Return the file's path; argparse reports it if it cannot be written."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"cannot write to {text!r}")
    return path


def svg_file(text: str) -> Path:
    """Return the picture's path; argparse reports what is no .svg."""
    if not text.endswith(".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .svg")
    # Better missed now than after minutes of measuring.
    import_module("matplotlib")
    return json_file(text)


def count(text: str) -> int:
    """Return the positive number; argparse reports what is none."""
    if text.isdecimal() and 0 < int(text) <= 1_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is no whole number from 1 to 1000000"
    )


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--json",
        metavar="FILE",
        type=json_file,
        help="write what was measured to this file",
    )
    parser.add_argument(
        "--plot",
        metavar="FILE.svg",
        type=svg_file,
        help="draw it",
    )
    return parser


def machine(*packages: str) -> str:
    """Return the processor, the system, and what ran on it, in two lines."""
    import pyperf

    metadata = pyperf.Run([1.0]).get_metadata()
    processor = metadata.get("cpu_model_name") or platform.machine()
    versions = [f"{x} {import_module(x).__version__}" for x in packages]
    return (
        f"{processor}, {os.cpu_count()} CPUs,"
        f" {platform.system()} {platform.release()}\n"
        + ", ".join([f"Python {platform.python_version()}", *versions])
    )


def row(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def heading(*cells: str) -> str:
    """Return the first two rows; all columns but the first align right."""
    return row(*cells) + "\n|---|" + "--:|" * (len(cells) - 1)


def spread(values: Sequence[float]) -> float:
    """Return how far from the median the values are, half of them nearer."""
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)


def save_json(path: Path, where: str, results: object) -> None:
    """Write the results, and where they are from."""
    path.write_text(
        json.dumps({"where": where, "results": results}, indent=1) + "\n"
    )


def figure(height: float, columns: int = 1) -> "tuple[Figure, Any]":
    """Return an empty picture, so many inches high, and its axes."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(STYLE)
    picture = Figure(figsize=(8, height), layout="constrained")
    return picture, picture.subplots(1, columns)


def plain_numbers(*axes: "Axis") -> None:
    """Write 1,000 at a logarithmic axis, and not ten to the third."""
    for axis in axes:
        axis.set_major_formatter("{x:,.9g}")
        axis.set_minor_formatter("")


def save_plot(picture: "Figure", path: Path, where: str) -> None:
    """Write the picture, with where it is from as its caption."""
    picture.supxlabel(where, x=0.01, ha="left", fontsize=7.5, color="#555555")
    picture.savefig(path, metadata={"Date": None})


def progress(steps: int) -> Any:  # noqa: ANN401
    """Return a bar that shows on a terminal how far we are."""
    from tqdm import tqdm

    # The lock that tqdm makes by itself starts a process on Python 3.14.
    tqdm.set_lock(threading.RLock())
    return tqdm(total=steps, disable=None, leave=False)


def measure(
    parser: argparse.ArgumentParser,
    functions: dict[str, Callable[[int], float]],
    packages: Sequence[str],
    min_time: float = 0.1,
    inner_loops: int = 1,
) -> tuple[argparse.Namespace, str, list[Any]]:
    """Parse the command line, and let pyperf time the functions.

    Each is called with a number of rounds, enough to last `min_time` seconds,
    and returns how long they took; a round may count as several, which is
    `inner_loops`. pyperf calls each in five fresh processes or more, and takes
    the options that `parser` does not know.

    Returns the options, where it ran, and pyperf's Benchmark of each.
    """
    parser.usage = "%(prog)s [-h] [--json FILE] [--plot FILE.svg] [pyperf's]"
    args, for_pyperf = parser.parse_known_args()
    # pyperf would say that it was interrupted, and exit with 1.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    import pyperf

    runner = pyperf.Runner(processes=5, min_time=min_time)
    runner.argparser.usage = parser.usage
    is_worker = runner.parse_args(["--quiet", *for_pyperf]).worker
    timed = (
        runner.bench_time_func(name, function, inner_loops=inner_loops)
        for name, function in functions.items()
    )
    # pyperf starts the script again for each process.
    if is_worker:
        list(timed)
        sys.exit()
    # Ctrl-C is for this process alone, which then kills the other.
    vars(subprocess)["Popen"] = partial(
        subprocess.Popen, start_new_session=True
    )
    where = machine(*packages)
    benchmarks = []
    with progress(len(functions)) as bar:
        with bar.external_write_mode():
            print(where, end="\n\n", flush=True)
        # pyperf prints a line for each; the table says the same.
        with redirect_stdout(io.StringIO()):
            for benchmark in timed:
                benchmarks.append(benchmark)
                bar.update()
    return args, where, benchmarks


def run(main: Callable[[], int]) -> int:
    """Run a benchmark; return its exit status."""
    try:
        # Where a reader such as `head` has gone, stop without a traceback.
        if hasattr(signal, "SIGPIPE"):
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        # Whoever is ended ends what it has started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return main()
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed: python -m pip install"
            " -r benchmarks/requirements.txt",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
