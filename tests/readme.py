"""Run the commands that the README shows, and put what they print below them.

    python tests/readme.py

A shown command is a line `$ python ...` in a console block, with its output
below it. Where the output begins with `...`, only its last lines are shown:
as many as there were. Commands run one after another. The Chinese README then
gets the code blocks of the English one.
"""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from demo import ROOT, Result, demo, run

READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ python "
LIBRARY = f"{Path(os.__file__).parent}{os.sep}"


@dataclass(frozen=True)
class Shown:
    """A command that the README shows, and the output below it."""

    command: str
    output: list[str]

    @property
    def arguments(self) -> list[str]:
        """What follows `python` on the command line."""
        return shlex.split(self.command.removeprefix(PROMPT))

    def cut(self, result: Result) -> list[str]:
        """Return what was printed without what the README leaves out.

        That is where this machine keeps Python and the repository, and the
        lines for which `...` stands.
        """
        printed = [
            line.replace(f"{ROOT}{os.sep}", "").replace(LIBRARY, "")
            for line in [*result.lines, *result.errors.splitlines()]
        ]
        if self.output[:1] != ["..."]:
            return printed
        return ["...", *printed[1 - len(self.output) :]]


def blocks(text: str, language: str) -> list[str]:
    """Return the contents of the text's code blocks in the language."""
    return [body for name, body in BLOCK.findall(text) if name == language]


def shown(text: str) -> list[Shown]:
    """Return the commands that the text shows with their output."""
    return [
        Shown(command, output)
        for body in blocks(text, "console")
        for command, *output in [body.splitlines()]
    ]


def rerun(block: re.Match[str]) -> str:
    """Return a code block with the output of a run in it, if it shows one."""
    if block[1] != "console":
        return block[0]
    (one,) = shown(block[0])
    print(one.command, flush=True)
    printed = one.cut(run(demo(*one.arguments)))
    return "\n".join(["```console", one.command, *printed, "```"])


def main() -> None:
    """Write what the commands print, and the same blocks in both languages."""
    english, chinese = READMES
    text = BLOCK.sub(rerun, english.read_text(encoding="utf-8"))
    english.write_text(text, encoding="utf-8")
    fresh = BLOCK.finditer(text)
    other = chinese.read_text(encoding="utf-8")
    other = BLOCK.sub(lambda _: next(fresh)[0], other)
    chinese.write_text(other, encoding="utf-8")


if __name__ == "__main__":
    main()
