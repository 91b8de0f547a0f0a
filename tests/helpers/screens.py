"""Draw what a script printed, so that a test page can show it as text.

On a page `...` stands for anything, and alone for any lines. A clock that goes
right is left out, ids are letters in the order in which they came, and seconds
may be a little late, as they are on a busy machine.

On a page of times each line begins with the seconds since the start:

    0.0 Hello 0.8 serve thread id = A OS thread = A
    0.8 Bye.. 0.8

The first line, too, may come late; so the start is when the line that is least
late would have it. One that is far too late is drawn with the seconds at which
it came.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from helpers.commands import SURE, Line

# In seconds. One after another, or printed at once in the end, the lines of a
# page of a second or more would be later than this.
EARLY, LATE = 0.05, 0.9
CLOCK = r" now = (\d\d:\d\d:\d\d)"
TOOK = re.compile(r"^(.+): (\d+\.\d\d) s", re.MULTILINE)


def alike(lines: Sequence[str], page: str, late: float = LATE) -> str:
    """Return the page, if the lines are like it; or else the lines."""
    due = dict(TOOK.findall(page))
    text = TOOK.sub(
        lambda m: f"{m[1]}: {in_time(float(m[2]), due.get(m[1], ''), late)} s",
        plain(lines),
    )
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else rf"{re.escape(line)}\n"
        for line in page.strip().split("\n")
    ).replace(r"\.\.\.", ".*")
    return page if re.fullmatch(pattern, text + "\n") else text


def drawn(lines: Sequence[Line], page: str, letters: str = "ABC") -> str:
    """Return what was printed, in the form of a page of times."""
    rows = [row.partition(" ") for row in page.split("\n") if row]
    seconds = {line: time for time, _, line in rows}
    came = [*zip(lines, plain(lines, letters).split("\n"), strict=True)]
    start = min(line.at - float(seconds.get(text, 0)) for line, text in came)
    result = [
        f"{in_time(line.at - start, seconds.get(text, ''))} {text}\n"
        for line, text in came
    ]
    return "\n" + "".join(result)


def plain(lines: Sequence[str], letters: str = "ABCDEFGHIJ") -> str:
    """Return the lines as a text without clocks, and with letters for ids.

    The last letter is for all further ids, too.
    """
    first = next((line for line in lines if " now = " in line), "")
    text = "\n".join(without_clock(line, first) for line in lines)
    for name in ("thread id", "OS thread", "process"):
        ids = dict.fromkeys(re.findall(rf"{name} = (\d+)", text))
        every = letters.ljust(len(ids), letters[-1])
        for number, letter in zip(ids, every, strict=False):
            text = re.sub(rf"{name} = {number}\b", f"{name} = {letter}", text)
    return text


def without_clock(line: str, first: str) -> str:
    """Return the line without its clock, if that went on since the first."""
    if not (found := re.search(CLOCK, line)):
        return line
    now, then = (
        datetime.strptime(time, "%H:%M:%S")
        for time in (found[1], *re.findall(CLOCK, first))
    )
    passed = moved = float((now - then).seconds)
    if isinstance(line, Line) and isinstance(first, Line):
        passed = line.at - first.at
    # It cuts to seconds, and the line may come late: so two seconds, nearly,
    # either way. It starts anew each day.
    in_step = (moved - passed + 1 + LATE) % 86400 < 2 * (1 + LATE)
    return line.replace(found[0], "") if in_step else line


def in_time(seconds: float, expected: str, late: float = LATE) -> str:
    """Return the expected time if the seconds agree, or themselves."""
    due = float(expected or "inf")
    agrees = SURE * due - EARLY <= seconds < due + late
    return expected if agrees else f"{seconds:.2f}"
