"""Chapter 1: what `coroutine_test.py` prints, in all its models."""

import re
import sys
import time
from collections.abc import Generator
from itertools import accumulate

import pytest
from demo import ROOT, Demo, Result, clock, demo

sys.path.insert(0, str(ROOT))

from coroutine_test import event_loop

SCRIPT = "coroutine_test.py"
SLEEPS = ["1", "2", "3"]

# For three hellos: thread ids, OS threads, and how many wait at once.
EXPECTED = {
    "sequential": (1, 1, 1),
    "thread": (3, 3, 3),
    "yield": (1, 1, 3),
    "asyncio": (1, 1, 3),
    "async": (1, 1, 3),
    "gevent": (3, 1, 3),
}
CONCURRENT = [model for model in EXPECTED if model != "sequential"]

HELLO = re.compile(
    r"Hello (?P<name>\S+) now = (?P<now>\d\d:\d\d:\d\d)"
    r" serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
)
BYE = re.compile(r"Bye\.\. (?P<name>\S+) now = (?P<now>\d\d:\d\d:\d\d)")
CLOSING = re.compile(
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
)

every_model = pytest.mark.parametrize(
    ("model", "result"),
    [(model, demo(SCRIPT, model)) for model in EXPECTED],
    indirect=["result"],
    ids=list(EXPECTED),
)
concurrent_models = pytest.mark.parametrize(
    "result",
    [demo(SCRIPT, model) for model in CONCURRENT],
    indirect=True,
    ids=CONCURRENT,
)


def hellos(result: Result) -> list[re.Match[str]]:
    """Return the Hello lines as they came."""
    return [m for line in result.lines if (m := HELLO.fullmatch(line))]


def byes(result: Result) -> list[re.Match[str]]:
    """Return the Bye lines as they came."""
    return [m for line in result.lines if (m := BYE.fullmatch(line))]


def closing(line: str) -> re.Match[str]:
    """Return the parts of a closing line."""
    match = CLOSING.fullmatch(line)
    assert match, line
    return match


