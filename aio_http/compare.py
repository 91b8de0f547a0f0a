"""Run every client against one server, and compare them in a table.

    python aio_http/compare.py                                  all, 5 pages
    python aio_http/compare.py yield async --pages 1000         these two
    python aio_http/compare.py --pages 1000 --seconds 0         pages a second

Each client is a process of its own, and its closing line is printed when it
has ended. Peak memory is that of all its processes together, and what they
share counts in each. Pages a second are those that arrived.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from server import allow_open_files, client_parser, own_server, say

MODELS = ["sequential", "thread", "process", "yield", "async", "gevent"]
RESULT = re.compile(
    r"== \w+: (\S+) s .*OS threads (\d+) \| pages (\d+) \| failed (\d+)\n"
    r"peak memory (.+)\n"
)


def model_name(text: str) -> str:
    """Return the text if it names a model; argparse reports it if not."""
    if text not in MODELS:
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(MODELS)})"
        )
    return text


def run_one(model: str, arguments: list[str]) -> tuple[str, int]:
    """Return what a client printed, and its exit status."""
    script = Path(__file__).with_name(f"{model}_client.py")
    with subprocess.Popen(
        [sys.executable, script, "--memory", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C in a terminal is for this process, which passes it on.
        start_new_session=True,
    ) as client:
        try:
            printed, _ = client.communicate()
        except KeyboardInterrupt:
            client.terminate()
            client.wait()
            raise
    return printed, client.returncode


def compare(models: list[str], arguments: list[str]) -> int:
    """Run the models and print the table; return 1 if one failed."""
    rows = []
    status = 0
    for model in models:
        printed, returncode = run_one(model, arguments)
        status = status or int(returncode != 0)
        if found := RESULT.search(printed):
            say(found[0].splitlines()[0])
            took, os_threads, pages, failed, memory = found.groups()
            rate = (int(pages) - int(failed)) / max(float(took), 0.01)
            rows.append(
                f"| {model} | {took} | {rate:.1f} | {os_threads} | {memory} |"
            )
    say("| model | seconds | pages a second | OS threads | peak memory |")
    say("|---|--:|--:|--:|--:|")
    for row in rows:
        say(row)
    return status


def main() -> int:
    """Compare the models that the command line names; return the status."""
    parser = client_parser(__doc__)
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        type=model_name,
        help="the models to run, in this order (default: all six)",
    )
    options = parser.parse_args()
    allow_open_files()
    arguments = [
        f"--{name}={getattr(options, name)}"
        for name in ("pages", "seconds", "timeout")
    ]
    arguments += ["--block"] * options.block
    try:
        with nullcontext(options.url) if options.url else own_server() as url:
            say(
                f"{options.pages} pages of {options.seconds:g} s,"
                f" Python {platform.python_version()}, {os.cpu_count()} cores"
            )
            return compare(
                options.models or MODELS, [*arguments, f"--url={url}"]
            )
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
