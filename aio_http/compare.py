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

from client import options, say

MODELS = ["sequential", "thread", "process", "yield", "async", "gevent"]


def run_one(model: str, arguments: list[str]) -> int:
    """Run a client, print its closing line, and return its exit status."""
    script = Path(__file__).with_name(f"{model}_client.py")
    done = subprocess.run(
        [sys.executable, "-Xutf8", script, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    sys.stderr.write(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith(f"== {model}:"):
            say(line)
    return done.returncode


def main() -> None:
    args = options(__doc__, workers=1, models=MODELS)
    # The clients take the same options.
    arguments = [x for x in sys.argv[1:] if x not in ("all", *MODELS)]
    try:
        say(
            f"{args.pages} pages of {args.seconds:g} s,"
            f" Python {platform.python_version()}, {os.cpu_count()} cores"
        )
        statuses = [
            run_one(model, arguments)
            for model in MODELS
            if model in args.MODEL or "all" in args.MODEL
        ]
    except KeyboardInterrupt:
        os._exit(130)  # the client has ended, or was killed just now
    sys.exit(any(statuses))


if __name__ == "__main__":
    main()
