"""Run a script as if a package were not installed.

python tests/without.py PACKAGE SCRIPT [ARGUMENT ...]
"""

import runpy
import sys
from pathlib import Path

package, *sys.argv = sys.argv[1:]
sys.modules[package] = None  # type: ignore[assignment]
sys.path[0] = str(Path(sys.argv[0]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
