"""Where people run the scripts: their shells, paths, terminals and Pythons."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.commands import ROOT, Result, runs, shell

# The scripts, each with arguments for a moment's run.
SCRIPTS = {
    "coroutine_test.py": "yield async --seconds 0",
    "asyc_test.py": "coroutine",
    "consumer_produce.py": "yield async --seconds 0",
    "aio_http/compare.py": "yield --seconds 0",
}
STAND_ALONE = [script for script in SCRIPTS if "/" not in script]
MODULES = [path.stem for path in (ROOT / "aio_http").glob("*.py")] + [
    path.removesuffix(".py") for path in STAND_ALONE
]

PROXY = "http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9"
ASCII = "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
# SCRIPT stands for a script and its arguments.
SURROUNDINGS = f"""\
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
# All of them, and in another directory.
AT_ONCE = (
    f"cd / && ulimit -n 256; FORCE_COLOR=1 PYTHONSAFEPATH=1 PYTHONOPTIMIZE=2"
    f" PYTHONASYNCIODEBUG=1 {PROXY} {ASCII} python SCRIPT <&- | cat"
)

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="these are lines of a POSIX shell"
)
every_script = pytest.mark.parametrize("script", SCRIPTS)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the scripts, whose path is an odd one."""
    folder = tmp_path_factory.mktemp("here") / "o'neil & co (1) 并发"
    shutil.copytree(ROOT / "aio_http", folder / "aio_http")
    for script in STAND_ALONE:
        shutil.copy(ROOT / script, folder)
    return folder


def ran_well(done: "subprocess.CompletedProcess[str]") -> bool:
    """Return whether there are closing lines, plain, and no complaint."""
    # A busy machine holds up anybody's loop, which debug mode reports.
    said = re.sub(r"^Executing <.*\n", "", done.stderr, flags=re.M)
    closing = re.findall(r"^== \w+: \d", done.stdout, re.M)
    return bool(closing) and not said and "\x1b" not in done.stdout


def quoted(path: Path | str) -> str:
    """Quote a path for the shell."""
    return "'" + str(path).replace("'", r"'\''") + "'"


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


@pytest.mark.slow
@pytest.mark.parametrize("script", STAND_ALONE)
def test_stands_alone(script: str, tmp_path: Path) -> None:
    """Copied to another directory and run from there, it still works."""
    shutil.copy(ROOT / script, tmp_path)
    line = f"python -W error {script} {SCRIPTS[script]}"
    assert ran_well(shell(line, folder=tmp_path))


@posix
@every_script
def test_all_surroundings_at_once(script: str, checkout: Path) -> None:
    """Through a link, from elsewhere, with all that a shell may have set."""
    link = checkout.parent / Path(script).name
    link.symlink_to(checkout / script)
    line = AT_ONCE.replace("SCRIPT", f"{quoted(link)} {SCRIPTS[script]}")
    assert ran_well(shell(line))


@pytest.mark.slow
@posix
@every_script
@pytest.mark.parametrize("line", SURROUNDINGS)
def test_surroundings(line: str, script: str, checkout: Path) -> None:
    """One by one, at the odd path."""
    if "taskset" in line and not shutil.which("taskset"):
        pytest.skip("this system has no taskset to keep a process on a core")
    line = line.replace("SCRIPT", f"{script} {SCRIPTS[script]}")
    assert ran_well(shell(line, folder=checkout))


# Where nobody reads, or nobody can write.


@posix
@every_script
def test_a_closed_pipe_ends_it_without_a_word(script: str) -> None:
    """`| head -n 1` takes its line."""
    done = shell(f"python {script} {SCRIPTS[script]} | head -n 1")
    assert re.fullmatch(r".+\n", done.stdout)
    assert done.stderr == ""


@posix
@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)
@every_script
def test_a_full_disk_is_one_line(script: str) -> None:
    """It says so, with status 1."""
    line = f"python {script} {SCRIPTS[script]} > /dev/full"
    done = shell(line, check=False)
    assert done.returncode == 1
    assert re.fullmatch(".*No space left on device.*\n", done.stderr)


@pytest.mark.slow
@posix
@every_script
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(script: str, closed: str) -> None:
    """What is said to nobody is no error."""
    done = shell(f"python {script} {SCRIPTS[script]} {closed}")
    assert done.stderr == ""
    assert bool(done.stdout) == (closed == "2>&-")


# What is missing.


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("coroutine_test.py yield gevent --seconds 0", "gevent"),
        ("consumer_produce.py yield gevent --seconds 0", "gevent"),
        ("aio_http/async_client.py --seconds 0", "aiohttp"),
    ],
)
def test_a_package_is_missing_where_pip_is_too(
    line: str, package: str, empty: Path
) -> None:
    """As where uv made the environment: then uv installs it."""
    done = shell(f"{quoted(empty)} {line}", check=False)
    assert done.returncode == 1
    assert done.stderr == f"{package} is missing: uv pip install {package}\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with no package, not even pip."""
    folder = tmp_path_factory.mktemp("empty")
    shell(f"python -m venv --without-pip {folder}")
    return folder / "bin" / "python"


def old_pythons() -> Iterator[str]:
    """Return a Python of each version before 3.11 that this machine has."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in ("3.8", "3.9", "3.10"):
        for path in [
            *pyenv.glob(f"versions/{version}.*/bin/python"),
            shutil.which(f"python{version}"),
        ]:
            if path and not shell(f"{path} -c ''", check=False).returncode:
                yield str(path)
                break


@pytest.mark.slow
def test_an_older_python_is_told_which_one_is_needed() -> None:
    """In one line of ours, or in the line where Python stops reading."""
    pythons = [*old_pythons()]
    if not pythons:
        pytest.skip("nothing to install: it asks what Python 3.8 to 3.10 say")
    for python in pythons:
        for script in [*SCRIPTS, "tests/conftest.py"]:
            done = shell(f"{python} {script}", check=False)
            assert done.returncode == 1
            said = done.stderr.splitlines()
            assert len(said) == 1 or "SyntaxError" in said[-1], script
            assert "3.11" in done.stderr, script


def test_the_suite_needs_asserts() -> None:
    """It does not pass where none is looked at."""
    done = shell("python -O tests/conftest.py", check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
