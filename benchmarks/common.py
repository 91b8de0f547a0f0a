"""What the benchmarks share: how they begin and end, and where they ran."""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

if sys.version_info < (3, 11):
    sys.exit("The benchmarks need Python 3.11 or newer.")

# Better missed now than after minutes.
for package in ("gevent", "matplotlib", "psutil", "pyperf"):
    if not importlib.util.find_spec(package):
        pip = "python -m" if importlib.util.find_spec("pip") else "uv"
        what = "-r benchmarks/requirements.txt"
        sys.exit(f"{package} is missing: {pip} pip install {what}")

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # where the chapters are


def machine(*packages: str) -> str:
    """Return the processor, the system, and the versions of what runs."""
    processor = platform.processor() or platform.machine()
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        named = re.search(r"^model name\s*: (.*)", text, re.MULTILINE)
        processor = named[1] if named else processor
    system = f"{os.cpu_count()} CPUs, {platform.system()}"
    python = f"Python {platform.python_version()}"
    versions = [f"{x} {importlib.metadata.version(x)}" for x in packages]
    return ", ".join([processor, system, python, *versions])


def runner(description: str | None, packages: list[str]) -> Any:  # noqa: ANN401
    """Return pyperf's runner, with our description above its options."""
    import pyperf

    # Its workers leave Ctrl-C to us, and we end them.
    script = Path(sys.argv[0])
    worker = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        f"sys.path.insert(0, {str(script.parent)!r});"
        f"import {script.stem} as script; script.main()"
    )
    runner = pyperf.Runner(
        processes=5,
        metadata={"where": machine(*packages)},
        program_args=("-c", worker),
    )
    # Its warnings ask for more runs than anybody would wait for.
    runner.argparser.set_defaults(quiet=True)
    runner.argparser.description = description
    runner.argparser.formatter_class = argparse.RawDescriptionHelpFormatter
    return runner


def save(file: str, results: object) -> None:
    """Write what pyperf has not measured, with where it was measured."""
    kept = {"where": machine("gevent"), "results": results}
    text = json.dumps(kept, indent=1) + "\n"
    Path(file).write_text(text, encoding="utf-8")


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; say in one line, or none, why it cannot go on."""
    # pyperf would say a line of its own at Ctrl-C, for each process.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    if hasattr(signal, "SIGPIPE"):  # `| head` is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        main()
        print(end="", flush=True)
    except OSError as error:
        if error.filename or not error.errno:
            raise
        sys.exit(f"cannot print: {error.strerror}")  # a full disk
