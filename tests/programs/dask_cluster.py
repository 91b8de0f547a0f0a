"""Run chapter 5 on a cluster that runs already: a scheduler and its workers.

    python tests/programs/dask_cluster.py WORKERS [--items N ...]

Each line begins with whose terminal it would be in, `script | ` or
`worker | `. The last one has the script's exit status.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from distributed import Client

SCRIPT = Path(__file__).parents[2] / "cluster" / "consumer_produce.py"
LOOPBACK = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]


def start(*arguments: str, log: int | None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=log,
        encoding="utf-8",
    )


def copy(name: str, process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        print(f"{name} | {line}", end="", flush=True)


def address_in(file: Path) -> str:
    """Return the scheduler's address when it has written the file."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return str(json.loads(file.read_text("utf-8"))["address"])
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)
    raise TimeoutError("the scheduler did not start")


def main(workers: int, options: list[str]) -> None:
    os.environ["DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"] = "1s"
    quiet = subprocess.DEVNULL  # these logs tell of the worker that is lost
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        file = Path(directory, "scheduler.json")

        def run(*arguments: str, log: int | None) -> "subprocess.Popen[str]":
            process = stack.enter_context(start(*arguments, log=log))
            stack.callback(process.kill)  # nannies end without their parent
            return process

        found = ["--port", "0", "--scheduler-file", str(file)]
        run("-m", "dask", "scheduler", *LOOPBACK, *found, log=quiet)
        address = address_in(file)
        if workers:
            many = ["--nworkers", str(workers), "--nthreads", "1"]
            worker = run(
                *("-m", "dask", "worker", address, *LOOPBACK, *many), log=quiet
            )
            threading.Thread(
                target=copy, args=("worker", worker), daemon=True
            ).start()
            with Client(address, timeout=30) as client:
                client.wait_for_workers(workers, timeout=30)
        script = run(str(SCRIPT), "--scheduler", address, *options, log=None)
        copy("script", script)
        print(f"status {script.wait()}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
