"""First on PYTHONPATH, this stands in for a gevent that is missing."""

raise ModuleNotFoundError("No module named 'gevent'", name="gevent")
