"""Run chapter 5 with the address of a server that takes calls, no more."""

import socket
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "cluster" / "consumer_produce.py"

with socket.create_server(("127.0.0.1", 0)) as server:
    address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    command = [sys.executable, str(SCRIPT), "--scheduler", address]
    sys.exit(subprocess.run(command, timeout=50).returncode)
