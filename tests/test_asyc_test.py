"""Chapter 2: what each step of `asyc_test.py` prints."""

import asyncio
import re
import sys
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest
from demo import ROOT, Demo, Result, demo

sys.path.insert(0, str(ROOT))

import asyc_test

SCRIPT = "asyc_test.py"

# Each step, and what its hellos would have taken one after another.
EXPECTED = {
    "coroutine": None,
    "await": "1.80",
    "task": "1.80",
    "reference": None,
    "future": None,
    "awaitable": None,
    "gather": "1.80",
    "wait": "1.80",
    "as_completed": "1.80",
    "group": None,
    "cancel": None,
    "timeout": None,
    "blocking": None,
    "callback": None,
    "iterate": "2.20",
    "lock": None,
    "no_lock": None,
    "loop_thread": None,
    "cpu": None,
}
HELLOS = ["Hello 1", "Hello 0.2", "Hello 0.6"]
BYES = ["Bye.. 0.2", "Bye.. 0.6", "Bye.. 1"]
RESULTS = "[1.0, 0.2, 0.6]"

CLOCK = re.compile(r" now = \d\d:\d\d:\d\d\b")
THREAD = re.compile(r" serve thread id = (\d+) OS thread = (\d+)$")
CLOSING = re.compile(
    r"(?:== )?(?P<name>\w+): (?P<seconds>\d+\.\d\d) s"
    r"(?: \| one after another (?P<alone>\d+\.\d\d) s)?"
    r"(?: \| (?P<ratio>\d+\.\d) times as fast)?"
)

every_step = pytest.mark.parametrize(
    ("step", "result"),
    [(step, demo(SCRIPT, step)) for step in EXPECTED],
    indirect=["result"],
    ids=list(EXPECTED),
)


def of_steps(*steps: str) -> pytest.MarkDecorator:
    """Run a test on what each of these steps prints."""
    return pytest.mark.parametrize(
        "result", [demo(SCRIPT, s) for s in steps], indirect=True, ids=steps
    )


def events(lines: list[str]) -> list[str]:
    """Return the lines without heading, closing line, clock and threads."""
    return [
        CLOCK.sub("", THREAD.sub("", line))
        for line in lines
        if not line.startswith("== ")
    ]


def threads(result: Result) -> dict[str, tuple[str, str]]:
    """Return the thread id and the OS thread of each line that has them."""
    return {
        CLOCK.sub("", line[: m.start()]): (m[1], m[2])
        for line in result.lines
        if (m := THREAD.search(line))
    }


def closing(line: str) -> re.Match[str]:
    """Return the parts of a closing line."""
    match = CLOSING.fullmatch(line)
    assert match, line
    return match


def seconds(result: Result) -> float:
    """Return how long the step took, as it says itself."""
    return float(closing(result.lines[-1])["seconds"])


