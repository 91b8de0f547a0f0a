"""The README cannot lie: what it shows is run, and what it names exists."""

import ast
import importlib
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from textwrap import dedent

import pytest
from demo import ROOT, Result, demo, run
from readme import BLOCK, READMES, Shown, blocks, shown

ENGLISH, CHINESE = (path.read_text(encoding="utf-8") for path in READMES)
SCRIPTS = [
    path
    for folder in (".", "aio_http", "benchmarks")
    for path in sorted((ROOT / folder).glob("*.py"))
]
SOURCES = {path: path.read_text(encoding="utf-8") for path in SCRIPTS}

# The rows of the table of claims: claim, command, tests.
CLAIMS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in re.findall(r"^\|.*`test_\w+\.py::.*\|$", ENGLISH, re.M)
]

# These take longer than all the other tests together.
SLOW = re.compile(r"\$ python (coroutine_test\.py$|aio_http/.* --pages)")

# Two terminals: a server, and a client of it.
SERVER = "aio_http/server.py"

CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")
IDS = re.compile(r"(?<=thread id = )\d+|(?<=OS thread = )\d+")
NUMBER = re.compile(r"\d+\.\d+")


def normal(lines: list[str], letters: bool) -> list[tuple[str, list[float]]]:
    """Return the lines without what differs from run to run.

    Args:
        lines: What the README shows, or what was printed.
        letters: Whether each id becomes a letter, in order of appearance;
            if not, all of them become the same one.

    Returns:
        For each line its text, and its numbers: the time in seconds since
        the first time of all, and the decimal fractions.
    """
    names: dict[str, str] = {}
    first = None
    result = []
    for line in lines:
        numbers = []
        for hours, minutes, seconds in CLOCK.findall(line):
            time = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
            first = time if first is None else first
            numbers.append(float((time - first) % 86400))
        for number in IDS.findall(line):
            names.setdefault(number, chr(ord("A") + len(names)))
        text = CLOCK.sub("TIME", re.sub(r"\.py:\d+", ".py:N", line))
        text = IDS.sub(lambda m: names[m[0]] if letters else "ID", text)
        numbers += map(float, NUMBER.findall(text))
        result.append((NUMBER.sub("N", text), numbers))
    return result if letters else sorted(result)


def order_is_open(arguments: list[str]) -> bool:
    """Whether workers that wake at the same moment may print in any order."""
    script, *options = arguments
    return script != "coroutine_test.py" or options == ["thread"]


def shape(lines: list[str]) -> list[str]:
    """Return the lines without any number, as on another machine."""
    return [re.sub(r"[\d.,]+", "N", line) for line in lines]


def agree(shown: list[str], printed: list[str], letters: bool) -> None:
    """Assert that the output shown is like the one that was printed."""
    left, right = normal(shown, letters), normal(printed, letters)
    assert [text for text, _ in left] == [text for text, _ in right]
    for (text, expected), (_, found) in zip(left, right, strict=True):
        for one, other in zip(expected, found, strict=True):
            # A clock cuts to seconds; a loaded machine takes longer.
            assert abs(one - other) <= 1, text


def samples() -> Iterator[Shown]:
    """Return the commands that the scripts' docstrings show, with output."""
    for source in SOURCES.values():
        docstring = f"{ast.get_docstring(ast.parse(source))}\n"
        for sample in re.findall(r"^    \$ python (?:.+\n)+", docstring, re.M):
            command, *output = dedent(sample).splitlines()
            if SERVER not in command:
                yield Shown(command, output)


def commands() -> Iterator[object]:
    """Return each shown command beside the demo that runs it."""
    for one in [*shown(ENGLISH), *samples()]:
        slow = pytest.mark.slow if SLOW.match(one.command) else ()
        yield pytest.param(
            one, demo(*one.arguments), id=one.command, marks=slow
        )


@pytest.mark.parametrize(("one", "result"), [*commands()], indirect=["result"])
def test_shown_output_is_what_a_run_prints(one: Shown, result: Result) -> None:
    """The output below a command is like the one of a run of it."""
    printed = one.cut(result)
    if "compare.py" in one.command:
        assert shape(one.output) == shape(printed)
    else:
        agree(one.output, printed, not order_is_open(one.arguments))


def tried() -> Iterator[str]:
    """Return the commands that the text asks the reader to try."""
    for body in blocks(ENGLISH, "sh"):
        yield from re.findall(r"^python3? (?!-m |benchmarks)(.*)", body, re.M)
    seen = [one.command for one in shown(ENGLISH)]
    for _, command, _ in CLAIMS:
        for arguments in re.findall(r"`python ([^`]*)`", command):
            if f"$ python {arguments}" not in seen:
                yield arguments


