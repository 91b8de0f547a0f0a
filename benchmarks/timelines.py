"""When each hello of chapter 1 began and ended, and in which OS thread.

Runs `coroutine_test.py` once, in one process, and notes when each line comes.
Models and seconds are handed on to it.

    python benchmarks/timelines.py
    python benchmarks/timelines.py -o timelines.json
    python benchmarks/timelines.py thread async --seconds 0.5 1 2
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import common

Bar = dict[str, Any]
HEADING = re.compile(r"== (\w+)$")
CLOSING = re.compile(r"== \w+: ")
HELLO = re.compile(r"Hello (?P<name>\S+) .* OS thread = (?P<thread>\d+)$")
BYE = re.compile(r"Bye\.\. (?P<name>\S+) ")


def watch(options: list[str]) -> Iterator[tuple[str, list[Bar]]]:
    """Run chapter 1; yield when each hello of a model began and ended."""
    bars: list[Bar] = []
    start = 0.0  # at the model's first Hello
    with subprocess.Popen(
        [sys.executable, common.ROOT / "coroutine_test.py", *options],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as chapter:
        assert chapter.stdout
        try:
            for line in chapter.stdout:
                now = time.perf_counter()
                if found := HEADING.match(line):
                    model, bars = found[1], []
                elif found := HELLO.match(line):
                    start = start if bars else now
                    bars.append({**found.groupdict(), "began": now - start})
                elif found := BYE.match(line):
                    # Of two with the same name, the first begun ends first.
                    same = [x for x in bars if x["name"] == found["name"]]
                    bar = next(x for x in same if "ended" not in x)
                    bar["ended"] = now - start
                elif bars and CLOSING.match(line):
                    yield model, bars
                    bars = []
        except BaseException:  # Ctrl-C, which may reach us alone
            chapter.kill()
            raise
    if chapter.returncode != 0:
        sys.exit(chapter.returncode)


# The rest prints, and reads the command line.


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("MODEL", nargs="*")
    parser.add_argument("--seconds", metavar="S", nargs="+", default=[])
    parser.add_argument("-o", "--output", metavar="FILE", help="as JSON")
    args = parser.parse_args()
    options = args.MODEL
    if args.seconds:
        options += ["--seconds", *args.seconds]
    timelines: dict[str, list[Bar]] = {}
    for model, bars in watch(options):
        timelines[model] = bars
        waits = [f"{bar['began']:.2f} to {bar['ended']:.2f} s" for bar in bars]
        threads = len({bar["thread"] for bar in bars})
        print(f"{model}: {', '.join(waits)}, OS threads {threads}", flush=True)
    if args.output:
        common.save(args.output, timelines)


if __name__ == "__main__":
    common.run(main)
