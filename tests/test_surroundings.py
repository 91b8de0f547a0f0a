"""Where people run the scripts: their shells, paths, terminals and Pythons."""

import os
import re
import shutil
from pathlib import Path

import pytest
from helpers.commands import ROOT, Result, posix, runs, shell

# The scripts, each with arguments for a moment's run.
SCRIPTS = {
    "coroutine_test.py": "yield async --seconds 0",
    "asyc_test.py": "coroutine",
    "consumer_produce.py": "yield async --seconds 0",
    "aio_http/compare.py": "yield --seconds 0",
}
MODULES = [
    path.stem for path in [*ROOT.glob("*.py"), *ROOT.glob("aio_http/*.py")]
]

PROXY = "http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9"
ASCII = "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
# SCRIPT stands for a script and its arguments.
ONE_BY_ONE = f"""\
FORCE_COLOR=1 python SCRIPT
NO_COLOR=1 python SCRIPT
PYTHONIOENCODING=ascii python SCRIPT
{ASCII} python SCRIPT
PYTHONSAFEPATH=1 python SCRIPT
PYTHONOPTIMIZE=2 python SCRIPT
PYTHONASYNCIODEBUG=1 python SCRIPT
{PROXY} python SCRIPT
taskset -c 0 python SCRIPT
ulimit -n 256; python SCRIPT
python SCRIPT <&-
python SCRIPT | cat
""".splitlines()
ALL_AT_ONCE = (
    "ulimit -n 256; FORCE_COLOR=1 PYTHONSAFEPATH=1 PYTHONOPTIMIZE=2"
    f" PYTHONASYNCIODEBUG=1 {PROXY} {ASCII} python SCRIPT <&- | cat"
)

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


@posix
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(
    "line",
    [
        ALL_AT_ONCE,
        *(pytest.param(x, marks=pytest.mark.slow) for x in ONE_BY_ONE),
    ],
)
def test_surroundings(line: str, script: str, tmp_path: Path) -> None:
    """A copy at an odd path, through a link: plain lines and no complaint."""
    if "taskset" in line and not shutil.which("taskset"):
        pytest.skip("this system has no taskset to keep a process on a core")
    # An ASCII locale knows such a path as bytes only.
    copy = tmp_path / os.fsdecode("o'neil & co (1) 并发".encode())
    # Chapters 1 to 3 are one file each, chapter 4 is a folder.
    shutil.copytree(ROOT / "aio_http", copy / "aio_http")
    shutil.copy(ROOT / script, copy / script)
    (tmp_path / "link.py").symlink_to(copy / script)
    line = line.replace("SCRIPT", f"link.py {SCRIPTS[script]}")
    done = shell(line, folder=tmp_path)
    # A busy machine holds up anybody's loop, which debug mode reports.
    assert re.sub(r"^Executing <.*\n", "", done.stderr, flags=re.M) == ""
    assert re.search(r"^== \w+: \d", done.stdout, re.M)
    assert "\x1b" not in done.stdout


# Where nobody reads, or nobody can write.
ENDS = ["| head -n 1", "> /dev/full", ">&-", "2>&-", "<&- 2>&- >&-"]


@posix
@runs(
    "coroutine_test.py thread --seconds 0.5 | head -n 1",
    "asyc_test.py awaitable > /dev/full",
    "consumer_produce.py thread --seconds 0.5 | head -n 1",
    slow=[f"{x} {y} {end}" for x, y in SCRIPTS.items() for end in ENDS],
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
    assert bool(result.lines) == line.endswith((" | head -n 1", " 2>&-"))


# What is missing.


@pytest.mark.slow
@posix
def test_a_package_is_missing_where_pip_is_too(tmp_path: Path) -> None:
    """As where uv made the environment: then uv installs it."""
    shell(f"python -m venv --without-pip {tmp_path}")
    for line, package in [
        ("coroutine_test.py yield gevent --seconds 0", "gevent"),
        ("consumer_produce.py yield gevent --seconds 0", "gevent"),
        ("aio_http/async_client.py --seconds 0", "aiohttp"),
    ]:
        done = shell(f"{tmp_path}/bin/python {line}", check=False)
        says = f"{package} is missing: uv pip install {package}\n"
        assert (done.returncode, done.stderr) == (1, says)


@pytest.mark.slow
def test_an_older_python_is_told_which_one_is_needed() -> None:
    """In one line of ours, or in the line where Python stops reading."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*map(str, pyenv.glob("versions/*/bin")), os.environ["PATH"]]
    old = ["python3.8", "python3.9", "python3.10"]
    found = [shutil.which(x, path=os.pathsep.join(folders)) for x in old]
    if not any(found):
        pytest.skip("nothing to install: it asks what Python 3.8 to 3.10 say")
    for python in filter(None, found):
        for script in [*SCRIPTS, "aio_http/download.py", "tests/conftest.py"]:
            done = shell(f"{python} {script}", check=False)
            assert done.returncode == 1
            said = done.stderr.splitlines()
            assert len(said) == 1 or "SyntaxError" in said[-1], script
            assert "3.11" in done.stderr, script


@runs("-O tests/conftest.py")
def test_the_suite_needs_asserts(result: Result) -> None:
    """It does not pass where none is looked at."""
    assert (result.status, len(result.errors.splitlines())) == (1, 1)
