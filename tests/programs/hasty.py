"""Press Ctrl-C while the step `cpu` of chapter 2 starts its processes.

    python tests/programs/hasty.py START_METHOD

The whole process group gets it, as in a terminal, while each process imports
what it needs. The other rows are left out.
"""

import multiprocessing
import os
import signal
import sys
import time
from concurrent import futures
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import asyc_test


class HastyPool(futures.ProcessPoolExecutor):
    """A pool that is interrupted as soon as a process has been started."""

    def submit(self, *call: Any) -> futures.Future[Any]:  # type: ignore[override]  # noqa: ANN401
        future = super().submit(*call)
        time.sleep(0.1)
        os.killpg(0, signal.SIGINT)
        return future


def only_processes(name: str, *how: Any) -> float:  # noqa: ANN401
    return clock(name, *how) if name == "processes" else 1.0


clock = asyc_test.clock

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    asyc_test.clock = only_processes  # type: ignore[assignment]
    futures.ProcessPoolExecutor = HastyPool  # type: ignore[misc]
    sys.argv[1:] = ["cpu"]
    asyc_test.main()
