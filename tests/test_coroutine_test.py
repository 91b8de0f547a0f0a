"""Chapter 1: what `coroutine_test.py` prints, in all its models."""

import re
import sys
import time
from collections.abc import Iterator
from itertools import accumulate

import pytest
from helpers.commands import ROOT, SURE, Command, Result, matches, runs

sys.path.insert(0, str(ROOT))

import coroutine_test
from coroutine_test import event_loop

ALL = Command("coroutine_test.py --seconds 0.8 0.4 1.2", takes=9)
SLEEPS = ["0.8", "0.4", "1.2"]

# For three hellos: thread ids, OS threads, and how many wait at once.
EXPECTED = {
    "sequential": (1, 1, 1),
    "thread": (3, 3, 3),
    "yield": (1, 1, 3),
    "asyncio": (1, 1, 3),
    "async": (1, 1, 3),
    "gevent": (3, 1, 3),
}

HELLO = (
    r"Hello (?P<name>\S+) now = (?P<now>\d\d:\d\d:\d\d)"
    r" serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
)
BYE = r"Bye\.\. (?P<name>\S+) now = (?P<now>\d\d:\d\d:\d\d)"
CLOSING = (
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
)

every_model = pytest.mark.parametrize("model", EXPECTED)


def closing(line: str) -> re.Match[str]:
    """Return the parts of a closing line."""
    match = re.fullmatch(CLOSING, line)
    assert match, line
    return match


