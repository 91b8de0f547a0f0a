"""The pages cannot lie: what they show is run, and what they name exists."""

import ast
import importlib
import importlib.util
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.commands import ROOT, Command, Result, run
from helpers.pages import PAIRS, Shown, blocks, shown
from test_questions import shared, takes

TEXTS = {
    path: path.read_text(encoding="utf-8") for pair in PAIRS for path in pair
}
README = TEXTS[ROOT / "README.md"]
SCRIPTS = [
    path
    for folder in (".", "aio_http", "benchmarks", "cluster", "exercises")
    for path in sorted((ROOT / folder).glob("*.py"))
]
SOURCES = {path: path.read_text(encoding="utf-8") for path in SCRIPTS}

# These take longer than all the other tests together, or use every core.
SLOW = re.compile(
    r"coroutine_test\.py( thread async| yield .*)?$|consumer_produce\.py$"
    r"|asyc_test\.py( cpu)?$|aio_http/.* --pages|aio_http/compare|cluster/"
)
# Others run these: the live page, exercises that are broken on purpose, what
# needs more than the three packages.
ELSEWHERE = re.compile(r"-m|aio_http/server|exercises/|benchmarks/|tools/")
CLUSTER = pytest.mark.skipif(
    not importlib.util.find_spec("distributed"), reason="needs Dask"
)

CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")
# On Windows both ids of a thread are one number, so the kind belongs to it.
IDS = re.compile(r"(thread id|OS thread) = \d+|(process) = .*")
NUMBER = re.compile(r"\d+\.\d+")


def marks(line: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a test that runs the command."""
    found = [pytest.mark.slow] if SLOW.match(line) else []
    return found + [CLUSTER] * line.startswith("cluster/")


def normal(lines: list[str], letters: bool) -> list[tuple[str, list[float]]]:
    """Return the lines without what differs from run to run.

    Args:
        lines: What a page shows, or what was printed.
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
        for found in IDS.finditer(line):
            names.setdefault(found[0], chr(ord("A") + len(names)))
        text = CLOCK.sub("TIME", re.sub(r"\.py:\d+", ".py:N", line))
        text = re.sub(r"\d+ cores, Python .*", "N", text)
        text = IDS.sub(
            lambda m: f"{m[1] or m[2]} = {names[m[0]] if letters else 'ID'}",
            text,
        )
        numbers += map(float, NUMBER.findall(text))
        result.append((NUMBER.sub("N", text), numbers))
    return result if letters else sorted(result)


def agree(shown: list[str], printed: list[str], letters: bool) -> None:
    """Assert that the output shown is like the one that was printed."""
    left, right = normal(shown, letters), normal(printed, letters)
    assert [text for text, _ in left] == [text for text, _ in right]
    for (text, expected), (_, found) in zip(left, right, strict=True):
        for one, other in zip(expected, found, strict=True):
            # A clock cuts to seconds; a loaded machine takes longer.
            assert abs(one - other) <= 1, text


def commands() -> Iterator[object]:
    """Return each shown command beside the one that runs it."""
    for one in [x for page, _ in PAIRS for x in shown(TEXTS[page])]:
        if not ELSEWHERE.match(one.line):
            yield pytest.param(
                one,
                Command(one.line, takes=takes(one.line)),
                id=one.line,
                marks=marks(one.line),
            )


@pytest.mark.parametrize(("one", "result"), [*commands()], indirect=["result"])
def test_shown_output_is_what_a_run_prints(one: Shown, result: Result) -> None:
    """The output below a command is like the one of a run of it."""
    script, *options = one.arguments
    printed = one.cut(result)
    # How many workers get a page or an item, and when, is open there.
    if script.endswith("compare.py") or script.startswith("cluster/"):
        assert shape(one.output) == shape(printed)
        return
    in_order = script == "coroutine_test.py" and options != ["thread"]
    agree(one.output, printed, in_order)


def shape(lines: list[str]) -> list[str]:
    """Return the lines without numbers and names, in no order."""
    plain = [re.sub(r"host = .*|[\d.:]+", "N", line) for line in lines]
    return sorted(plain)


def tried() -> Iterator[str]:
    """Return the commands that the pages ask the reader to try."""
    seen = {one.line for page, _ in PAIRS for one in shown(TEXTS[page])}
    found = [
        line
        for page, _ in PAIRS
        for body in blocks(TEXTS[page], "sh")
        for line in re.findall(r"^python3? (.*)", body, re.M)
    ]
    for line in dict.fromkeys(found):
        if line not in seen and not ELSEWHERE.match(line):
            yield line


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(shared(line), id=line, marks=marks(line))
        for line in tried()
        if "--url" not in line and "--scheduler" not in line
    ],
    indirect=True,
)
def test_commands_without_output_run(result: Result) -> None:
    """What the text asks the reader to try works, or fails as it says."""
    fails = re.search("--fail-on|--timeout", result.command.line)
    assert result.status == (1 if fails else 0)
    assert result.lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        (script, int(seconds))
        for script, seconds in re.findall(
            r"^\| \[`(\w+\.py)`\].*\| (\d+) s \|$", README, re.M
        )
    ],
)
def test_how_long_a_script_runs(script: str, seconds: int) -> None:
    """The table of the reading order says so, to a tenth or two seconds."""
    took = run(Command(script, dev=False)).seconds
    assert abs(took - seconds) <= max(2, seconds / 10)


