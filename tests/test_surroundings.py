"""Where people run the scripts: their shells, paths, terminals and Pythons."""

import os
import re
import shutil
from pathlib import Path

import pytest
from helpers.commands import ROOT, Result, posix, runs, shell
from helpers.screens import alike

# The scripts, each with arguments for a moment's run.
SCRIPTS = {
    "coroutine_test.py": "yield async --seconds 0",
    "asyc_test.py": "coroutine",
    "consumer_produce.py": "yield async --seconds 0",
    "aio_http/compare.py": "yield --seconds 0",
}
MODULES = ", ".join(
    path.stem for path in [*ROOT.glob("*.py"), *ROOT.glob("aio_http/*.py")]
)


# `-S` leaves out what is installed.
@runs(
    '-S -c \'import sys, threading; sys.path.append("aio_http");'
    f" import {MODULES}; print(threading.active_count())'"
)
def test_import_starts_nothing(result: Result) -> None:
    """Importing prints nothing, starts no thread, needs no package."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["1"]


@posix
@pytest.mark.parametrize("script", SCRIPTS)
def test_surroundings(script: str, tmp_path: Path) -> None:
    """A copy at an odd path, through a link: plain lines and no complaint."""
    # An ASCII locale knows such a path as bytes only.
    copy = tmp_path / os.fsdecode("o'neil & co (1) 并发".encode())
    # Chapters 1 to 3 are one file each, chapter 4 is a folder.
    shutil.copytree(ROOT / "aio_http", copy / "aio_http")
    shutil.copy(ROOT / script, copy / script)
    (tmp_path / "link.py").symlink_to(copy / script)
    done = shell(
        "ulimit -n 256;"
        " FORCE_COLOR=1 PYTHONSAFEPATH=1 PYTHONOPTIMIZE=2 PYTHONASYNCIODEBUG=1"
        " LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
        f" python link.py {SCRIPTS[script]} <&- | cat",
        folder=tmp_path,
    )
    # A busy machine holds up anybody's loop, which debug mode reports.
    assert re.sub(r"^Executing <.*\n", "", done.stderr, flags=re.M) == ""
    assert re.search(r"^== \w+: \d", done.stdout, re.M)
    assert "\x1b" not in done.stdout


CLIENTS = sorted(f"aio_http/{x.name}" for x in ROOT.glob("*/*_client.py"))
# Where nobody reads, or nobody can write.
ENDS = ["| head -n 1", "> /dev/full", ">&-", "2>&-", "<&- 2>&- >&-"]


@posix
@runs(
    "coroutine_test.py thread --seconds 0.5 | head -n 1",
    "asyc_test.py awaitable > /dev/full",
    "asyc_test.py awaitable | head -n 1",
    "consumer_produce.py thread --seconds 0.5 | head -n 1",
    slow=[
        *(f"{x} {y} {end}" for x, y in SCRIPTS.items() for end in ENDS),
        *(f"{x} --seconds 0.1 | head -n 1" for x in CLIENTS),
        # Gone when processes are about to start, which would stay behind.
        "asyc_test.py cpu | sed '/^threads: .* fast/q'",
    ],
)
def test_nobody_reads(result: Result) -> None:
    """Only a full disk is an error, of one line."""
    line = result.command.line
    ended = (0, "")
    if line.endswith("> /dev/full"):
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        ended = (1, "cannot print: No space left on device\n")
    assert (result.status, result.errors) == ended
    assert bool(result.lines) == (" | " in line or line.endswith(" 2>&-"))


# `-S` leaves out pip, too, as where uv made the environment. With `-O`, no
# check would look at anything.
REFUSED = {
    "-S coroutine_test.py gevent": "gevent is missing: uv pip install ...",
    "-S consumer_produce.py gevent": "gevent is missing: uv pip install ...",
    "-S aio_http/async_client.py": "aiohttp is missing: uv pip install ...",
    "-S aio_http/server.py": "aiohttp is missing: uv pip install aiohttp",
    "-O tests/conftest.py": "The tests assert: run them without -O ...",
    "-O exercises/conftest.py": "The checks assert: run them without -O ...",
}


@runs(*REFUSED)
def test_one_line_says_why_not(result: Result) -> None:
    says = REFUSED[result.command.line]
    assert alike(result.errors.splitlines(), says) == says
    assert result.status == 1


@pytest.mark.slow
def test_an_older_python_is_told_which_one_is_needed() -> None:
    """In one line of ours, or in the line where Python stops reading."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*map(str, pyenv.glob("versions/*/bin")), os.environ["PATH"]]
    old = ["python3.8", "python3.9", "python3.10"]
    found = [shutil.which(x, path=os.pathsep.join(folders)) for x in old]
    if not any(found):
        pytest.skip("no Python 3.8 to 3.10 here, and none is needed")
    for python in filter(None, found):
        for script in [*SCRIPTS, "aio_http/download.py", "tests/conftest.py"]:
            done = shell(f"{python} {script}", check=False)
            assert done.returncode == 1
            said = done.stderr.splitlines()
            assert len(said) == 1 or "SyntaxError" in said[-1], script
            assert "3.11" in done.stderr, script