@every_step
def test_heading_and_closing_line(step: str, result: Result) -> None:
    """A step reports itself, warns of nothing and leaves nothing running."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines[0] == f"== {step}"
    end = closing(result.lines[-1])
    assert (end["name"], end["alone"]) == (step, EXPECTED[step])
    assert len([x for x in result.lines if x.startswith("==")]) == 2
    assert not result.left_running


@every_step
def test_lines_say_when_and_where(step: str, result: Result) -> None:
    """Each Hello has clock and thread, each Bye has a clock."""
    for line in result.lines:
        if line.startswith("Hello"):
            assert re.match(r"Hello \S+ now = \S+ serve thread id = ", line)
            assert CLOCK.search(line)
            assert THREAD.search(line)
        if line.startswith("Bye"):
            assert re.fullmatch(r"Bye\.\. \S+ now = \d\d:\d\d:\d\d", line)


@of_steps("coroutine")
def test_calling_runs_nothing(result: Result) -> None:
    """The object runs when it is sent something, and warns if it never was."""
    assert events(result.lines) == [
        "main: coroutine object, nothing has run",
        "Hello 0",
        "main: it waits at its await",
        "Bye.. 0",
        "main: StopIteration, value 0",
        "main: RuntimeWarning: coroutine 'hello' was never awaited",
    ]


@of_steps("await")
def test_await_goes_one_by_one(result: Result) -> None:
    """One Hello at a time, the sum of the waits, and the results."""
    assert events(result.lines) == [
        "Hello 1",
        "Bye.. 1",
        "Hello 0.2",
        "Bye.. 0.2",
        "Hello 0.6",
        "Bye.. 0.6",
        f"main: results {RESULTS}",
    ]
    assert 1.8 <= seconds(result) < 2.8
    # Lines come when they are printed, not in the end.
    assert result.at[-2] - result.at[1] > 1.5


@of_steps("task")
def test_tasks_overlap(result: Result) -> None:
    """All are pending before any has run, and done in the end."""
    assert events(result.lines) == [
        "main: pending, pending, pending",
        *HELLOS,
        *BYES,
        f"main: done, done, done, results {RESULTS}",
    ]


@of_steps("task", "gather", "wait", "as_completed")
def test_waits_overlap(result: Result) -> None:
    """Three waits take as long as the longest, in one thread."""
    hellos = [x for x in events(result.lines) if x[:5] in ("Hello", "Bye..")]
    assert hellos == [*HELLOS, *BYES]
    assert 1.0 <= seconds(result) < 1.8
    assert len(set(threads(result).values())) == 1


@of_steps("reference")
def test_forgotten_task_vanishes(result: Result) -> None:
    """The loop reports a task that was collected while it waited."""
    assert events(result.lines) == [
        "main: pending, now let go of it",
        "loop: Task was destroyed but it is pending!",
    ]


@of_steps("future")
def test_future_is_set_later(result: Result) -> None:
    """Pending first, then set by the loop, then awaited."""
    assert events(result.lines) == [
        "main: pending",
        "loop: set_result",
        "main: done, result 'a reply'",
        "main: a task is a future: True",
    ]
    assert seconds(result) >= 0.3


@of_steps("awaitable")
def test_await_takes_awaitables_only(result: Result) -> None:
    """A class with `__await__` is one, a number is not."""
    *hello, error = events(result.lines)
    assert hello == ["Hello 0.3", "Bye.. 0.3", "main: result 0.3"]
    assert re.match("main: TypeError: .*float.*await", error)
    assert seconds(result) >= 0.3


@of_steps("gather")
def test_gather_keeps_the_order_of_the_question(result: Result) -> None:
    """Results in the order asked, though the second ended first."""
    assert events(result.lines) == [
        *HELLOS,
        *BYES,
        f"main: results {RESULTS}",
    ]


@of_steps("wait")
def test_wait_tells_who_is_done(result: Result) -> None:
    """As many are done as have said Bye; nobody is cancelled."""
    lines = events(result.lines)
    first = next(n for n, line in enumerate(lines) if line.startswith("main"))
    assert lines[first - 1 :][:2] == [
        "Bye.. 0.2",
        "main: FIRST_COMPLETED: 1 done, 2 pending",
    ]
    assert lines[-1] == "main: ALL_COMPLETED: 3 done, 0 pending"
    assert len(lines) == 8


@of_steps("as_completed")
def test_as_completed_in_the_order_of_finishing(result: Result) -> None:
    """Each result comes as soon as its hello has ended."""
    results = [x for x in events(result.lines) if x.startswith("main")]
    assert results == [f"main: result {s}" for s in (0.2, 0.6, 1.0)]
    assert events(result.lines)[3:5] == ["Bye.. 0.2", "main: result 0.2"]


@of_steps("group")
def test_siblings_of_one_that_fails(result: Result) -> None:
    """Gather lets the sibling go on to its Bye, a TaskGroup does not."""
    gather = [
        "Hello 0.6",
        "main: ConnectionError('no reply') from gather, sibling pending",
        "Bye.. 0.6",
    ]
    group = [
        "Hello 0.6",
        "main: ExceptionGroup('unhandled errors in a TaskGroup',"
        " [ConnectionError('no reply')]), sibling cancelled",
    ]
    if sys.version_info < (3, 11):
        group = ["main: TaskGroup skipped, it needs Python 3.11"]
    assert events(result.lines) == [*gather, *group]


@of_steps("cancel")
def test_cancellation_is_a_request(result: Result) -> None:
    """Whoever lets it through is cancelled, whoever swallows it is not."""
    assert events(result.lines) == [
        "Hello 60",
        "main: asked polite to end, it is pending",
        "polite: CancelledError at my await",
        "polite: cleaned up",
        "main: polite is cancelled",
        "Hello 60",
        "main: asked deaf to end, it is pending",
        "deaf: CancelledError at my await, never mind",
        "main: deaf is done",
    ]


@of_steps("timeout")
def test_timeout_cancels(result: Result) -> None:
    """Inside it is a cancellation, outside a TimeoutError."""
    cancelled = [
        "Hello 60",
        "polite: CancelledError at my await",
        "polite: cleaned up",
    ]
    block = [
        "Hello 0.1",
        "Bye.. 0.1",
        *cancelled,
        "main: TimeoutError from timeout",
    ]
    if sys.version_info < (3, 11):
        block = ["main: timeout skipped, it needs Python 3.11"]
    assert events(result.lines) == [
        *cancelled,
        "main: TimeoutError from wait_for",
        *block,
    ]
    assert 0.2 <= seconds(result) < 5


@of_steps("blocking")
def test_blocking_stops_all(result: Result) -> None:
    """In the loop's thread one by one, in threads all at the same time."""
    names = [line.partition(":")[0] for line in result.lines]
    broken, fixed = names.index("broken_hello"), names.index("fixed_hello")
    assert events(result.lines[:broken]) == [
        "Hello 1",
        "Bye.. 1",
        "Hello 0.2",
        "Bye.. 0.2",
        "Hello 0.6",
        "Bye.. 0.6",
    ]
    assert sorted(events(result.lines[broken + 1 : fixed])) == sorted(
        HELLOS + BYES
    )
    slow, fast = closing(result.lines[broken]), closing(result.lines[fixed])
    assert slow["alone"] == fast["alone"] == "1.80"
    assert 1.0 <= float(fast["seconds"]) < 1.8 <= float(slow["seconds"])

    at = [THREAD.search(line) for line in result.lines]
    loops = {m[2] for m in at[:broken] if m}
    others = {m[2] for m in at[broken:fixed] if m}
    assert len(loops) == 1 < len(others)
    assert not loops & others


