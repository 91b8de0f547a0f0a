"""Draw what a script printed, so that a test page can show it as text.

    0.0 Hello 0.8 serve thread id = A OS thread = A
    0.8 Bye.. 0.8

First the seconds since the start; then the line, with a letter for each id,
and without its clock, if that moves with the seconds. Any line may come late,
the first one, too, as they do on a busy machine; so the start is when the line
that is least late would have it. A line that is far too late is drawn with the
seconds at which it came.
"""

import re
from collections.abc import Sequence

from helpers.commands import Line

# In seconds. On Windows a sleep may end a little early. One after another, or
# printed at once in the end, each page's lines would be later than this.
EARLY, LATE = 0.05, 0.9
CLOCK = r" now = (\d\d):(\d\d):(\d\d)"


def drawn(lines: Sequence[Line], page: str, letters: str = "ABC") -> str:
    """Return what was printed in the form of the page, to compare it with.

    The letters stand for ids in the order in which they came; the last one
    for all further ids, too.
    """
    text = "\n".join(without_clock(line, lines[0]) for line in lines)
    for name in ("thread id", "OS thread"):
        ids = dict.fromkeys(re.findall(rf"{name} = (\d+)", text))
        every = letters.ljust(len(ids), letters[-1])
        for number, letter in zip(ids, every, strict=False):
            text = re.sub(rf"{name} = {number}\b", f"{name} = {letter}", text)
    rows = [row.partition(" ") for row in page.split("\n") if row]
    seconds = {line: time for time, _, line in rows}
    came = [*zip(lines, text.split("\n"), strict=True)]
    start = min(line.at - float(seconds.get(plain, 0)) for line, plain in came)
    result = [
        f"{in_time(line.at - start, seconds.get(plain, ''))} {plain}\n"
        for line, plain in came
    ]
    return "\n" + "".join(result)


def without_clock(line: Line, first: Line) -> str:
    """Return the line without its clock, if that went on since the first."""
    now, then = (re.search(CLOCK, x) for x in (line, first))
    if not now or not then:
        return line
    hours, minutes, seconds = (
        int(a) - int(b)
        for a, b in zip(now.groups(), then.groups(), strict=True)
    )
    moved = ((hours * 60 + minutes) * 60 + seconds) % 86400
    # It cuts to seconds, and the line may come late.
    in_step = abs(moved - (line.at - first.at)) < 1 + LATE
    return line.replace(now[0], "") if in_step else line


def closing_lines(lines: Sequence[Line], page: str) -> str:
    """Return closing lines in the form of the page, to compare them with."""
    result = "\n"
    for line, expected in zip(lines, page.split("\n")[1:], strict=False):
        took = re.findall(r": (\d+\.\d\d) s", line)[0]
        time = re.findall(r": (\d+\.\d) s|$", expected)[0]
        result += line.replace(took, in_time(float(took), time)) + "\n"
    return result


def in_time(seconds: float, expected: str) -> str:
    """Return the expected time if the seconds agree, or themselves."""
    if expected and -EARLY <= seconds - float(expected) < LATE:
        return expected
    return f"{seconds:.2f}"
