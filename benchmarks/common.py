"""What the benchmarks share: fresh processes, a command line, tables.

`fresh` calls a function in a Python process of its own, so that no measurement
inherits what another one has left behind.
"""

import _thread
import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))  # where the chapters are

# The write end closes when this process ends, however it ends.
LIFELINE, LIFELINE_END = os.pipe()


def fresh(
    function: Callable[..., Any],
    *arguments: object,
    memory_limit: float | None = None,
) -> Any:  # noqa: ANN401
    """Call a function in a fresh process; return what it returns.

    Arguments and result travel as JSON. A process that takes more bytes than
    the limit is stopped, which raises MemoryError.
    """
    module = Path(function.__code__.co_filename).stem
    command = [module, function.__name__, json.dumps(arguments)]
    with subprocess.Popen(
        [sys.executable, "-Xutf8", __file__, *command],
        stdin=LIFELINE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # What dev mode notes about a coroutine is larger than the coroutine.
        env=os.environ | {"PYTHONDEVMODE": ""},
    ) as child:
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    wait = 0.02 if memory_limit else None
                    printed, errors = child.communicate(timeout=wait)
                    break
                if memory_limit and memory_of(child.pid) > memory_limit:
                    raise MemoryError
        finally:
            child.kill()
            child.wait()
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: {errors}")
    return json.loads(printed)


def memory_of(pid: int) -> int:
    import psutil

    with suppress(psutil.Error):  # the process has just ended
        process = psutil.Process(pid)
        if sys.platform == "win32":  # in a venv, Python is a child of that
            process = (process.children() or [process])[0]
        return int(process.memory_info().rss)
    return 0


def answer() -> None:
    """Do in the fresh process what `fresh` has asked for."""
    _thread.start_new_thread(end_with_parent, ())
    module, function, arguments = sys.argv[1:]
    result = getattr(import_module(module), function)(*json.loads(arguments))
    print(json.dumps(result))


def end_with_parent() -> None:
    os.read(0, 1)  # returns when the lifeline closes
    os._exit(1)


def seconds_per_round(run: Callable[[int], float], at_least: float) -> float:
    """Return what one round takes, in the best of three runs that long.

    `run` does so many rounds, and returns the seconds that they took.
    Whatever else the machine does only adds to them.
    """
    rounds = 1
    while run(rounds) < at_least:
        rounds *= 2
    return min(run(rounds) for _ in range(3)) / rounds


def middle(values: Sequence[float]) -> tuple[float, float]:
    """Return the median, and how far from it half of the values are."""
    median = statistics.median(values)
    return median, statistics.median(abs(x - median) for x in values)


# The rest reads the command line, and prints.


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the option that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--save",
        metavar="FOLDER",
        type=folder,
        help="write what was measured, as .json, and a picture of it, as .svg",
    )
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the options; a number is above zero, or there is an error."""
    args = parser.parse_args()
    for name, value in vars(args).items():
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int | float) and not 0 < number <= 1_000_000:
                option = f"--{name.replace('_', '-')}"
                parser.error(
                    f"argument {option}: must be above 0, at most 1000000"
                )
    return args


def folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    import_module("matplotlib")  # better missed now than after minutes
    return Path(text)


def machine(*packages: str) -> str:
    """Return the processor, the system, and the versions of what runs."""
    processor = platform.processor() or platform.machine()
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        named = re.search(r"^model name\s*: (.*)", text, re.MULTILINE)
        processor = named[1] if named else processor
    versions = [f"{x} {import_module(x).__version__}" for x in packages]
    system = f"{os.cpu_count()} CPUs, {platform.system()}"
    python = f"Python {platform.python_version()}"
    return ", ".join([processor, system, python, *versions])


def print_heading(where: str, *cells: str) -> None:
    """Print where it runs, and how a Markdown table begins."""
    print(where, end="\n\n")
    print_row(*cells)
    print("|---|" + "--:|" * (len(cells) - 1), flush=True)


def print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; end with one line, or none, where it cannot go on."""
    if hasattr(signal, "SIGPIPE"):  # `| head` is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        main()
    except ModuleNotFoundError as error:
        sys.exit(
            f"{error.name} is not installed: python -m pip install"
            " -r benchmarks/requirements.txt"
        )
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    answer()
