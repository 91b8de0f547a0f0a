"""Python imports this at its start: let the package in WITHOUT be missing."""

import os
import sys

if package := os.environ.get("WITHOUT"):
    sys.modules[package] = None  # type: ignore[assignment]
