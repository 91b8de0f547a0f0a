"""What holds for every script that a reader runs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from demo import ROOT, Result, demo

# The scripts, each with arguments that make it run for a moment.
SCRIPTS = {
    "coroutine_test.py": "yield async --seconds 0",
    "asyc_test.py": "coroutine no_lock",
    "consumer_produce.py": "yield async --seconds 0",
}


@pytest.mark.parametrize(
    "result",
    [
        demo(
            "-c",
            f"import sys, threading, {Path(script).stem};"
            "print({'gevent', 'aiohttp'} & {*sys.modules},"
            " threading.active_count())",
        )
        for script in SCRIPTS
    ],
    indirect=True,
    ids=list(SCRIPTS),
)
def test_import_starts_nothing(result: Result) -> None:
    """Importing prints nothing, starts no thread, needs no package."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["set() 1"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_stands_alone(script: str, tmp_path: Path) -> None:
    """Copied to another directory and run from there, it still works."""
    shutil.copy(ROOT / script, tmp_path)
    done = subprocess.run(
        [sys.executable, script, *SCRIPTS[script].split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert len(re.findall(r"^== \w+: \d", done.stdout, re.MULTILINE)) >= 2


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_closed_pipe_is_no_error(script: str) -> None:
    """`| head -n 1` takes its line, and the script ends without a word."""
    done = subprocess.run(
        f"'{sys.executable}' {script} {SCRIPTS[script]} | head -n 1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.startswith("== ")
    assert done.stderr == ""
