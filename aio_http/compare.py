# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13", "gevent>=25.9.1"]
# ///
"""Run the clients one after another, and print their closing lines.

    python aio_http/compare.py                                  all, 5 pages
    python aio_http/compare.py yield async --pages 1000         these two
    python aio_http/compare.py --pages 1000 --seconds 0         only overhead

Each client is a process of its own, with a server of its own: what one gave
up on can keep a server busy, and would slow the next.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from client import options, plain_endings, say

MODELS = ["sequential", "thread", "process", "yield", "async", "gevent"]


def run_one(model: str, arguments: list[str]) -> int:
    """Run a client, print its closing line, and return its exit status."""
    script = Path(__file__).resolve().with_name(f"{model}_client.py")
    with subprocess.Popen(
        [sys.executable, "-Xutf8", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as client:
        try:
            printed, errors = client.communicate()
        finally:  # Ctrl-C may have reached this process only
            client.kill()
            client.wait()
    if errors:
        say(errors.rstrip("\n"), to="stderr")
    lines = printed.splitlines()
    if not lines:
        sys.exit(1)  # it found no server to run: nor will the others
    if lines[-1].startswith(f"== {model}:"):
        say(lines[-1])
    return client.returncode


def main() -> None:
    args = options(__doc__, workers=1, models=MODELS)
    # The clients take the same options.
    arguments = [x for x in sys.argv[1:] if x not in ("all", *MODELS)]
    with plain_endings():
        say(
            f"{args.pages} pages of {args.seconds:g} s,"
            f" Python {platform.python_version()}, {os.cpu_count()} cores"
        )
        statuses = [
            run_one(model, arguments)
            for model in MODELS
            if model in args.MODEL or "all" in args.MODEL
        ]
    sys.exit(any(statuses))


if __name__ == "__main__":
    main()
