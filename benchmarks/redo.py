"""Run the benchmarks again, one after another, and keep what they measure.

Results go to `benchmarks/results/`: what was printed as NAME.md, what was
measured as NAME.json, and a picture of it as NAME.svg. What was printed also
replaces the lines between `<!-- NAME -->` and `<!-- /NAME -->` in
`benchmarks/README.md` and its Chinese twin.

    python benchmarks/redo.py                          all, within ten minutes
    python benchmarks/redo.py many_sleepers            one
    python benchmarks/redo.py switch_cost --repeat 9   one, with its options

Leave the machine alone meanwhile.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import common

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
COMMANDS = {
    "timelines": "benchmarks/timelines.py",
    "switch_cost": "benchmarks/switch_cost.py",
    "many_sleepers": "benchmarks/many_sleepers.py",
    "producer_consumer": "benchmarks/producer_consumer.py",
    "compare": "aio_http/compare.py thread yield async gevent --pages 1000",
}


def redo(name: str, options: list[str]) -> None:
    """Run a benchmark; keep what it prints, if it succeeds."""
    command = " ".join(["python", COMMANDS[name], *options])
    print(command, flush=True)
    # compare.py draws nothing, and its lines are no table.
    save = [] if name == "compare" else ["--save", str(RESULTS)]
    with subprocess.Popen(
        [sys.executable, "-Xutf8", *command.split()[1:], *save],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as benchmark:
        assert benchmark.stdout
        printed = ""
        try:
            for line in benchmark.stdout:
                print(line, end="", flush=True)
                printed += line
            status = benchmark.wait()
        finally:
            benchmark.kill()
            benchmark.wait()
    if status != 0:
        sys.exit(status)
    if not save:
        printed = f"```text\n{printed}```\n"
    kept = f"`{command}`\n\n{printed}"
    (RESULTS / f"{name}.md").write_text(kept, encoding="utf-8")
    for page in (ROOT / "benchmarks").glob("README*.md"):
        text = page.read_text(encoding="utf-8")
        before, first, rest = text.partition(f"<!-- {name} -->\n")
        _, last, after = rest.partition(f"<!-- /{name} -->\n")
        if first and last:
            text = f"{before}{first}\n{kept}\n{last}{after}"
            page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [NAME] [its options]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    names = ["all", *COMMANDS]
    parser.add_argument("NAME", nargs="?", choices=names, default="all")
    args, options = parser.parse_known_args()
    RESULTS.mkdir(exist_ok=True)
    for name in COMMANDS if args.NAME == "all" else [args.NAME]:
        redo(name, options)


if __name__ == "__main__":
    common.run(main)