@of_steps("blocking")
def test_debug_mode_names_the_culprit(result: Result) -> None:
    """The loop's report, once it was asked for: who, where, how long."""
    reports = [
        n for n, x in enumerate(result.lines) if x.startswith("asyncio")
    ]
    names = [line.partition(":")[0] for line in result.lines]
    assert reports[0] > names.index("fixed_hello")
    culprits = [x for x in result.lines if "coro=<broken_hello() done" in x]
    assert len(culprits) == 1
    took = re.fullmatch(
        rf"asyncio: Executing <Task .*{SCRIPT}:\d+> .* took (\S+) seconds",
        culprits[0],
    )
    assert took
    assert float(took[1]) >= 0.2


@of_steps("callback")
def test_callback_runs_in_the_loops_thread(result: Result) -> None:
    """The hello was in another thread, the callback is in the loop's."""
    assert events(result.lines) == [
        "main:",
        "Hello 0.3",
        "Bye.. 0.3",
        "callback: done",
    ]
    at = threads(result)
    assert at["main:"] == at["callback: done"]
    for ours, theirs in zip(at["main:"], at["Hello 0.3"], strict=True):
        assert ours != theirs


@of_steps("iterate")
def test_others_run_while_it_iterates(result: Result) -> None:
    """One value after another; another hello goes on in between."""
    replies = [
        line
        for s in (1.0, 0.2, 0.6)
        for line in (f"Hello {s:g}", f"Bye.. {s:g}", f"main: reply {s}")
    ]
    replies.insert(1, "Bye.. 0.4")
    assert events(result.lines) == [
        "Hello 0.4",
        "connection: open",
        *replies,
        "connection: closed",
    ]
    assert seconds(result) >= 2.0


@of_steps("lock")
def test_threads_lose_updates(result: Result) -> None:
    """All but one without a lock, none with a lock."""
    assert events(result.lines) == [
        "5 threads, unlocked: counted to 1",
        "5 threads, locked: counted to 5",
    ]


@of_steps("no_lock")
def test_coroutines_lose_updates_at_an_await(result: Result) -> None:
    """All but one with an `await` in between; none without, or locked."""
    assert events(result.lines) == [
        "5 coroutines, no_await: counted to 5",
        "5 coroutines, await_between: counted to 1",
        "5 coroutines, await_locked: counted to 5",
    ]


