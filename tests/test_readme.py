"""The pages cannot lie: what they show is run, and what they name exists."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.commands import ROOT, Command, Result, run
from helpers.pages import PAIRS, Shown, blocks, shown
from test_questions import shared

TEXTS = {
    path: path.read_text(encoding="utf-8") for pair in PAIRS for path in pair
}
README = TEXTS[ROOT / "README.md"]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.py"), *ROOT.glob("[a-z]*/*.py")]
)

# Without output on the page, these take more than six seconds as well, or
# use every core.
SLOW = re.compile(
    r"coroutine_test\.py( thread async| yield .*)?$|consumer_produce\.py$"
    r"|asyc_test\.py( cpu)?$|aio_http/.* --pages|aio_http/compare|cluster/"
)
# Others run these: the live page, exercises that are broken on purpose, what
# needs more than the three packages, or a server that runs elsewhere.
ELSEWHERE = re.compile(
    r"-m|aio_http/(server|download)|exercises/|benchmarks/|tools/|.*--(url|scheduler)"
)
DASK = pytest.mark.skipif(
    not importlib.util.find_spec("distributed"),
    reason="python -m pip install -r cluster/requirements.txt",
)

CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")
# On Windows both ids of a thread are one number, so the kind belongs to it.
IDS = re.compile(r"(thread id|OS thread) = \d+|(process) = .*")
NUMBER = re.compile(r"\d+\.\d+")


def to_run(line: str, output: list[str]) -> list[pytest.MarkDecorator]:
    """Return the marks of a test that runs the command: is it slow?"""
    seconds = re.findall(r"^== \w+: (\d+\.\d+) s", "\n".join(output), re.M)
    slow = sum(map(float, seconds)) > 6 or SLOW.match(line)
    marks = [pytest.mark.slow] if slow else []
    return marks + [DASK] * line.startswith("cluster/")


def normal(lines: list[str], in_order: bool) -> list[tuple[str, list[float]]]:
    """Return each line without what differs from run to run, and its numbers.

    Each id becomes a letter, in order of appearance; where lines may come in
    any order, all ids become the same one. The numbers are the seconds since
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
            letter = chr(ord("A") + len(names)) if in_order else "ID"
            names.setdefault(found[0], letter)
        text = CLOCK.sub("TIME", re.sub(r"\.py:\d+", ".py:N", line))
        text = re.sub(r"\d+ cores, Python .*", "N", text)
        text = IDS.sub(lambda m: f"{m[1] or m[2]} = {names[m[0]]}", text)
        numbers += map(float, NUMBER.findall(text))
        result.append((NUMBER.sub("N", text), numbers))
    return result if in_order else sorted(result)


def shape(lines: list[str]) -> list[str]:
    """Return the lines without numbers and names, in no order."""
    return sorted(re.sub(r"host = .*|[\d.:]+", "N", line) for line in lines)


@pytest.mark.parametrize(
    ("one", "result"),
    [
        pytest.param(
            one,
            shared(one.line),
            id=one.line,
            marks=to_run(one.line, one.output),
        )
        for page, _ in PAIRS
        for one in shown(TEXTS[page])
        if not ELSEWHERE.match(one.line)
    ],
    indirect=["result"],
)
def test_shown_output_is_what_a_run_prints(one: Shown, result: Result) -> None:
    """The output below a command is like the one of a run of it."""
    printed = one.cut(result)
    # How many workers get a page or an item, and when, is open there.
    if one.line.startswith(("aio_http/compare", "cluster/")):
        assert shape(printed) == shape(one.output)
        return
    in_order = one.line.startswith("coroutine_test.py") and (
        "thread" not in one.line
    )
    expected, found = normal(one.output, in_order), normal(printed, in_order)
    assert [text for text, _ in found] == [text for text, _ in expected]
    for (text, said), (_, seen) in zip(expected, found, strict=True):
        # A clock cuts to seconds; a loaded machine takes longer.
        assert seen == pytest.approx(said, abs=1), text


