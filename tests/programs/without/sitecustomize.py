"""Python imports this at its start: let the packages in WITHOUT be missing."""

import os
import sys

for package in os.environ.get("WITHOUT", "").split():
    sys.modules[package] = None  # type: ignore[assignment]