@every_model
def test_prints_every_line_once(model: str, result: Result) -> None:
    """A heading, a Hello and a Bye each, a closing line, and nothing else."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines[0] == f"== {model}"
    assert closing(result.lines[-1])["model"] == model
    assert sorted(m["name"] for m in hellos(result)) == SLEEPS
    assert sorted(m["name"] for m in byes(result)) == SLEEPS
    assert len(result.lines) == 2 + 2 * len(SLEEPS)
    assert not result.left_running


@every_model
def test_how_many_wait_at_once(model: str, result: Result) -> None:
    """All three in the concurrent models; one at a time in sequential."""
    steps = [
        1 if line.startswith("Hello") else -1 for line in result.lines[1:-1]
    ]
    waiting = list(accumulate(steps))
    most = EXPECTED[model][2]
    assert max(waiting) == most
    # Up to the most and then down: every Hello comes before the first Bye.
    if most > 1:
        assert waiting == [1, 2, 3, 2, 1, 0]
    else:
        assert waiting == [1, 0] * len(SLEEPS)


@every_model
def test_says_bye_in_the_order_of_the_sleeps(
    model: str, result: Result
) -> None:
    """Whoever sleeps least says goodbye first."""
    assert [m["name"] for m in byes(result)] == SLEEPS


@every_model
def test_printed_clock_agrees_with_the_sleeps(
    model: str, result: Result
) -> None:
    """From Hello to Bye the clock moves by the sleep, or a second more."""
    began = {m["name"]: clock(m) for m in hellos(result)}
    for bye in byes(result):
        moved = (clock(bye) - began[bye["name"]]) % 86400
        # Cut to whole seconds, 0.9 to 3.95 reads as 0 to 3.
        assert moved - int(bye["name"]) in (0, 1)


@every_model
def test_lines_arrive_when_they_happen(model: str, result: Result) -> None:
    """The pipe carries each line when it is printed, not in the end."""
    arrived = dict(zip(result.lines, result.at, strict=True))
    hello, bye = hellos(result)[-1].string, byes(result)[-1].string
    assert arrived[bye] - arrived[hello] > 1.5


@concurrent_models
def test_waits_overlap(result: Result) -> None:
    """Together they take as long as the longest."""
    assert 3.0 <= float(closing(result.lines[-1])["seconds"]) < 3.5


@pytest.mark.parametrize("result", [demo(SCRIPT, "sequential")], indirect=True)
def test_sequential_waits_add_up(result: Result) -> None:
    """One after another they take the sum."""
    assert 6.0 <= float(closing(result.lines[-1])["seconds"]) < 7.0


@every_model
def test_thread_ids_and_os_threads(model: str, result: Result) -> None:
    """The Hello lines and the closing line agree, and are as they must be."""
    thread_ids, os_threads, _ = EXPECTED[model]
    assert len({m["thread_id"] for m in hellos(result)}) == thread_ids
    assert len({m["os_thread"] for m in hellos(result)}) == os_threads
    end = closing(result.lines[-1])
    assert int(end["thread_ids"]) == thread_ids
    assert int(end["os_threads"]) == os_threads


@pytest.mark.parametrize(
    "result",
    [demo("-u", SCRIPT, "thread", "--seconds", *["0.2"] * 200)],
    indirect=True,
    ids=["200 threads"],
)
def test_lines_stay_whole(result: Result) -> None:
    """Two hundred threads at once, unbuffered: nobody breaks a line."""
    assert len(hellos(result)) == len(byes(result)) == 200
    assert len(result.lines) == 402
    assert closing(result.lines[-1])["os_threads"] == "200"


@pytest.mark.parametrize(
    "result",
    [demo(SCRIPT, "--seconds", "0.3", "0.1", "0.2")],
    indirect=True,
    ids=["all models"],
)
def test_all_models_and_the_comparison(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    blocks, comparison = result.lines[:-6], result.lines[-6:]
    headings = [x for x in blocks if re.fullmatch(r"== \w+", x)]
    assert headings == [f"== {model}" for model in EXPECTED]
    assert comparison == [x for x in blocks if CLOSING.fullmatch(x)]
    for model, line in zip(EXPECTED, comparison, strict=True):
        end = closing(line)
        thread_ids, os_threads, most = EXPECTED[model]
        assert end["model"] == model
        assert int(end["thread_ids"]) == thread_ids
        assert int(end["os_threads"]) == os_threads
        least = 0.3 if most > 1 else 0.6
        assert least <= float(end["seconds"]) < least + 0.5
    # Relayed as they happen: the first Hello waits 0.3 seconds for its Bye.
    assert result.at[2] - result.at[1] > 0.2
    assert result.at[-1] - result.at[0] > 2.0


@pytest.mark.parametrize(
    "result",
    [demo(SCRIPT, "yield", "sequential", "--seconds", "0", "0")],
    indirect=True,
    ids=["two models"],
)
def test_named_models_in_the_order_given(result: Result) -> None:
    """The order on the command line is the order of the runs."""
    names = [closing(line)["model"] for line in result.lines[-2:]]
    assert names == ["yield", "sequential"]


@pytest.mark.parametrize(
    ("argument", "result"),
    [
        ("MODEL: invalid choice: 'threads'", demo(SCRIPT, "threads")),
        ("--seconds: '-1'", demo(SCRIPT, "--seconds", "-1")),
        ("--seconds: 'abc'", demo(SCRIPT, "--seconds", "abc")),
        ("--seconds: 'nan'", demo(SCRIPT, "--seconds", "1", "nan")),
        ("--seconds: 'inf'", demo(SCRIPT, "--seconds", "inf")),
    ],
    indirect=["result"],
    ids=str,
)
def test_bad_arguments(argument: str, result: Result) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    assert f"{SCRIPT}: error: argument {argument}" in result.errors


@pytest.mark.parametrize("result", [demo(SCRIPT, "-h")], indirect=True)
def test_help_has_a_line_for_each_model(result: Result) -> None:
    """`-h` says in a line what each model is."""
    for model in EXPECTED:
        assert any(
            re.match(rf"\s+{model}\s\s+\w+", line) for line in result.lines
        )


@pytest.mark.parametrize(
    "result",
    [
        Demo((SCRIPT, "gevent"), without=True),
        Demo((SCRIPT, "gevent", "yield", "--seconds", "0"), without=True),
    ],
    indirect=True,
    ids=["gevent", "gevent yield"],
)
def test_gevent_missing(result: Result) -> None:
    """One line says what to install; whatever else was asked for runs."""
    assert result.status == 1
    assert result.errors == (
        "gevent is not installed: python -m pip install gevent\n"
    )
    ended = {m["model"] for x in result.lines if (m := CLOSING.fullmatch(x))}
    assert ended == ({"yield"} if result.lines else set())


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result",
    [
        *(Demo((SCRIPT, model), ctrl_c_at="Hello 1") for model in EXPECTED),
        # As in a terminal, and as `kill -INT` does it.
        *(
            Demo((SCRIPT, "async", "thread"), ctrl_c_at="Hello 1", group=group)
            for group in (True, False)
        ),
    ],
    indirect=True,
    ids=str,
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it at once, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert not byes(result)
    assert not result.left_running


def test_event_loop_resumes_whoever_is_due() -> None:
    """Equal times keep their order; zero gives the others their turn."""
    log: list[str] = []

    def task(name: str, *waits: float) -> Generator[float, None, None]:
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

    def task(number: int) -> Generator[float, None, None]:
        for _ in range(3):
            log.append(number)
            yield 0

    event_loop(task(number) for number in range(5))
    assert log == [0, 1, 2, 3, 4] * 3


def test_event_loop_hands_errors_on() -> None:
    """A task that raises does not vanish: the caller gets the error."""

    def broken() -> Generator[float, None, None]:
        yield 0
        raise ValueError("broken")

    def task() -> Generator[float, None, None]:
        yield 2

    with pytest.raises(ValueError, match="broken"):
        event_loop([task(), broken()])


@pytest.mark.parametrize(
    "result", [demo("tests/sleepers.py", "20000")], indirect=True
)
def test_event_loop_costs_less_than_asyncio(result: Result) -> None:
    """Many sleepers take at most half of asyncio's processor time.

    The clock would count the second that all of them sleep, and whatever
    else the machine is doing.
    """
    (ours, our_cpu), (theirs, their_cpu) = (
        map(float, re.findall(r"(\d+\.\d\d) s", line)) for line in result.lines
    )
    assert ours >= 1
    assert theirs >= 1
    assert our_cpu * 2 <= their_cpu
