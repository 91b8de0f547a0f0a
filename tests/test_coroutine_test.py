"""Chapter 1: what `coroutine_test.py` prints, and how its event loop works.

Three hellos wait 0.8, 0.4 and 1.2 seconds: 2.4 one after another, 1.2 at once.
"""

import re
import sys
import time
from collections.abc import Iterator

import pytest
from helpers.commands import ROOT, Command, Result, matches, runs
from helpers.screens import alike, drawn

sys.path.insert(0, str(ROOT))

from coroutine_test import event_loop

ALL = Command("coroutine_test.py --seconds 0.8 0.4 1.2", takes=9)

CLOSING_LINES = """
== sequential: 2.40 s | thread ids 1 | OS threads 1
== thread: 1.20 s | thread ids 3 | OS threads 3
== yield: 1.20 s | thread ids 1 | OS threads 1
== asyncio: 1.20 s | thread ids 1 | OS threads 1
== async: 1.20 s | thread ids 1 | OS threads 1
== gevent: 1.20 s | thread ids 3 | OS threads 1
"""

# The second in which each line comes, the line, and a letter for each id.
ONE_AFTER_ANOTHER = """
0.0 Hello 0.8 serve thread id = A OS thread = A
0.8 Bye.. 0.8
0.8 Hello 0.4 serve thread id = A OS thread = A
1.2 Bye.. 0.4
1.2 Hello 1.2 serve thread id = A OS thread = A
2.4 Bye.. 1.2
"""
THREE_THREADS = """
0.0 Hello 0.8 serve thread id = A OS thread = A
0.0 Hello 0.4 serve thread id = B OS thread = B
0.0 Hello 1.2 serve thread id = C OS thread = C
0.4 Bye.. 0.4
0.8 Bye.. 0.8
1.2 Bye.. 1.2
"""
ONE_THREAD = """
0.0 Hello 0.8 serve thread id = A OS thread = A
0.0 Hello 0.4 serve thread id = A OS thread = A
0.0 Hello 1.2 serve thread id = A OS thread = A
0.4 Bye.. 0.4
0.8 Bye.. 0.8
1.2 Bye.. 1.2
"""
THREE_GREENLETS = """
0.0 Hello 0.8 serve thread id = A OS thread = A
0.0 Hello 0.4 serve thread id = B OS thread = A
0.0 Hello 1.2 serve thread id = C OS thread = A
0.4 Bye.. 0.4
0.8 Bye.. 0.8
1.2 Bye.. 1.2
"""
TIMELINES = {
    "sequential": ONE_AFTER_ANOTHER,
    "thread": THREE_THREADS,
    "yield": ONE_THREAD,
    "asyncio": ONE_THREAD,
    "async": ONE_THREAD,
    "gevent": THREE_GREENLETS,
}

HELLO = r"Hello \S+ now = [\d:]{8} serve thread id = \d+ OS thread = (\d+)"
BYE = r"Bye\.\. \S+ now = [\d:]{8}"


@runs(ALL)
def test_closing_lines(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    closing = [result.block(model)[-1] for model in TIMELINES]
    assert alike(closing, CLOSING_LINES) == CLOSING_LINES
    assert result.lines[-6:] == closing
    assert len(result.lines) == 6 * (1 + 6 + 1) + 6


@pytest.mark.parametrize("model", TIMELINES)
@runs(ALL)
def test_timeline(model: str, result: Result) -> None:
    """Whoever sleeps least says goodbye first, unless they take turns."""
    lines = result.block(model)[1:-1]
    if model == "thread":  # threads may start in any order
        lines[:3] = sorted(
            lines[:3],
            key=lambda x: "Hello 0.8 Hello 0.4 Hello 1.2".find(x[:9]),
        )
    assert drawn(lines, TIMELINES[model]) == TIMELINES[model]


@runs(ALL)
def test_all_but_thread_share_one_os_thread(result: Result) -> None:
    """One run in one process shows that they need no thread of their own."""
    blocks = [result.block(model) for model in TIMELINES if model != "thread"]
    assert len({m[1] for block in blocks for m in matches(HELLO, block)}) == 1


@runs("-u coroutine_test.py --seconds" + 200 * " 0.2" + " thread")
def test_lines_stay_whole(result: Result) -> None:
    """Two hundred threads at once, unbuffered: nobody breaks a line."""
    assert len(matches(HELLO, result.lines)) == 200
    assert len(matches(BYE, result.lines)) == 200
    assert len(result.lines) == 402
    assert result.lines[-1].endswith("OS threads 200")


# The event loop of ten lines


def task(log: list[str], name: str, *waits: float) -> Iterator[float]:
    """Wait so often; log each step, and the end."""
    for step, wait in enumerate(waits):
        log.append(f"{name}{step}")
        yield wait
    log.append(f"{name} ends")


def test_event_loop_resumes_whoever_is_due() -> None:
    """Zero gives the others their turn."""
    log: list[str] = []
    event_loop(
        [task(log, "a", 0, 0.02), task(log, "b", 0, 0.01), task(log, "c")]
    )
    assert log == ["a0", "b0", "c ends", "a1", "b1", "b ends", "a ends"]


def test_event_loop_equal_due_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that stands still, first come is first served."""
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    log: list[str] = []
    event_loop(task(log, name, 0, 0) for name in "abc")
    assert " ".join(log) == "a0 b0 c0 a1 b1 c1 a ends b ends c ends"


@runs(Command("tests/programs/sleepers.py 20000", dev=False))
def test_event_loop_costs_less_than_asyncio(result: Result) -> None:
    """Many sleepers take at most a quarter of asyncio's processor time."""
    (ours, our_cpu), (theirs, their_cpu) = (
        map(float, re.findall(r"(\d+\.\d+) s", line)) for line in result.lines
    )
    assert min(ours, theirs) >= 1
    assert our_cpu * 4 <= their_cpu
