"""Run the benchmarks again, one after another, and keep what they measure.

All the values go to `benchmarks/results/NAME.json`, a picture of them to
NAME.svg, a table to NAME.md, and into `benchmarks/README.md` and its Chinese
twin, between `<!-- NAME -->` and `<!-- /NAME -->`.

    python benchmarks/redo.py                      all, within six minutes
    python benchmarks/redo.py many_sleepers        one
    python benchmarks/redo.py --draw               draws again what is kept
    python benchmarks/redo.py --rehearse /tmp/x    tiny, and into that folder

Leave the machine alone meanwhile.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import common
import pictures


class Benchmark(NamedTuple):
    command: str
    seconds: int  # that it takes, roughly
    tiny: str  # options for a rehearsal


TINY = "--processes 1 --values 2 --warmups 0 --min-time 0.001"  # of pyperf
HOME = common.ROOT / "benchmarks"
BENCHMARKS = {
    "timelines": Benchmark(
        "benchmarks/timelines.py", 25, "--seconds 0.2 0.1 0.2"
    ),
    "switch_cost": Benchmark("benchmarks/switch_cost.py", 40, TINY),
    "many_sleepers": Benchmark(
        "benchmarks/many_sleepers.py",
        170,
        "--workers 10 200 --repeat 1 --seconds 0.3",
    ),
    "producer_consumer": Benchmark(
        "benchmarks/producer_consumer.py", 80, TINY
    ),
    "compare": Benchmark(
        "aio_http/compare.py thread yield async gevent --pages 1000",
        20,
        "--pages 2 --seconds 0",
    ),
}


def measure(name: str, command: str, results: Path) -> None:
    """Run a benchmark; keep what it measures, if it succeeds."""
    # pyperf writes no file that is there; an old one stays until then.
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, f"{name}.json")
        run = [sys.executable, *command.split()[1:]]
        if name != "compare":
            status = subprocess.call([*run, "-o", str(new)], cwd=common.ROOT)
        else:  # it prints lines, and that is all it has
            new = new.with_suffix(".txt")
            with new.open("w") as file:
                status = subprocess.call(run, cwd=common.ROOT, stdout=file)
            print(new.read_text(), end="", flush=True)
        if status != 0:
            sys.exit(status)
        shutil.copy(new, results)


def show(name: str, command: str, folder: Path) -> None:
    """Draw what is kept; put it into the pages of the folder."""
    results = folder / "results"
    if name != "compare":
        table = pictures.draw(name, results)
    else:
        lines = (results / "compare.txt").read_text(encoding="utf-8")
        table = f"```text\n{lines}```\n"
    shown = f"`{command}`\n\n{table}"
    (results / f"{name}.md").write_text(shown, encoding="utf-8")
    for page in folder.glob("README*.md"):
        text = page.read_text(encoding="utf-8")
        before, first, rest = text.partition(f"<!-- {name} -->\n")
        _, last, after = rest.partition(f"<!-- /{name} -->\n")
        if last:
            text = f"{before}{first}\n{shown}\n{last}{after}"
            page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ["all", *BENCHMARKS]
    parser.add_argument("NAME", nargs="*", choices=names, default="all")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--rehearse", metavar="FOLDER", type=Path)
    args = parser.parse_args()
    names = [x for x in BENCHMARKS if x in args.NAME or "all" in args.NAME]
    folder = args.rehearse or HOME
    (folder / "results").mkdir(parents=True, exist_ok=True)
    if args.rehearse:
        for page in HOME.glob("README*.md"):
            shutil.copy(page, folder)
    left = sum(BENCHMARKS[name].seconds for name in names)
    for number, name in enumerate(names, 1):
        command = f"python {BENCHMARKS[name].command}"
        if args.rehearse:
            command += f" {BENCHMARKS[name].tiny}"
        if not args.draw:
            progress = f"== {number} of {len(names)}: {name}"
            if not args.rehearse:
                progress += f", {left / 60:.1f} minutes to go"
            print(progress, flush=True)
            measure(name, command, folder / "results")
            left -= BENCHMARKS[name].seconds
        show(name, command, folder)


if __name__ == "__main__":
    common.run(main)