def test_setting_up_is_what_ci_does() -> None:
    """CI runs the lines that set up, and Windows has the same ones."""
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = [
        line
        for body in blocks(README, "sh")
        for line in body.splitlines()
        if line.startswith(("python3 -m venv", ".venv", "uv", "python -m pip"))
    ]
    assert len(lines) >= 4
    for line in lines:
        assert f"readme '{line}'" in ci
    (windows,) = blocks(README, "bat")
    same = windows.replace("\\Scripts\\", "/bin/")
    assert re.sub("^py ", "python3 ", same).splitlines() == lines[:2]


@pytest.mark.parametrize("fragment", blocks(README, "python"))
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


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.M)
    }


@pytest.mark.parametrize(
    "page", TEXTS, ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_what_is_linked_to_exists(page: Path) -> None:
    """Files and headings inside the repository."""
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", TEXTS[page])
    assert links
    for link in links:
        name, _, anchor = link.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(TEXTS[path]), link


@pytest.mark.parametrize("page", [README, TEXTS[ROOT / "README.zh-CN.md"]])
def test_what_is_named_exists(page: str) -> None:
    """Files and functions that the README names."""
    prose = re.sub(r"```.*?```", "", page, flags=re.S)
    prose = prose[: prose.index("| 3.15 |")]  # then come names of old code
    inline = set(re.findall(r"`([^`\n]+)`", prose))
    files = {
        x
        for x in inline
        if re.fullmatch(r"[\w./-]+\.(py|txt|toml|svg|md|html)|\w+/", x)
    }
    functions = {
        x for x in inline if re.fullmatch(r"[\w.]+\(\)|\w+_(test|client)", x)
    }
    assert files
    assert functions
    for name in files:
        found = [(ROOT / folder / name) for folder in ("", "aio_http")]
        assert any(path.exists() for path in found), name
    for name in functions:
        bare = name.removesuffix("()")
        is_method = hasattr(types.GeneratorType, bare)
        in_thread = bare in ("start", "join")
        known = is_method or in_thread or bare in defined()
        assert known or importable(bare), name


@pytest.mark.parametrize(
    ("english", "chinese"),
    PAIRS,
    ids=[english.relative_to(ROOT).as_posix() for english, _ in PAIRS],
)
def test_both_languages_show_the_same(english: Path, chinese: Path) -> None:
    """The same headings, code, outputs, commands in tables, and links.

    Diagrams and prose are free, but there are as many diagrams.
    """

    def outline(text: str) -> list[int]:
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]

    def table_code(text: str) -> list[list[str]]:
        rows = re.findall(r"^\|.*\|$", text, re.M)
        return [sorted(re.findall(r"`[^`]+`", row)) for row in rows]

    def links(text: str) -> list[str]:
        found = re.findall(r"\]\(([^)#]+)", text)
        return sorted(x.replace(".zh-CN", "") for x in found)

    one, other = TEXTS[english], TEXTS[chinese]
    assert outline(one) == outline(other)
    for language in ("console", "sh", "bat", "python", "text"):
        assert blocks(one, language) == blocks(other, language)
    assert len(blocks(one, "mermaid")) == len(blocks(other, "mermaid"))
    assert table_code(one) == table_code(other)
    assert links(one) == links(other)
    assert f"({chinese.name})" in one
    assert f"({english.name})" in other


def test_the_other_language_comes_first() -> None:
    """The first line of each page leads there, Chinese first."""
    for english, chinese in PAIRS:
        assert TEXTS[english].startswith(f"[中文]({chinese.name}) | English\n")
        assert TEXTS[chinese].startswith(f"中文 | [English]({english.name})\n")


def test_costs_of_switches_are_the_measured_ones() -> None:
    """What the README says in words, beside the results."""
    table = (ROOT / "benchmarks/results/switch_cost.md").read_text("utf-8")
    times = {
        name.strip(): float(ratio.replace(",", ""))
        for name, ratio in re.findall(
            r"^\| ([^|]+) \|.* ([\d,.]+) \|$", table, re.M
        )
    }
    assert times["generator send"] < 2  # about as much as a function call
    assert 80 < times["asyncio.sleep(0)"] < 200  # a hundred times
    assert times["thread hand-over"] > 200  # more than two hundred times