@of_steps("loop_thread")
def test_loop_in_a_thread(result: Result) -> None:
    """The coroutine runs over there; its result, and nothing else, is here."""
    assert events(result.lines) == [
        "main:",
        "Hello 0.3",
        "Bye.. 0.3",
        "main: result 0.3",
        "main: loop closed, threads 1",
    ]
    at = threads(result)
    for ours, theirs in zip(at["main:"], at["Hello 0.3"], strict=True):
        assert ours != theirs


# For each job its process, and the columns in which it was counting.
Drawing = list[tuple[str, set[int]]]


def drawings(result: Result) -> list[Drawing]:
    """Return the three drawings of the step `cpu`."""
    drawn: list[Drawing] = [[]]
    for line in result.lines[2:-1]:
        if job := re.fullmatch(r"job (\d) process = (\d+) ([#.]+)", line):
            assert int(job[1]) == len(drawn[-1]) + 1
            columns = {n for n, x in enumerate(job[3]) if x == "#"}
            drawn[-1].append((job[2], columns))
        else:
            drawn.append([])
    return drawn[:-1]


def at_once(jobs: Drawing) -> int:
    """Return how many of the jobs were counting at once, at the most."""
    columns = [n for _, job in jobs for n in job]
    return max(columns.count(n) for n in columns)


@of_steps("cpu")
def test_coroutines_take_turns(result: Result) -> None:
    """One counts at a time; in turn where they are coroutines."""
    alone, coroutines, _ = drawings(result)
    assert len(alone) == len(coroutines) == 4
    assert len({process for process, _ in alone + coroutines}) == 1
    assert at_once(alone) == at_once(coroutines) == 1
    jobs = [job for _, job in alone]
    for this, following in pairwise(jobs):
        assert max(this) < min(following)
    jobs = [job for _, job in coroutines]
    assert [min(job) for job in jobs] == sorted(min(job) for job in jobs)
    assert max(min(job) for job in jobs) < min(max(job) for job in jobs)


@of_steps("cpu")
def test_processes_work_at_the_same_time(result: Result) -> None:
    """Two processes, coroutines that take turns in each."""
    alone, _, processes = drawings(result)
    first, second = processes[:2], processes[2:]
    assert len(first) == len(second) == 2
    (one,), (other,) = (
        {process for process, _ in half} for half in (first, second)
    )
    assert len({one, other, alone[0][0]}) == 3
    assert at_once(first) == at_once(second) == 1
    busy = [set.union(*(job for _, job in half)) for half in (first, second)]
    assert len(busy[0] & busy[1]) > min(map(len, busy)) / 2


@of_steps("cpu")
def test_ratio_is_what_the_seconds_say(result: Result) -> None:
    """The work was sized, and the ratio follows from what was measured."""
    alone, coroutines, processes = (
        m for x in result.lines[1:-1] if (m := CLOSING.fullmatch(x))
    )
    names = [m["name"] for m in (alone, coroutines, processes)]
    assert names == ["one_after_another", "coroutines", "processes"]
    assert 0.4 < float(alone["seconds"]) < 8
    for part in (coroutines, processes):
        assert part["alone"] == alone["seconds"]
        ratio = float(part["alone"]) / float(part["seconds"])
        assert float(part["ratio"]) == pytest.approx(ratio, rel=0.05, abs=0.06)