@runs(ALL)
def test_all_models_and_the_comparison(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    headings = [x for x in result.lines if re.fullmatch(r"== \w+", x)]
    assert headings == [f"== {model}" for model in EXPECTED]
    ends = [x for x in result.lines if re.fullmatch(CLOSING, x)]
    assert [closing(x)["model"] for x in ends] == 2 * [*EXPECTED]
    assert result.lines[-6:] == ends[:6]
    assert not result.left_running


@every_model
@runs(ALL)
def test_prints_every_line_once(model: str, result: Result) -> None:
    """A heading, a Hello and a Bye each, a closing line, and nothing else."""
    block = result.block(model)
    assert sorted(m["name"] for m in matches(HELLO, block)) == sorted(SLEEPS)
    assert sorted(m["name"] for m in matches(BYE, block)) == sorted(SLEEPS)
    assert len(block) == 2 + 2 * len(SLEEPS)


@every_model
@runs(ALL)
def test_how_many_wait_at_once(model: str, result: Result) -> None:
    """All three in the concurrent models; one at a time in sequential."""
    block = result.block(model)[1:-1]
    steps = [1 if line.startswith("Hello") else -1 for line in block]
    waiting = list(accumulate(steps))
    # Up to the most and then down: every Hello comes before the first Bye.
    one_by_one = EXPECTED[model][2] == 1
    assert waiting == ([1, 0] * 3 if one_by_one else [1, 2, 3, 2, 1, 0])


@every_model
@runs(ALL)
def test_says_bye_in_the_order_of_the_sleeps(
    model: str, result: Result
) -> None:
    """Whoever sleeps least says goodbye first, unless they take turns."""
    names = [m["name"] for m in matches(BYE, result.block(model))]
    assert names == (SLEEPS if model == "sequential" else sorted(SLEEPS))


@every_model
@runs(ALL)
def test_seconds(model: str, result: Result) -> None:
    """One after another the sleeps add up; else the longest counts."""
    took = float(closing(result.block(model)[-1])["seconds"])
    if model == "sequential":
        assert 2.4 * SURE <= took < 4
    else:
        assert 1.2 * SURE <= took < 2.2


@every_model
@runs(ALL)
def test_lines_arrive_when_they_happen(model: str, result: Result) -> None:
    """The pipe carries each line when it is printed, not in the end."""
    block = result.block(model)
    # Over a second apart; in the end they would come all at once. On a busy
    # machine the reader can be late for the first.
    assert block[-2].at - block[1].at > 0.3


@runs(ALL)
def test_printed_clock_agrees_with_the_arrival(result: Result) -> None:
    """The clock moves as far as the lines are apart; it cuts to seconds."""
    timed = [x for x in result.lines if " now = " in x]
    first, last = (
        time.strptime(re.findall(r"now = (\S+)", line)[0], "%H:%M:%S")
        for line in (timed[0], timed[-1])
    )
    moved = sum(
        (b - a) * unit
        for a, b, unit in zip(
            first[3:6], last[3:6], (3600, 60, 1), strict=True
        )
    )
    assert abs(moved % 86400 - (timed[-1].at - timed[0].at)) < 1.5


@every_model
@runs(ALL)
def test_thread_ids_and_os_threads(model: str, result: Result) -> None:
    """The Hello lines and the closing line agree, and are as they must be."""
    thread_ids, os_threads, _ = EXPECTED[model]
    block = result.block(model)
    assert len({m["thread_id"] for m in matches(HELLO, block)}) == thread_ids
    assert len({m["os_thread"] for m in matches(HELLO, block)}) == os_threads
    assert int(closing(block[-1])["thread_ids"]) == thread_ids
    assert int(closing(block[-1])["os_threads"]) == os_threads


@runs(ALL)
def test_all_but_thread_share_one_os_thread(result: Result) -> None:
    """One run in one process shows that they need no thread of their own."""
    shared = {
        match["os_thread"]
        for model in EXPECTED
        if model != "thread"
        for match in matches(HELLO, result.block(model))
    }
    assert len(shared) == 1


@runs("-u coroutine_test.py thread --seconds" + 200 * " 0.2")
def test_lines_stay_whole(result: Result) -> None:
    """Two hundred threads at once, unbuffered: nobody breaks a line."""
    assert len(matches(HELLO, result.lines)) == 200
    assert len(matches(BYE, result.lines)) == 200
    assert len(result.lines) == 402
    assert closing(result.lines[-1])["os_threads"] == "200"


@runs(
    Command(
        "coroutine_test.py gevent async yield sequential --seconds 0",
        without="gevent",
    )
)
def test_gevent_missing(result: Result) -> None:
    """One line says what to install; the others ran in the table's order."""
    assert result.status == 1
    assert len(result.errors.splitlines()) == 1
    assert "pip install gevent" in result.errors
    ended = [closing(line)["model"] for line in result.lines[-3:]]
    assert ended == ["sequential", "yield", "async"]


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
@runs(
    "tests/programs/limited.py coroutine_test.py thread async --seconds"
    + 300 * " 9"
)
def test_system_refuses_a_thread(result: Result) -> None:
    """One line, at once, and no closing line."""
    assert result.status == 1
    assert len(result.errors.splitlines()) == 1
    assert "thread" in result.errors
    assert result.seconds < 8
    assert not any(
        x.startswith(("== thread:", "== async")) for x in result.lines
    )


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
    assert not any(x.startswith("Bye") or ":" in x[:12] for x in result.lines)
    assert not result.left_running


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("threads", "MODEL"),
        ("--seconds -1", "--seconds"),
        ("--seconds abc", "--seconds"),
        ("--seconds 1 nan", "--seconds"),
        ("--seconds inf", "--seconds"),
        ("--seconds", "--seconds"),
    ],
)
def test_bad_arguments(
    arguments: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, the option is named, and nothing runs."""
    monkeypatch.setattr(sys, "argv", ["coroutine_test.py", *arguments.split()])
    with pytest.raises(SystemExit, match="2"):
        coroutine_test.main()
    out, errors = capsys.readouterr()
    assert out == ""
    assert f"error: argument {named}: " in errors


def test_help_has_a_line_for_each_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-h` says in a line what each model is."""
    monkeypatch.setattr(sys, "argv", ["coroutine_test.py", "-h"])
    with pytest.raises(SystemExit, match="0"):
        coroutine_test.main()
    out, _ = capsys.readouterr()
    for model in EXPECTED:
        assert re.search(rf"^ +{model}  +\w+", out, re.M)


def test_event_loop_resumes_whoever_is_due() -> None:
    """Equal times keep their order; zero gives the others their turn."""
    log: list[str] = []

    def task(name: str, *waits: float) -> Iterator[float]:
        for step, wait in enumerate(waits):
            log.append(f"{name}{step}")
            yield wait
        log.append(f"{name} ends")

    event_loop([task("a", 0, 0.02), task("b", 0, 0.01), task("c")])
    assert log == ["a0", "b0", "c ends", "a1", "b1", "b ends", "a ends"]


def test_event_loop_equal_due_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that stands still, first come is first served."""
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    log: list[int] = []

    def task(number: int) -> Iterator[float]:
        for _ in range(3):
            log.append(number)
            yield 0

    event_loop(task(number) for number in range(5))
    assert log == [0, 1, 2, 3, 4] * 3


def test_event_loop_hands_errors_on() -> None:
    """A task that raises does not vanish: the caller gets the error."""

    def broken() -> Iterator[float]:
        yield 0
        raise ValueError("broken")

    def task() -> Iterator[float]:
        yield 2

    with pytest.raises(ValueError, match="broken"):
        event_loop([task(), broken()])


@runs(Command("tests/programs/sleepers.py 20000", dev=False))
def test_event_loop_costs_less_than_asyncio(result: Result) -> None:
    """Many sleepers take at most a quarter of asyncio's processor time.

    The clock would count the second that all of them sleep, and whatever
    else the machine is doing.
    """
    (ours, our_cpu), (theirs, their_cpu) = (
        map(float, re.findall(r"(\d+\.\d+) s", line)) for line in result.lines
    )
    assert ours >= 1
    assert theirs >= 1
    assert our_cpu * 4 <= their_cpu
