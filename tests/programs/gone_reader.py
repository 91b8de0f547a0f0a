"""Read what the step `cpu` of chapter 2 prints, and go before it has ended.

    python tests/programs/gone_reader.py

As `| head` does. It goes when the processes are about to start, and prints the
exit status of the step.
"""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "asyc_test.py"

with subprocess.Popen(
    [sys.executable, SCRIPT, "cpu"], stdout=subprocess.PIPE, encoding="utf-8"
) as process:
    assert process.stdout
    for line in process.stdout:
        if line.startswith("threads:") and "times as fast" in line:
            break
    process.stdout.close()
    print(process.wait(), flush=True)
