"""The page of questions: its commands run, its messages are Python's own."""

import re
import sys
from dataclasses import dataclass

import pytest
from helpers.commands import ROOT, Command, Result
from helpers.pages import Shown, blocks
from test_asyc_test import TOURS


@dataclass
class Question:
    """A question of one of the pages: `number. title`, and its answer."""

    heading: str
    answer: str

    @property
    def number(self) -> int:
        return int(self.heading.partition(".")[0])

    @property
    def prose(self) -> str:
        return re.sub(r"^```.*?^```$", "", self.answer, flags=re.M | re.S)

    @property
    def messages(self) -> list[str]:
        """What Python prints, with `...` and versions."""
        return "".join(blocks(self.answer, "text")).splitlines()

    @property
    def commands(self) -> list[str]:
        """What follows `python` in the commands that show it."""
        return re.findall(r"`python ((?!-X dev)[^`]+)`", self.prose)

    @property
    def links(self) -> list[str]:
        """The pages that say more."""
        found = re.findall(r"\]\(([^)#]+)", self.prose)
        return [link.replace(".zh-CN", "") for link in found]


# These compute, or start a server or a pytest of their own.
SLOW = re.compile(r"asyc_test\.py cpu|aio_http/|tests/programs/|-m pytest")

ENGLISH, CHINESE = (
    [
        Question(heading, answer)
        for section in (ROOT / "docs" / page)
        .read_text(encoding="utf-8")
        .split("\n## ")[1:]
        for heading, _, answer in [section.partition("\n")]
    ]
    for page in ("questions.md", "questions.zh-CN.md")
)


def shared(line: str) -> Command:
    """Return a command that does what the line does, and perhaps more.

    The tests of chapter 2 take the steps anyway, some together. What measures,
    or fetches many pages, goes without dev mode.
    """
    script, *steps = line.split()
    for tour in TOURS:
        if {script, *steps} <= {*tour.split()}:
            return Command(tour, takes=9)
    long = re.search("sequential|thread gevent|--block", line)
    measures = re.search("tests/|--pages", line)
    return Command(line, dev=not measures, takes=7 if long else 3)


def is_printed_here(versions: str) -> bool:
    """Return whether `3.12 and 3.13` or `from 3.14` names this Python."""
    this = sys.version_info[:2]
    named = [
        (int(major), int(minor))
        for major, minor in re.findall(r"(\d)\.(\d+)", versions)
    ]
    if versions.startswith("from "):
        return this >= named[0]
    return not versions or this in named


@pytest.mark.parametrize(
    ("question", "line", "result"),
    [
        pytest.param(
            question,
            line,
            shared(line),
            id=f"{question.number}",
            # They compute, or start a server each.
            marks=[pytest.mark.slow]
            * line.startswith(("asyc_test.py cpu", "aio_http/")),
        )
        for question in ENGLISH
        for line in question.commands
        if line != "aio_http/server.py"
    ],
    indirect=["result"],
)
def test_command_shows_it(
    question: Question, line: str, result: Result
) -> None:
    """Each command runs, and the first one prints the messages."""
    # Some show an error, and warnings are errors here.
    if not line.startswith(("-c", "tests/programs/")):
        assert result.status == int("--fail-on" in line)
        assert result.lines
    if line != question.commands[0]:
        return
    printed = Shown(f"$ python {line}", []).cut(result)
    for message in question.messages:
        text, _, versions = message.partition("  # ")
        if is_printed_here(versions):
            pattern = re.escape(text).replace(r"\.\.\.", ".*")
            assert any(re.search(pattern, x) for x in printed), message


def test_questions_of_both_languages() -> None:
    """In their order; the same commands, messages and links."""
    numbers = list(range(1, len(ENGLISH) + 1))
    assert len(numbers) >= 20
    for page in (ENGLISH, CHINESE):
        assert [question.number for question in page] == numbers
    for one, other in zip(ENGLISH, CHINESE, strict=True):
        assert one.commands, one.heading
        assert one.messages == other.messages, one.heading
        assert one.commands == other.commands, one.heading
        assert one.links == other.links, one.heading
        # Two to five sentences, before the command.
        sentences = re.findall(r"[.?](?=\s|$)", one.prose.split("\nRun ")[0])
        assert 2 <= len(sentences) <= 5, one.heading