def tried() -> Iterator[str]:
    """Return the commands that the pages ask the reader to try."""
    pages = [TEXTS[page] for page, _ in PAIRS]
    seen = {one.line for page in pages for one in shown(page)}
    for line in dict.fromkeys(
        line
        for page in pages
        for body in blocks(page, "sh")
        for line in re.findall(r"^python3? (.*)", body, re.M)
    ):
        if line not in seen and not ELSEWHERE.match(line):
            yield line


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(shared(line), id=line, marks=to_run(line, []))
        for line in tried()
    ],
    indirect=True,
)
def test_commands_without_output_run(result: Result) -> None:
    """What the text asks the reader to try works, or fails as it says."""
    fails = re.search("--fail-on|--timeout", result.command.line)
    assert result.status == (1 if fails else 0)
    assert result.lines


@pytest.mark.last
@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "seconds"),
    re.findall(r"^\| \[`(\w+\.py)`\].*\| (\d+) s \|$", README, re.M),
)
def test_how_long_a_script_runs(script: str, seconds: str) -> None:
    """The table of the reading order says so, to a fifth or three seconds."""
    took = run(Command(script, dev=False, takes=20)).seconds
    assert abs(took - int(seconds)) <= max(3, int(seconds) / 5)


def test_setting_up_is_what_ci_does() -> None:
    """CI runs the lines that set up, and Windows has the same ones."""
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    commands = "\n".join(blocks(README, "sh"))
    lines = re.findall(
        r"^(?:python3 -m venv|\.venv|uv|python -m pip) .*|^\.venv.*",
        commands,
        re.M,
    )
    assert len(lines) >= 3
    for line in lines:
        assert f"readme '{line}'" in ci
    (windows,) = blocks(README, "bat")
    same = windows.replace("\\Scripts\\", "/bin/")
    assert re.sub("^py ", "python3 ", same).splitlines() == lines[:2]


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_what_a_page_takes_from_elsewhere(page: Path) -> None:
    """Its Python is a script's, line for line; what it links to exists."""
    text = TEXTS[page]
    assert [x for x in blocks(text, "python") if x not in SOURCE] == []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        name, _, anchor = link.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), link
        titles = re.findall(r"^#+ (.*)$", TEXTS.get(path, ""), re.M)
        plain = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
        assert anchor in [x.replace(" ", "-") for x in ["", *plain]], link


@pytest.mark.parametrize("page", PAIRS[0], ids=lambda page: page.name)
def test_what_the_readme_names_exists(page: Path) -> None:
    """Files, models' functions, and the tests of each chapter."""
    prose = re.sub(r"```.*?```", "", TEXTS[page], flags=re.S)
    names = re.findall(r"`([\w./-]+\.(?:py|txt|toml|svg|html))`", prose)
    folders = [ROOT, ROOT / "aio_http"]
    for name in names:
        assert any((folder / name).exists() for folder in folders), name
    names = re.findall(r"`(\w+_(?:hello|test|client))(?:\(\))?`", prose)
    assert [x for x in names if f"def {x}(" not in SOURCE] == []
    for chapter in re.findall(r"^## .*\d.*\n(?:(?!## ).*\n)*", prose, re.M):
        tests = re.findall(r"\]\((tests/test_\w+\.py)\)", chapter)
        assert tests, chapter.splitlines()[0]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda x: x.name)
def test_both_languages_show_the_same(english: Path, chinese: Path) -> None:
    """The same headings, code, outputs, folds, commands in tables, links."""

    def outline(page: Path) -> dict[str, list[object]]:
        text = TEXTS[page]
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        rows = re.findall(r"^\|.*\|$", text, re.M)
        # Where the curriculum comes from is in Chinese, and listed there.
        links = re.findall(r"\]\(([^)#]+)", text.partition("[study_py3")[0])
        return {
            "headings": [len(x) for x in re.findall("^(#+) ", prose, re.M)],
            "tables": [sorted(re.findall(r"`[^`]+`", row)) for row in rows],
            "links": sorted({x.replace(".zh-CN", "") for x in links}),
            "folds": re.findall("</?details>", text),
            "diagrams": ["one" for _ in blocks(text, "mermaid")],
            "code": [
                block
                for language in ("console", "sh", "bat", "python", "text")
                for block in blocks(text, language)
            ],
        }

    assert outline(english) == outline(chinese)
    # The first line of each leads to the other, Chinese first.
    assert TEXTS[english].startswith(f"[中文]({chinese.name}) | English\n")
    assert TEXTS[chinese].startswith(f"中文 | [English]({english.name})\n")
