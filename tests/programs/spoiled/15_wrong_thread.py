"""Ends at once, without any Python error."""

import os

os._exit(0)
