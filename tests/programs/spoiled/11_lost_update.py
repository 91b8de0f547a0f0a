"""Crashes at import."""

import asynci
