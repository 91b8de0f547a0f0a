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

RESULTS = Path(__file__).parent / "results"
PAGES = ["README.md", "README.zh-CN.md"]
NAMES = ["timelines", "switch_cost", "many_sleepers", "producer_consumer"]


def benchmark_name(text: str) -> str:
    """Return the text if it names a benchmark; argparse reports it if not."""
    if text not in NAMES:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(NAMES)})"
        )
    return text


def insert(results: str, name: str, page: Path) -> None:
    """Replace what a page says; exit where it has no place for it."""
    text = page.read_text(encoding="utf-8")
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    if first not in text or last not in text:
        sys.exit(f"{page.name} has no place for {name}")
    before, after = text.split(first)[0], text.split(last)[1]
    page.write_text(
        f"{before}{first}\n{results}\n{last}{after}", encoding="utf-8"
    )


def redo(name: str, options: list[str]) -> int:
    """Run a benchmark, keep what it measured, and return its exit status."""
    script = Path(__file__).with_name(f"{name}.py")
    kept = RESULTS / name
    done = subprocess.run(
        [
            sys.executable,
            str(script),
            *options,
            f"--json={kept}.json",
            f"--plot={kept}.svg",
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        command = " ".join(["python", f"benchmarks/{script.name}", *options])
        results = f"`{command}`\n\n{done.stdout}"
        print(results, flush=True)
        kept.with_suffix(".md").write_text(results, encoding="utf-8")
        for page in map(script.parent.parent.joinpath, PAGES):
            if page.exists():
                insert(results, name, page)
    return done.returncode


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
    RESULTS.mkdir(exist_ok=True)
    for name in [args.name] if args.name else NAMES:
        if status := redo(name, options):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
