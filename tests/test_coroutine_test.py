"""Chapter 1: what `coroutine_test.py` prints, and how its event loop works.

Three hellos wait 1.2, 0.8 and 0.4 seconds: 2.4 one after another, 1.2 at once.
"""

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from helpers.commands import ROOT, Command, Result, runs
from helpers.screens import alike, drawn, plain

sys.path.insert(0, str(ROOT))

import coroutine_test

ALL = Command("coroutine_test.py --seconds 1.2 0.8 0.4", takes=9)

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
0.0 Hello 1.2 serve thread id = A OS thread = A
1.2 Bye.. 1.2
1.2 Hello 0.8 serve thread id = A OS thread = A
2.0 Bye.. 0.8
2.0 Hello 0.4 serve thread id = A OS thread = A
2.4 Bye.. 0.4
"""
THREE_THREADS = """
0.0 Hello 1.2 serve thread id = A OS thread = A
0.0 Hello 0.8 serve thread id = B OS thread = B
0.0 Hello 0.4 serve thread id = C OS thread = C
0.4 Bye.. 0.4
0.8 Bye.. 0.8
1.2 Bye.. 1.2
"""
ONE_THREAD = re.sub("= [BC]", "= A", THREE_THREADS)
THREE_GREENLETS = re.sub("OS thread = [BC]", "OS thread = A", THREE_THREADS)
TIMELINES = {
    "sequential": ONE_AFTER_ANOTHER,
    "thread": THREE_THREADS,
    "yield": ONE_THREAD,
    "asyncio": ONE_THREAD,
    "async": ONE_THREAD,
    "gevent": THREE_GREENLETS,
}


@runs(ALL)
def test_closing_lines(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    closing = [result.block(model)[-1] for model in TIMELINES]
    assert alike(closing, CLOSING_LINES) == CLOSING_LINES
    assert result.lines[-6:] == closing
    assert len(result.lines) == 6 * (1 + 6 + 1) + 6
    # All but `thread` do it in the main thread, of one and the same process.
    assert plain(result.lines).count(" OS thread = A\n") == 5 * 3


@pytest.mark.parametrize("model", TIMELINES)
@runs(ALL)
def test_timeline(model: str, result: Result) -> None:
    """Whoever sleeps least says goodbye first, unless they take turns."""
    lines = result.block(model)[1:-1]
    if model == "thread":  # threads may start in any order
        lines[:3] = sorted(lines[:3], reverse=True)
    assert drawn(lines, TIMELINES[model]) == TIMELINES[model]


@runs("-u coroutine_test.py --seconds" + 200 * " 0.2" + " thread")
def test_lines_stay_whole(result: Result) -> None:
    """Two hundred threads at once, unbuffered: nobody breaks a line."""
    lines = plain(result.lines, letters="A").splitlines()
    assert lines.count("Hello 0.2 serve thread id = A OS thread = A") == 200
    assert lines.count("Bye.. 0.2") == 200
    assert len(lines) == 402


# The event loop of ten lines


def test_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It resumes whoever is due first; of those due at once, who came first.

    Its clock goes on only while it sleeps. Zero gives the others their turn.
    """
    now = 0.0
    log = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def task(name: str, *waits: float) -> Iterator[float]:
        for wait in waits:
            log.append(f"{now:g} {name}")
            yield wait
        log.append(f"{now:g} {name} ends")

    clock = SimpleNamespace(perf_counter=lambda: now, sleep=sleep)
    monkeypatch.setattr(coroutine_test, "time", clock)
    tasks = [task("a", 0, 2), task("b", 0, 1), task("c"), task("d", 2)]
    coroutine_test.event_loop(tasks)
    assert ", ".join(log) == (
        "0 a, 0 b, 0 c ends, 0 d, 0 a, 0 b, 1 b ends, 2 d ends, 2 a ends"
    )


def test_event_loop_costs_less_than_asyncio() -> None:
    """Many sleepers take at most half of asyncio's processor time."""

    async def sleepers() -> None:
        await asyncio.gather(*(asyncio.sleep(0.3) for _ in range(20_000)))

    start = time.thread_time()
    coroutine_test.event_loop(iter([0.3]) for _ in range(20_000))
    ours = time.thread_time() - start
    asyncio.run(sleepers(), debug=False)
    theirs = time.thread_time() - start - ours
    assert ours * 2 <= theirs
