"""Chapter 1: what `coroutine_test.py` prints, and how it ends.

Three hellos wait 0.8, 0.4 and 1.2 seconds: 2.4 one after another, 1.2 at once.
"""

import re
import sys
import time
import traceback
from collections.abc import Iterator

import pytest
from helpers.commands import ROOT, Command, Result, matches, runs
from helpers.timelines import closing_lines, drawn

sys.path.insert(0, str(ROOT))

import coroutine_test
from coroutine_test import event_loop

ALL = Command("coroutine_test.py --seconds 0.8 0.4 1.2", takes=9)

CLOSING_LINES = """
== sequential: 2.4 s | thread ids 1 | OS threads 1
== thread: 1.2 s | thread ids 3 | OS threads 3
== yield: 1.2 s | thread ids 1 | OS threads 1
== asyncio: 1.2 s | thread ids 1 | OS threads 1
== async: 1.2 s | thread ids 1 | OS threads 1
== gevent: 1.2 s | thread ids 3 | OS threads 1
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
    assert closing_lines(closing, CLOSING_LINES) == CLOSING_LINES
    assert result.lines[-6:] == closing
    assert len(result.lines) == 6 * (1 + 6 + 1) + 6
    assert not result.left_running


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


# How it ends


@runs(
    Command(
        "coroutine_test.py gevent async yield --seconds 0", without="gevent"
    )
)
def test_gevent_missing(result: Result) -> None:
    """One line says what to install; the others ran in the table's order."""
    assert result.status == 1
    assert result.errors == (
        "gevent is missing: python -m pip install gevent\n"
    )
    assert [x[:8] for x in result.lines[-2:]] == ["== yield", "== async"]


BROKEN = "import coroutine_test as c; c.say_bye = lambda s: 1 / 0; c.main()"


@runs(f"-c '{BROKEN}' gevent --seconds 0 0")
def test_error_in_a_greenlet(result: Result) -> None:
    """It comes out, with its traceback, and no closing line is printed."""
    assert result.status == 1
    assert "\nZeroDivisionError: division by zero\n" in result.errors
    assert [x[:7] for x in result.lines] == ["== geve", "Hello 0", "Hello 0"]


@pytest.mark.parametrize("model", [x for x in TIMELINES if x != "gevent"])
def test_error(
    model: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """So it does in the other models; a thread's error ends the run, too."""

    def say_bye(seconds: float) -> None:
        raise RuntimeError("mine")

    monkeypatch.setattr(coroutine_test, "say_bye", say_bye)
    monkeypatch.setattr(sys, "argv", ["x.py", model, "--seconds", "0", "0"])
    kinds = (RuntimeError, ExceptionGroup, SystemExit)
    with pytest.raises(kinds) as raised:
        coroutine_test.main()
    out, errors = capsys.readouterr()
    if model == "thread":
        assert raised.value.args == (1,)  # the exit status
    else:
        errors = "".join(traceback.format_exception(raised.value))
    assert "RuntimeError: mine" in errors
    assert ", in say_bye" in errors
    assert not re.search(f"== {model}:", out)


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
@runs(
    "tests/programs/limited.py coroutine_test.py thread async --seconds"
    + 300 * " 9"
)
def test_system_refuses_a_thread(result: Result) -> None:
    """Python's own error, at once, and no closing line."""
    assert result.status == 1
    assert result.errors.endswith("\nRuntimeError: can't start new thread\n")
    assert result.lines[0] == "== thread"
    assert all(x.startswith("Hello") for x in result.lines[1:])
    assert result.seconds < 8
    assert not result.left_running


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    Command("coroutine_test.py", ctrl_c_at="== sequential"),
    Command("coroutine_test.py thread async", "Hello 3", group=False),
    Command("coroutine_test.py yield async", "Hello 1"),
    Command("coroutine_test.py async gevent", "Hello 2"),
    Command("coroutine_test.py gevent", "Hello 3"),
)
def test_ctrl_c(result: Result) -> None:
    """It ends at once, without a word, and without a result."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert all(re.match(r"== \w+$|Hello", x) for x in result.lines)
    assert not result.left_running


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("threads", "argument MODEL: invalid choice: 'threads'"),
        ("--seconds", "argument --seconds: expected at least one argument"),
        (
            "--seconds 0 asink",
            "argument --seconds: invalid float value: 'asin",
        ),
        ("--seconds -1", "argument --seconds: must be from 0 to 3600"),
        ("--seconds 1 nan", "argument --seconds: must be from 0 to 3600"),
        ("--seconds inf", "argument --seconds: must be from 0 to 3600"),
    ],
)
def test_bad_arguments(
    arguments: str,
    error: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, and nothing runs."""
    monkeypatch.setattr(sys, "argv", ["x.py", *arguments.split()])
    with pytest.raises(SystemExit, match="2"):
        coroutine_test.main()
    out, errors = capsys.readouterr()
    assert out == ""
    assert error in errors


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
