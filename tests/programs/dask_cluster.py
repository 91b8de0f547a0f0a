"""Run chapter 5 on a cluster that runs already: a scheduler and its workers.

    python tests/programs/dask_cluster.py WORKERS [--items N ...]

Each line begins with whose terminal it would be in, `script | ` or
`worker | `. The last one has the script's exit status.
"""

import os
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from distributed import Client

SCRIPT = Path(__file__).parents[2] / "cluster" / "consumer_produce.py"
LOOPBACK = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]


def copy(name: str, process: "Popen[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        print(f"{name} | {line}", end="", flush=True)


def main(workers: int, options: list[str]) -> None:
    os.environ["DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"] = "1s"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        # The scheduler writes its address here; the others wait for it.
        file = str(Path(folder, "scheduler.json"))

        def start(*arguments: str, log: int | None = DEVNULL) -> "Popen[str]":
            command = [sys.executable, *arguments]
            process = stack.enter_context(
                Popen(command, stdout=PIPE, stderr=log, encoding="utf-8")
            )
            stack.callback(process.kill)  # nannies end without their parent
            return process

        def start_dask(*arguments: str) -> "Popen[str]":
            address = ["--scheduler-file", file]
            return start("-m", "dask", *arguments, *address, *LOOPBACK)

        start_dask("scheduler", "--port", "0")
        if workers:
            many = ["--nworkers", str(workers), "--nthreads", "1"]
            consumers = start_dask("worker", *many)
            threading.Thread(
                target=copy, args=("worker", consumers), daemon=True
            ).start()
        with Client(scheduler_file=file) as client:
            address = client.scheduler.address
            if workers:
                client.wait_for_workers(workers)
        script = start(str(SCRIPT), "--scheduler", address, *options, log=None)
        copy("script", script)
        print(f"status {script.wait()}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
