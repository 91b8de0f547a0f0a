"""What holds for every script that a reader runs."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from helpers.commands import ROOT, Result, runs, shell

# The scripts that stand alone, each with arguments for a moment's run.
SCRIPTS = {
    "coroutine_test.py": "yield async --seconds 0",
    "asyc_test.py": "coroutine await",
    "consumer_produce.py": "yield async --seconds 0",
}
MODULES = [
    *(script.removesuffix(".py") for script in SCRIPTS),
    *sorted(path.stem for path in (ROOT / "aio_http").glob("*.py")),
]


IMPORTS = f"""
import sys, threading
sys.path.append("aio_http")
import {", ".join(MODULES)}
print(sorted(set(("gevent", "aiohttp")) & set(sys.modules)))
print(threading.active_count())
"""


@runs(f"-c '{IMPORTS}'")
def test_import_starts_nothing(result: Result) -> None:
    """Importing prints nothing, starts no thread, needs no package."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["[]", "1"]


def run_copy(script: str, folder: Path, *, head: str = "") -> str:
    """Run a copy of the script in a folder; return what it printed."""
    shutil.copy(ROOT / script, folder)
    command = f'"{sys.executable}" -W error {script} {SCRIPTS[script]} {head}'
    done = shell(command, folder=folder)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_stands_alone(script: str, tmp_path: Path) -> None:
    """Copied to another directory and run from there, it still works."""
    printed = run_copy(script, tmp_path)
    assert len(re.findall(r"^== \w+: \d", printed, re.M)) >= 2


@pytest.mark.skipif(sys.platform == "win32", reason="no head")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_closed_pipe_is_no_error(script: str, tmp_path: Path) -> None:
    """`| head -n 1` takes its line, and the script ends without a word."""
    printed = run_copy(script, tmp_path, head="| head -n 1")
    assert re.fullmatch(r"== \w+\n", printed)