@pytest.mark.parametrize(
    "result",
    [
        demo(*arguments.split())
        for arguments in dict.fromkeys(tried())
        if arguments != SERVER and "--url" not in arguments
    ],
    indirect=True,
    ids=str,
)
def test_commands_without_output_run(result: Result) -> None:
    """What the text asks the reader to try works."""
    assert result.status == 0
    assert result.lines


def test_two_terminals() -> None:
    """The client finds the server that the line above it starts."""
    server, client = (
        arguments.split()
        for arguments in tried()
        if arguments == SERVER or "--url" in arguments
    )
    with subprocess.Popen(
        [sys.executable, *server],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            if not process.stdout.readline():
                pytest.skip("the port is taken")
            result = run(demo(*client))
        finally:
            process.terminate()
    assert (result.status, result.errors) == (0, "")
    assert result.lines[-1].endswith("| pages 500 | failed 0")


def test_setting_up_is_what_ci_does() -> None:
    """CI runs the lines that set up, and Windows has the same ones."""
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = [
        line
        for body in blocks(ENGLISH, "sh")
        for line in body.splitlines()
        if line.startswith(("python3 -m venv", ".venv", "uv", "python -m"))
    ]
    assert len(lines) == 4
    for line in lines:
        assert f"readme '{line}'" in ci
    (windows,) = blocks(ENGLISH, "bat")
    same = windows.replace("\\Scripts\\", "/bin/")
    assert re.sub("^py ", "python3 ", same).splitlines() == lines[:2]


@pytest.mark.parametrize("fragment", blocks(ENGLISH, "python"))
def test_code_is_taken_from_the_scripts(fragment: str) -> None:
    """Each fragment stands in a script, line for line."""
    assert any(fragment in source for source in SOURCES.values()), fragment


def defined() -> set[str]:
    """Return the names of all functions and classes in the scripts."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name
        for source in SOURCES.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds)
    }


def importable(name: str) -> bool:
    """Whether a dotted name is something in an importable module."""
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError):
        return False


@pytest.mark.parametrize(
    "text", [ENGLISH, CHINESE], ids=["English", "Chinese"]
)
def test_what_is_named_exists(text: str) -> None:
    """Files, functions, and places that the text links to."""
    inline = set(
        re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    )
    files = {
        x
        for x in inline
        if re.fullmatch(r"[\w./-]+\.(py|txt|toml|svg|md)|[\w/]+/", x)
    }
    functions = {
        x for x in inline if re.fullmatch(r"[\w.]+\(\)|\w+_(test|client)", x)
    }
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", text)
    assert files
    assert functions
    assert links
    for name in files:
        assert (ROOT / name).exists(), name
    for name in functions:
        bare = name.removesuffix("()")
        is_method = hasattr(types.GeneratorType, bare)
        assert is_method or bare in defined() or importable(bare), name
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    for link in links:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).exists(), link
        assert not anchor or path or anchor in anchors, link


def test_both_languages_show_the_same() -> None:
    """The same chapters, code blocks, commands in tables, and links."""

    def outline(text: str) -> list[int]:
        prose = BLOCK.sub("", text)
        return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]

    def table_code(text: str) -> list[list[str]]:
        rows = re.findall(r"^\|.*\|$", text, re.M)
        return [sorted(re.findall(r"`[^`]+`", row)) for row in rows]

    def links(text: str) -> list[str]:
        found = re.findall(r"\]\(([^)]+)\)", text)
        return sorted(x for x in found if not x.startswith(("#", "README")))

    assert outline(ENGLISH) == outline(CHINESE)
    assert BLOCK.findall(ENGLISH) == BLOCK.findall(CHINESE)
    assert table_code(ENGLISH) == table_code(CHINESE)
    assert links(ENGLISH) == links(CHINESE)
    assert "(README.zh-CN.md)" in ENGLISH
    assert "(README.md)" in CHINESE


def test_tests_in_the_table_of_claims_exist() -> None:
    """Each claim names tests that pytest collects."""
    tests = {
        f"{path.name}::{node.name}"
        for path in (ROOT / "tests").glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert len(CLAIMS) >= 13
    for claim, _, cell in CLAIMS:
        names = re.findall(r"`([^`]+)`", cell)
        assert names, claim
        assert tests.issuperset(names), claim
