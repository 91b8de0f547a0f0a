"""The pages cannot lie: what they show is run, and what they name exists."""

import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from helpers.commands import ROOT, Command, Line, Result, run, runs
from helpers.pages import PAIRS, Shown, blocks, shown
from helpers.screens import TOOK, alike, plain

TEXTS = {
    path: path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md")]
}
README = TEXTS[ROOT / "README.md"]
QUESTIONS = TEXTS[ROOT / "docs" / "questions.md"].split("\n## ")[1:]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.py"), *ROOT.glob("[a-z]*/*.py")]
)

# They take more than six seconds, use every core, or start a server.
SLOW = r"\w+\.py( thread async| cpu)?$|aio_http/|cluster/"
# Others run these: what sets up, the live page and the download, exercises
# that are broken on purpose, benchmarks, or what needs a server elsewhere.
ELSEWHERE = (
    "-m (?!pytest docs/)|aio_http/(server|download)|exercises/|benchmarks/"
    "|.*--(url|scheduler)"
)
if not importlib.util.find_spec("distributed"):
    ELSEWHERE += "|cluster/"  # test_cluster.py says what to install


def each(
    cases: list[Shown], slow: Sequence[Shown] = ()
) -> pytest.MarkDecorator:
    """Run a test for each command, with the `result` of it."""
    here = [x for x in [*cases, *slow] if not re.match(ELSEWHERE, x.line)]
    late = [x for x in here if x in slow or re.match(SLOW, x.line)]
    return runs(*(x for x in here if x not in late), slow=late)


@each([one for page, _ in PAIRS for one in shown(TEXTS[page])])
def test_shown_output_is_what_a_run_prints(result: Result) -> None:
    """The output below a command is like the one of a run of it."""
    one = result.command
    assert isinstance(one, Shown)
    page, came = [*one.output], one.cut(result)
    # How many workers get a page or an item, and when, is open there.
    if one.line.startswith(("aio_http/", "cluster/")):
        page, came = (
            [re.sub(r"host = .*|[\d.:]+", "N", line) for line in lines]
            for lines in (page, came)
        )
    # What happens at the same time may come in any order.
    if not re.search("sequential|asyc_test", one.line):
        page, came = (
            sorted(lines, key=lambda x: x.split(" now")[0])
            for lines in (page, came)
        )
    # The page's clock, too, has to go on as the lines came.
    said = [*map(Line, page)]
    for line, other in zip(said, came, strict=False):
        line.at = getattr(other, "at", 0)
    texts = plain(said), plain(came)
    due, took = ([float(m[2]) for m in TOOK.finditer(x)] for x in texts)
    assert took == pytest.approx(due, abs=1)
    theirs, ours = (TOOK.sub(r"\1: N s", text) for text in texts)
    assert ours == theirs


def typed() -> Iterator[Shown]:
    """Yield the commands that the pages ask for."""
    for page, _ in PAIRS:
        for body in blocks(TEXTS[page], "sh"):
            for line in re.findall(r"^python3? (.*)", body, re.M):
                yield Shown(line, takes=6)


def asked() -> Iterator[Shown]:
    """Yield those of the questions; the first prints the messages above it."""
    for question in QUESTIONS:
        messages = tuple("".join(blocks(question, "text")).splitlines())
        for line in re.findall(r"`python ((?!-X dev)[^`]+)`", question):
            yield Shown(line, takes=6, output=messages)
            messages = ()


# Whoever reads from chapter to chapter need not wait for the questions.
@each([*typed()], slow=[*asked()])
def test_command_does_what_the_page_says(result: Result) -> None:
    """It works, or fails as the page says, and prints the messages."""
    one = result.command
    assert isinstance(one, Shown)
    # Some show an error, and warnings are errors here.
    if not one.line.startswith(("-c", "docs/")):
        fails = bool(re.search("--fail-on|--timeout", one.line))
        assert (result.status, bool(result.lines)) == (fails, True)
    this = sys.version_info.minor
    for message in one.output:
        text, _, versions = message.partition("  # ")
        named = [int(x) for x in re.findall(r"3\.(\d+)", versions)] or [this]
        if this in named or (versions.startswith("from") and this > named[0]):
            page = f"...\n...{text}...\n..."
            assert alike(one.cut(result), page) == page


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
    setup, *_ = blocks(README, "sh")
    uv = re.findall("^uv .*", README, re.M)
    for line in [*setup.splitlines(), *uv]:
        assert f"readme '{line}'\n" in ci
    (windows,) = blocks(README, "bat")
    same = windows.replace("\\Scripts\\", "/bin/")
    assert re.sub("^py ", "python3 ", same) == setup


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_what_a_page_names_exists(page: Path) -> None:
    """Python is a script's, line for line; files, functions, links exist."""
    text = TEXTS[page]
    assert [x for x in blocks(text, "python") if x not in SOURCE] == []
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    folders = [ROOT, ROOT / "aio_http", page.parent]
    file = r"`([a-z\d_./-]+\.(?:py|txt|toml|svg|html))`"
    for name in re.findall(file, prose):
        assert any((folder / name).exists() for folder in folders), name
    function = r"`([a-z_]+_(?:hello|test|client))(?:\(\))?`"
    for name in re.findall(function, prose):
        assert f"def {name}(" in SOURCE
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", prose):
        name, _, anchor = link.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), link
        titles = re.findall(r"^#+ (.*)$", TEXTS.get(path, ""), re.M)
        slugs = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
        assert anchor in [x.replace(" ", "-") for x in ["", *slugs]], link


def test_each_chapter_leads_to_its_tests() -> None:
    _, *chapters = re.split(r"^## (?=.*\d)", README, flags=re.M)
    assert ["](tests/test_" in one for one in chapters] == 5 * [True]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda x: x.name)
def test_both_languages_show_the_same(english: Path, chinese: Path) -> None:
    """Section by section."""

    def outline(page: Path) -> Iterator[object]:
        """Yield what needs no translation."""
        text = TEXTS[page].replace(".zh-CN", "")
        for section in re.split("^(?=## )", text, flags=re.M):
            for language in ("console", "sh", "bat", "python", "text"):
                yield blocks(section, language)
            yield len(blocks(section, "mermaid"))
            prose = re.sub(r"```.*?```", "", section, flags=re.S)
            yield re.findall(r"^#+ \d*|</?details>", prose, re.M)
            yield re.findall("`python [^`]+`", prose)
            for row in re.findall(r"^\|.*\|$", prose, re.M):
                yield sorted(re.findall(r"`[^`]+`", row))
            # Where the curriculum comes from is listed in Chinese only.
            links, _, _ = prose.partition("[study_py3")
            yield sorted({*re.findall(r"\]\((?!README)([^)#]+)", links)})

    assert [*outline(english)] == [*outline(chinese)]
    # The first line of each leads to the other, Chinese first.
    assert TEXTS[english].startswith(f"[中文]({chinese.name}) | English\n")
    assert TEXTS[chinese].startswith(f"中文 | [English]({english.name})\n")


def test_questions() -> None:
    """Thirty, each with a command, after two to five sentences."""
    for number, question in enumerate(QUESTIONS, 1):
        assert question.startswith(f"{number}. ")
        prose = re.sub(r"^```.*?^```$", "", question, flags=re.M | re.S)
        _, _, text = prose.partition("\n")
        answer, command, _ = text.partition("\nRun `python ")
        assert command, question
        assert 2 <= len(re.findall(r"[.?](?=\s|$)", answer)) <= 5, question
    assert len(QUESTIONS) == 30
