"""First on PYTHONPATH, this stands in for an aiohttp that is missing."""

raise ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")
