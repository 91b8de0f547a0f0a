"""Press Ctrl-C while the step `cpu` of chapter 2 starts its processes.

    python tests/programs/hasty.py START_METHOD

Each process gets it too, as in a terminal, while it imports what it needs.
"""

import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import asyc_test


class HastyPool(ProcessPoolExecutor):
    def submit(self, *call: Any) -> Future[Any]:  # type: ignore[override]  # noqa: ANN401
        future = super().submit(*call)
        time.sleep(0.1)
        os.killpg(0, signal.SIGINT)
        return future


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    asyc_test.say("== cpu")
    with asyc_test.plain_endings():
        pool = HastyPool(2, initializer=asyc_test.begin)
        asyc_test.clock("processes", ["ab", "cd"], pool=pool)
