"""Ends at once, as if all were well."""

import sys

sys.exit(0)
