"""Read the pages of text: their code blocks, and the commands they show.

A shown command is a line `$ python ...` in a `console` block, with its output
below it. Where the output begins with `...`, only its last lines are shown.
"""

import re
from dataclasses import dataclass

from helpers.commands import ROOT, Command, Result

# Each page beside its twin: English, Chinese.
PAIRS = [
    (page, page.with_name(f"{page.stem}.zh-CN.md"))
    for page in [
        ROOT / "README.md",
        *sorted(ROOT.glob("docs/*.md")),
        *sorted(ROOT.glob("[a-z]*/README.md")),
    ]
    if not page.name.endswith(".zh-CN.md")
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shown(Command):
    """A command that a page shows, and the output below it."""

    output: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        return f"$ python {self.line}"

    def cut(self, result: Result) -> list[str]:
        """Return what was printed, without the lines `...` stands for."""
        lines: list[str] = [*result.lines, *result.errors.splitlines()]
        if self.output[:1] != ("...",):
            return lines
        return ["...", *lines[1 - len(self.output) :]]


def blocks(text: str, language: str) -> list[str]:
    """Return the contents of the text's code blocks in the language.

    Those inside a quotation count as well.
    """
    plain = re.sub("^> ?", "", text, flags=re.M)
    return [body for name, body in BLOCK.findall(plain) if name == language]


def shown(text: str) -> list[Shown]:
    """Return the commands that the text shows with their output."""
    return [
        Shown(command.removeprefix("$ python "), takes=6, output=tuple(output))
        for body in blocks(text, "console")
        for command, *output in [body.splitlines()]
    ]
