"""Redo the pictures and the tables of the README's chapter "What it costs".

Runs the benchmarks one after another. What they measure goes to
`benchmarks/results/` as NAME.json, NAME.svg and NAME.md, and the last, which
has the table, also to README.md and README.zh-CN.md, between the lines
`<!-- NAME -->` and `<!-- /NAME -->`.

    python benchmarks/redo.py                        all, with their defaults
    python benchmarks/redo.py many_sleepers --max    one, with its own options

Leave the machine alone meanwhile.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import common

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGES = sorted(ROOT.glob("README*.md"))
NAMES = ["timelines", "switch_cost", "many_sleepers", "producer_consumer"]


def benchmark_name(text: str) -> str:
    """Return the text if it names a benchmark; argparse reports it if not."""
    if text not in NAMES:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(NAMES)})"
        )
    return text


def split(page: Path, name: str) -> tuple[str, str]:
    """Return what stands before and after the results in a page."""
    text = page.read_text(encoding="utf-8")
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    if text.count(first) != 1 or text.count(last) != 1:
        sys.exit(f"{page.name} has no place for {name}")
    before, _, rest = text.partition(first)
    return before + first, last + rest.partition(last)[2]


def redo(name: str, options: list[str]) -> int:
    """Run a benchmark, keep what it measured, and return its exit status."""
    script = Path(__file__).with_name(f"{name}.py")
    kept = RESULTS / name
    command = f"`python benchmarks/{' '.join([script.name, *options])}`\n"
    print(command, flush=True)
    files = [f"--json={kept}.json", f"--plot={kept}.svg"]
    with subprocess.Popen(
        [sys.executable, str(script), *options, *files],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for this process, which ends it
    ) as benchmark:
        try:
            table, _ = benchmark.communicate()
        finally:
            benchmark.terminate()
            benchmark.wait()
    if benchmark.returncode == 0:
        print(table, flush=True)
        results = f"{command}\n{table}"
        kept.with_suffix(".md").write_text(results, encoding="utf-8")
        for page in PAGES:
            before, after = split(page, name)
            page.write_text(f"{before}\n{results}\n{after}", encoding="utf-8")
    return benchmark.returncode


def main() -> int:
    """Redo what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [NAME] [its options]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        type=benchmark_name,
        help=f"one of {', '.join(NAMES)} (default: all)",
    )
    args, options = parser.parse_known_args()
    names = [args.name] if args.name else NAMES
    for name in names:
        for page in PAGES:
            split(page, name)  # better missed now than after minutes
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        if status := redo(name, options):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
