"""What pytest does with the exercises: copies, order, messages, the end."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "The exercises need Python 3.11 or newer. This is Python "
        + ".".join(map(str, sys.version_info[:3]))
    )
if not __debug__:
    sys.exit("The checks assert: run them without -O and PYTHONOPTIMIZE.")

import ast
import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from calls import Call, install

HERE = Path(__file__).resolve().parent
EXERCISES = {x.stem[3:]: x for x in sorted(HERE.glob("[0-9][0-9]_*.py"))}
SOLUTIONS = "exercises/repaired"
PACKAGES = "gevent aiohttp"
COPIED = pytest.StashKey[int]()


@pytest.fixture(name="call")
def call_fixture(request: pytest.FixtureRequest) -> Call:
    name = request.node.originalname.removeprefix("test_")
    path = folder(request.config) / EXERCISES[name].name
    limit: float = request.config.getoption("--limit")
    return Call(path, limit, checked=request.function.__doc__)


# What pytest calls.


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("exercises")
    group.addoption("--folder", type=Path, default=HERE / "mine")
    group.addoption("--hint", action="store_true", help="show a hint")
    group.addoption("--limit", type=float, default=10, metavar="SECONDS")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Copy the programs that the reader does not have yet."""
    if hasattr(session.config, "workerinput"):
        return  # of pytest-xdist, whose controller has done it
    try:
        folder(session.config).mkdir(parents=True, exist_ok=True)
        copied = 0
        for path in EXERCISES.values():
            mine = folder(session.config) / path.name
            if not mine.exists():
                shutil.copyfile(path, mine)
                copied += 1
    except OSError as error:
        raise pytest.UsageError(
            f"cannot copy the programs: {error}; try --folder DIR"
        ) from None
    session.config.stash[COPIED] = copied


def pytest_report_header(config: pytest.Config) -> str:
    copied = config.stash.get(COPIED, 0)
    where = shown(folder(config), config)
    return f"programs copied to {where}: {copied}" if copied else ""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    items: list[pytest.Item],
) -> Generator[None, None, None]:
    """Keep their order, whoever shuffles the tests."""
    yield
    order = [f"test_{name}" for name in EXERCISES]
    items.sort(key=lambda x: order.index(x.name) if x.name in order else -1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a verdict to who repairs the program, not to who wrote the test."""
    report = yield
    made = getattr(item, "funcargs", {}).get("call")
    if made and call.excinfo and call.excinfo.errisinstance(AssertionError):
        # pytest adds what it knows of the expression to a message.
        message = str(call.excinfo.value).split("\nassert ")[0]
        parts = [
            f"{shown(made.path, item.config)} should\n  "
            f"{statement(made.path, 'It should')}\n"
            f"What is checked: {made.checked}",
            message,
            *made.records,
        ]
        if item.config.getoption("--hint"):
            parts.append(f"Hint: {hint(made.path)}")
        report.longrepr = "\n\n".join(parts)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Say last how many are repaired, and what to do next."""
    yield
    found: dict[str, list[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        reports = terminalreporter.stats.get(outcome, [])
        names = {x.nodeid.rpartition("::test_")[2] for x in reports}
        found[outcome] = [name for name in EXERCISES if name in names]
    say = terminalreporter.write_line
    done, todo = len(found["passed"]), found["failed"] + found["error"]
    if todo:
        path = folder(config) / EXERCISES[todo[0]].name
        say(f"{done} repaired so far. Next: {shown(path, config)}")
        say(f"Read again: {statement(path, 'Read again')}")
        if not config.getoption("--hint"):
            say("For a hint, add --hint.")
    elif skipped := len(found["skipped"]):
        say(f"{done} repaired. {skipped} not checked: {install(PACKAGES)}")
    elif done:
        none = ", and none is left" if done == len(EXERCISES) else ""
        say(f"{done} repaired{none}. Solutions: {SOLUTIONS}")


# The rest reads files.


def folder(config: pytest.Config) -> Path:
    given: Path = config.getoption("--folder")
    return (config.invocation_params.dir / given).resolve()


def shown(path: Path, config: pytest.Config) -> Path:
    """Return the path as one would type it here."""
    here = config.invocation_params.dir
    return path.relative_to(here) if path.is_relative_to(here) else path


def statement(path: Path, head: str) -> str:
    """Return what the docstring says below the head."""
    text = ast.get_docstring(ast.parse((HERE / path.name).read_bytes())) or ""
    found = re.search(rf"^{head}.*?:(.*?)(?=\n\S|\Z)", text, re.M | re.S)
    return " ".join(found[1].split()) if found else ""


def hint(path: Path) -> str:
    text = (HERE / "hints.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## {path.stem[3:]}\n+(.*?)(?=\n## |\Z)", text, re.M | re.S
    )
    return " ".join(found[1].split()) if found else "there is none"
