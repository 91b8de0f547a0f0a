"""Draw what a script printed, so that a test page can show it as text.

    0.0 Hello 0.8 serve thread id = A OS thread = A
    0.8 Bye.. 0.8

First the seconds since the first line; then the line, without its clock, and
with a letter for each id.
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase

from helpers.commands import Line


def in_steps(seconds: float, step: float) -> str:
    """Cut to whole steps, since a line comes late on a busy machine.

    On Windows a sleep can end a few hundredths of a second early.
    """
    return f"{(seconds + 0.05) // step * step:.1f}"


def drawn(lines: Sequence[Line], step: float) -> str:
    """Return a timeline; `step` divides all the sleeps."""
    text = "\n"
    for line in lines:
        text += f"{in_steps(line.at - lines[0].at, step)} {line}\n"
    text = re.sub(r" now = \d\d:\d\d:\d\d", "", text)
    for name in ("thread id", "OS thread"):
        ids = dict.fromkeys(re.findall(rf"{name} = (\d+)", text))
        for number, letter in zip(ids, ascii_uppercase, strict=False):
            text = re.sub(rf"{name} = {number}\b", f"{name} = {letter}", text)
    return text


def closing_lines(lines: Sequence[Line], step: float) -> str:
    """Return the closing lines among them, with their seconds in steps."""
    text = "\n"
    for line in lines:
        if found := re.fullmatch(r"(== \w+: )(\d+\.\d\d)( s \| .+)", line):
            text += found[1] + in_steps(float(found[2]), step) + found[3]
            text += "\n"
    return text