@pytest.mark.parametrize(
    ("enabled", "lines"), [(True, 0), (False, 1), (None, 0)], ids=str
)
def test_free_threaded_python_says_so(
    enabled: bool | None,
    lines: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where threads are parallel too, the step `cpu` says it in a line."""

    async def draw(running: Coroutine[Any, Any, Any]) -> float:
        running.close()
        return 1.0

    monkeypatch.setattr(asyc_test, "draw", draw)
    monkeypatch.setattr(asyc_test, "numbers_in", int)
    if enabled is None:
        monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)
    else:
        monkeypatch.setattr(
            sys, "_is_gil_enabled", lambda: enabled, raising=False
        )
    asyncio.run(asyc_test.cpu_test())
    assert capsys.readouterr().out.count("free-threaded") == lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "result"),
    [
        (steps, demo(SCRIPT, *steps))
        for steps in (list(EXPECTED)[:12], list(EXPECTED)[12:-1])
    ],
    indirect=["result"],
    ids=["first steps", "further steps"],
)
def test_many_steps_in_one_process(steps: list[str], result: Result) -> None:
    """Every step in its turn; none disturbs those that follow."""
    assert (result.status, result.errors) == (0, "")
    ends = [x for x in result.lines if x.startswith("== ") and ":" in x]
    assert [closing(x)["name"] for x in ends] == steps
    assert [closing(x)["alone"] for x in ends] == [EXPECTED[x] for x in steps]
    headings = [x for x in result.lines if re.fullmatch(r"== \w+", x)]
    assert headings == [f"== {step}" for step in steps]
    if "loop_thread" in steps:
        assert "main: loop closed, threads 1" in result.lines
    assert not result.left_running


@pytest.mark.parametrize(
    "result",
    [demo(SCRIPT, "no_lock", "coroutine", "no_lock")],
    indirect=True,
    ids=["three steps"],
)
def test_steps_in_the_order_given(result: Result) -> None:
    """Also a step twice."""
    assert (result.status, result.errors) == (0, "")
    headings = [x for x in result.lines if re.fullmatch(r"== \w+", x)]
    assert headings == ["== no_lock", "== coroutine", "== no_lock"]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("awaits", demo(SCRIPT, "awaits")),
        ("x", demo(SCRIPT, "await", "x")),
    ],
    indirect=["result"],
    ids=str,
)
def test_unknown_step(name: str, result: Result) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    assert (
        f"{SCRIPT}: error: argument STEP: invalid choice: '{name}'"
        f" (choose from {', '.join(EXPECTED)})"
    ) in result.errors


@pytest.mark.parametrize("result", [demo(SCRIPT, "-h")], indirect=True)
def test_help_has_a_line_for_each_step(result: Result) -> None:
    """`-h` says in a line what each step shows, in the order of the tour."""
    listed = [
        m[1]
        for line in result.lines
        if (m := re.match(r"    (\w+)  +\w", line)) and m[1] != "python"
    ]
    assert listed == list(EXPECTED)


# Where Ctrl-C finds a sleeper, a task, a thread, a loop elsewhere, and, in
# `cpu`, another process.
CTRL_C = [
    ("await", "Hello 1"),
    ("task", "Hello 0.6"),
    ("as_completed", "Hello 0.6"),
    ("group", "Hello 0.6"),
    ("cancel", "Hello 60"),
    ("timeout", "Hello 60"),
    ("blocking", "Hello 1"),
    ("blocking", "broken_hello"),
    ("iterate", "Hello 1"),
    ("loop_thread", "Hello 0.3"),
    ("cpu", "coroutines"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result",
    [
        # On a busy machine it can find the step after that, which is longer.
        pytest.param(
            Demo((SCRIPT, step, "iterate"), ctrl_c_at=line),
            marks=pytest.mark.slow if step == "cpu" else (),
        )
        for step, line in CTRL_C
    ]
    + [Demo((SCRIPT, "await", "iterate"), ctrl_c_at="Hello 1", group=False)],
    indirect=True,
    ids=lambda demo: f"{demo} at {demo.ctrl_c_at}",
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert not any(x.startswith("== iterate:") for x in result.lines)
    assert not result.left_running


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result",
    [Demo((SCRIPT,), ctrl_c_at="== task")],
    indirect=True,
    ids=["all steps"],
)
def test_no_step_named_takes_all(result: Result) -> None:
    """They come in their order, as far as Ctrl-C lets them."""
    headings = [x for x in result.lines if re.fullmatch(r"== \w+", x)]
    assert headings == ["== coroutine", "== await", "== task"]


# Presses Ctrl-C each time a process is being started, with work for minutes.
HASTY = """
import multiprocessing, os, signal, sys, asyc_test
class Pool(asyc_test.ProcessPoolExecutor):
    def submit(self, half, numbers):
        future = super().submit(half, numbers * 100_000)
        os.killpg(0, signal.SIGINT)
        return future
asyc_test.ProcessPoolExecutor = Pool
multiprocessing.set_start_method("spawn")
asyc_test.TURN = 0.001
sys.exit(asyc_test.main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result", [demo("-c", HASTY, "cpu")], indirect=True, ids=["hasty"]
)
def test_ctrl_c_while_processes_start(result: Result) -> None:
    """The processes say no word either; also where they are spawned."""
    assert (result.status, result.errors) == (130, "")
    assert result.lines[-1].startswith("coroutines: ")
    assert not result.left_running
