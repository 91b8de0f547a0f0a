"""The page of questions: its commands run, its messages are Python's own."""

import re
import sys
from typing import NamedTuple

import pytest
from helpers.commands import ROOT, Command, Result
from test_asyc_test import TOURS


class Question(NamedTuple):
    """A question of one of the pages.

    Attributes:
        number: Its number.
        title: Its heading, without the number.
        messages: What Python prints, with `...` and versions.
        commands: What follows `python` in the commands that show it.
        links: The pages that say more.
        prose: The answer, without messages.
    """

    number: int
    title: str
    messages: list[str]
    commands: list[str]
    links: list[str]
    prose: str


def questions(page: str) -> list[Question]:
    """Return the questions of a page, in their order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = []
    for section in text.split("\n## ")[1:]:
        heading, _, answer = section.partition("\n")
        number, _, title = heading.partition(". ")
        blocks = re.findall(r"^```text\n(.*?)^```$", answer, re.M | re.S)
        prose = re.sub(r"^```.*?^```$", "", answer, flags=re.M | re.S)
        links = re.findall(r"\]\(([^)#]+)", prose)
        found.append(
            Question(
                int(number),
                title,
                "".join(blocks).splitlines(),
                re.findall(r"`python ((?!-X dev)[^`]+)`", prose),
                [link.replace(".zh-CN", "") for link in links],
                prose,
            )
        )
    return found


ENGLISH, CHINESE = (
    questions(page) for page in ("questions.md", "questions.zh-CN.md")
)


def takes(line: str) -> float:
    """Return how long a command of a page runs, roughly: see `Command`."""
    return 7 if re.search("sequential|thread gevent|--block", line) else 3


def shared(line: str) -> Command:
    """Return a command that does what the line does, and perhaps more.

    The tests of chapter 2 take the steps anyway, some together. Programs of
    the tests measure, without dev mode.
    """
    script, *steps = line.split()
    tours = [tour for tour in TOURS if {script, *steps} <= {*tour.split()}]
    if tours:
        return Command(tours[0], takes=8)
    return Command(line, dev="tests/" not in line, takes=takes(line))


def printed(line: str, result: Result) -> list[str]:
    """Return what the command on the line printed, also where it did more."""
    if result.command.line == line:
        return [*result.lines, *result.errors.splitlines()]
    return [x for step in line.split()[1:] for x in result.block(step)]


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
            marks=[pytest.mark.slow] * line.endswith(" cpu"),
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
    if line.startswith("-c"):
        assert result.status in (0, 1)  # warnings are errors here
    else:
        assert result.status == int("--fail-on" in line)
        assert result.lines
    if line != question.commands[0]:
        return
    said = printed(line, result)
    for message in question.messages:
        text, _, versions = message.partition("  # ")
        if is_printed_here(versions):
            pattern = re.escape(text).replace(r"\.\.\.", ".*")
            assert any(re.search(pattern, x) for x in said), message


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_twenty_questions(page: list[Question]) -> None:
    """In their order, each with a title and a command."""
    assert [question.number for question in page] == list(range(1, 21))
    for question in page:
        assert question.title
        assert question.commands


def test_answers_are_short() -> None:
    """Two to five sentences, before the command."""
    for question in ENGLISH:
        answer = question.prose.partition("\nRun ")[0]
        sentences = re.findall(r"[.?](?=\s|$)", answer)
        assert 2 <= len(sentences) <= 5, question.title


def test_both_languages_answer_the_same() -> None:
    """The same commands, messages and links, question for question."""
    for one, other in zip(ENGLISH, CHINESE, strict=True):
        assert one.number == other.number
        assert one.messages == other.messages, one.title
        assert one.commands == other.commands, one.title
        assert one.links == other.links, one.title
