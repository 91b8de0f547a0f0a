"""Chapter 2: what each step of `asyc_test.py` prints."""

import os
import platform
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from helpers.commands import (
    ROOT,
    SURE,
    Command,
    Line,
    Result,
    matches,
    run,
    runs,
)

sys.path.insert(0, str(ROOT))

import asyc_test

# All steps in their order, in processes that take about five seconds each.
TOURS = [
    "asyc_test.py run await task group gather",
    "asyc_test.py wait as_completed timeout cancel limit",
    "asyc_test.py blocking no_stop error reference",
    "asyc_test.py iterate shutdown coroutine future awaitable give_way"
    " callback loop_thread nested other_loop",
    "asyc_test.py lock no_lock pickle cpu",
]
STEPS = [step for tour in TOURS for step in tour.split()[1:]]

# What the hellos of a step would have taken one after another.
ALONE = {
    "await": "1.80",
    "task": "1.80",
    "group": "1.80",
    "gather": "2.40",
    "wait": "1.80",
    "as_completed": "1.80",
    "limit": "5.90",
    "error": "0.60",
    "iterate": "2.20",
    "shutdown": "1.80" if sys.version_info >= (3, 13) else None,
    "nested": "0.50",
}
HELLOS = ["Hello 1", "Hello 0.2", "Hello 0.6"]
BYES = ["Bye.. 0.2", "Bye.. 0.6", "Bye.. 1"]
RESULTS = "[1.0, 0.2, 0.6]"

CLOCK = re.compile(r" now = \d\d:\d\d:\d\d\b")
THREAD = re.compile(r" ?serve thread id = (\d+) OS thread = (\d+)$")
CLOSING = re.compile(
    r"(?:== )?(?P<name>[\w ]+): (?P<seconds>\d+\.\d\d) s"
    r"(?: \| one after another (?P<alone>\d+\.\d\d) s)?"
    r"(?: \| (?P<ratio>\d+\.\d) times as fast)?"
)
CORES = os.cpu_count() or 1
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def of(*steps: str) -> pytest.MarkDecorator:
    """Run a test on the `lines` that each of these steps prints."""
    return pytest.mark.parametrize(
        ("step", "result"),
        [
            (step, Command(tour, takes=8))
            for tour in TOURS
            for step in tour.split()[1:]
            if step in steps
        ],
        indirect=["result"],
        ids=lambda x: x if isinstance(x, str) else "",
    )


@pytest.fixture
def lines(result: Result, step: str) -> list[Line]:
    """Return what the step printed, from its heading to its closing line."""
    return result.block(step)


def events(lines: list[Line]) -> list[str]:
    """Return the lines without heading, closing line, clock and threads.

    In dev mode, loops that a step starts itself report what held them up,
    which a busy machine does to anybody.
    """
    return [
        CLOCK.sub("", THREAD.sub("", line))
        for line in lines
        if not line.startswith(("== ", "asyncio: Executing <"))
    ]


def threads(lines: list[Line]) -> dict[str, tuple[str, str]]:
    """Return the thread id and the OS thread of each line that has them."""
    return {
        CLOCK.sub("", line[: m.start()]): (m[1], m[2])
        for line in lines
        if (m := THREAD.search(line))
    }


def closing(line: str) -> re.Match[str]:
    """Return the parts of a closing line."""
    match = CLOSING.fullmatch(line)
    assert match, line
    return match


def seconds(lines: list[Line]) -> float:
    """Return how long the step took, as it says itself."""
    return float(closing(lines[-1])["seconds"])


@runs(*TOURS)
def test_steps_end_well(result: Result) -> None:
    """Every step in its turn; no warning, and nothing is left running."""
    assert (result.status, result.errors) == (0, "")
    assert not result.left_running
    headings = [m[1] for m in matches(r"== (\w+)", result.lines)]
    assert headings == result.command.line.split()[1:]


@of(*STEPS)
def test_heading_and_closing_line(lines: list[Line], step: str) -> None:
    """The closing line says how long, and how long one after another."""
    assert lines[0] == f"== {step}"
    end = closing(lines[-1])
    assert (end["name"], end["alone"]) == (step, ALONE.get(step))
    assert not any(x.startswith("==") for x in lines[1:-1])


@of(*STEPS)
def test_lines_say_when_and_where(lines: list[Line]) -> None:
    """Each Hello has clock and thread, each Bye has a clock."""
    for line in lines:
        if line.startswith("Hello"):
            assert re.match(r"Hello \S+ now = \S+ serve thread id = ", line)
            assert CLOCK.search(line)
            assert THREAD.search(line)
        if line.startswith("Bye"):
            assert re.fullmatch(r"Bye\.\. \S+ now = \d\d:\d\d:\d\d", line)


@of("run")
def test_calling_runs_nothing(lines: list[Line]) -> None:
    """asyncio.run runs the object; Python warns of one that never ran."""
    assert events(lines) == [
        "main: coroutine object, nothing has run",
        "Hello 0.2",
        "Bye.. 0.2",
        "main: result 0.2",
        "main: RuntimeWarning: coroutine 'hello' was never awaited",
    ]


@of("await")
def test_await_goes_one_by_one(lines: list[Line]) -> None:
    """One Hello at a time, the sum of the waits, and the results."""
    assert events(lines) == [
        "Hello 1",
        "Bye.. 1",
        "Hello 0.2",
        "Bye.. 0.2",
        "Hello 0.6",
        "Bye.. 0.6",
        f"main: results {RESULTS}",
    ]
    assert seconds(lines) >= 1.8 * SURE
    # Lines come when they are printed, not in the end.
    assert lines[-2].at - lines[1].at > 0.5


@of("task")
def test_tasks_overlap(lines: list[Line]) -> None:
    """All are pending before any has run, and done in the end."""
    assert events(lines) == [
        "main: pending, pending, pending",
        *HELLOS,
        *BYES,
        f"main: done, done, done, results {RESULTS}",
    ]


@of("task", "group", "gather", "wait", "as_completed")
def test_waits_overlap(lines: list[Line]) -> None:
    """Three waits take as long as the longest, in one thread."""
    hellos = [x for x in events(lines) if x[:5] in ("Hello", "Bye..")]
    assert hellos[:6] == [*HELLOS, *BYES]
    assert len(set(threads(lines).values())) == 1
    first = next(x.at for x in lines if x.startswith("Hello"))
    last = next(x.at for x in lines if x.startswith("Bye.. 1"))
    # By the reader's clock, which can be late for either line.
    assert 0.3 < last - first < 1.8


@of("group")
def test_a_group_cancels_the_siblings_of_one_that_fails(
    lines: list[Line],
) -> None:
    """All results, and no Bye of the one that was cancelled."""
    assert events(lines) == [
        *HELLOS,
        *BYES,
        f"main: results {RESULTS}",
        "Hello 0.6",
        "main: (ConnectionError('no reply'),), sibling cancelled",
    ]


@of("gather")
def test_gather_lets_the_siblings_of_one_that_fails_go_on(
    lines: list[Line],
) -> None:
    """Results in the order asked, though the second ended first."""
    assert events(lines) == [
        *HELLOS,
        *BYES,
        f"main: results {RESULTS}",
        "Hello 0.4",
        "main: ConnectionError('no reply'), sibling pending",
        "Bye.. 0.4",
        "Hello 0.2",
        "Bye.. 0.2",
        "main: results [0.2, ConnectionError('no reply')]",
    ]


@of("wait")
def test_wait_tells_who_is_done(lines: list[Line]) -> None:
    """As many are done as have said Bye; nobody is cancelled."""
    assert events(lines) == [
        *HELLOS,
        "Bye.. 0.2",
        "main: FIRST_COMPLETED: 1 done, 2 pending",
        "Bye.. 0.6",
        "Bye.. 1",
        "main: ALL_COMPLETED: 3 done, 0 pending",
    ]


@of("as_completed")
def test_as_completed_in_the_order_of_finishing(lines: list[Line]) -> None:
    """Each result comes as soon as its hello has ended."""
    assert events(lines) == [
        *HELLOS,
        "Bye.. 0.2",
        "main: result 0.2",
        "Bye.. 0.6",
        "main: result 0.6",
        "Bye.. 1",
        "main: result 1.0",
    ]


@of("timeout")
def test_timeout_cancels(lines: list[Line]) -> None:
    """Inside it is a cancellation, outside a TimeoutError."""
    cancelled = [
        "Hello 60",
        "polite: CancelledError at my await",
        "polite: cleaned up",
    ]
    assert events(lines) == [
        "Hello 0.1",
        "Bye.. 0.1",
        *cancelled,
        "main: TimeoutError from timeout",
        *cancelled,
        "main: TimeoutError from wait_for",
    ]
    assert 0.7 * SURE <= seconds(lines) < 5


@of("cancel")
def test_cancellation_is_a_request(lines: list[Line]) -> None:
    """Whoever lets it through is cancelled, whoever swallows it is not."""
    assert events(lines) == [
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


@of("limit")
def test_five_at_a_time(lines: list[Line]) -> None:
    """Five start at once, and never are more than five in flight."""
    *hellos, end = events(lines)
    assert end == "main: 20 replies"
    assert len(set(hellos)) == 40
    in_flight = [0]
    for line in hellos:
        step = 1 if line.startswith("Hello") else -1
        in_flight.append(in_flight[-1] + step)
    assert in_flight[:6] == [0, 1, 2, 3, 4, 5]
    assert max(in_flight) == 5
    assert 5.9 / 5 * SURE <= seconds(lines) < 4


@of("blocking")
def test_blocking_stops_all(lines: list[Line]) -> None:
    """In the loop's thread one by one, in threads all at the same time."""
    names = [line.partition(":")[0] for line in lines]
    broken, fixed = names.index("broken_hello"), names.index("fixed_hello")
    assert events(lines[:broken]) == [
        "Hello 1",
        "Bye.. 1",
        "Hello 0.2",
        "Bye.. 0.2",
        "Hello 0.6",
        "Bye.. 0.6",
    ]
    at_once = events(lines[broken + 1 : fixed])
    assert sorted(at_once[:3]) == sorted(HELLOS)
    assert at_once[3:] == BYES
    slow, fast = closing(lines[broken]), closing(lines[fixed])
    assert slow["alone"] == fast["alone"] == "1.80"
    assert 1.0 <= float(fast["seconds"]) < 1.8 <= float(slow["seconds"])

    loop = {thread for _, thread in threads(lines[:broken]).values()}
    others = {thread for _, thread in threads(lines[broken:fixed]).values()}
    assert len(loop) == 1
    assert len(others) == 3
    assert not loop & others


@of("blocking")
def test_debug_mode_names_the_culprit(lines: list[Line]) -> None:
    """The loop's report, once it was asked for: who, where, how long."""
    names = [line.partition(":")[0] for line in lines]
    assert names.index("asyncio") > names.index("fixed_hello")
    culprits = [x for x in lines if "coro=<broken_hello() done" in x]
    assert len(culprits) == 1
    took = re.fullmatch(
        r"asyncio: Executing <Task .*asyc_test\.py:\d+> .* took (\S+) seconds",
        culprits[0],
    )
    assert took
    assert float(took[1]) >= 0.2 * SURE


@of("no_stop")
def test_a_timeout_does_not_stop_a_thread(lines: list[Line]) -> None:
    """The thread says Bye after main has returned; the other was told."""
    assert events(lines) == [
        "Hello 1",
        "main: TimeoutError, and the thread goes on",
        "main: TimeoutError, and the thread is told to end",
        "main: returns",
        "Bye.. 1",
    ]
    assert 1.0 <= seconds(lines) < 10


@of("error")
def test_an_error_that_nobody_is_told(lines: list[Line]) -> None:
    """The loop reports it late; a callback and `await` tell it."""
    assert events(lines) == [
        "Hello 0.3",
        "Bye.. 0.3",
        "main: the task is done, and nobody was told",
        "loop: Task exception was never retrieved",
        "Hello 0.3",
        "callback: ConnectionError('no reply')",
        "Bye.. 0.3",
        "main: ConnectionError('no reply')",
    ]


@of("reference")
def test_forgotten_task_vanishes(lines: list[Line]) -> None:
    """The loop reports a task that was collected while it waited."""
    assert events(lines) == [
        "main: pending, now let go of it",
        "loop: Task was destroyed but it is pending!",
    ]


@of("iterate")
def test_others_run_while_it_iterates(lines: list[Line]) -> None:
    """One value after another; another hello goes on in between."""
    replies = [
        line
        for s in (1.0, 0.2, 0.6)
        for line in (f"Hello {s:g}", f"Bye.. {s:g}", f"main: reply {s}")
    ]
    replies.insert(1, "Bye.. 0.4")
    assert events(lines) == [
        "Hello 0.4",
        "connection: open",
        *replies,
        "connection: closed",
    ]
    assert seconds(lines) >= 2.0 * SURE


@of("shutdown")
def test_shutdown_ends_every_consumer(lines: list[Line]) -> None:
    """What was in the queue is consumed first, in order."""
    if sys.version_info < (3, 13):
        expected = ["main: skipped, Queue.shutdown needs Python 3.13"]
    else:
        expected = [
            "main: nothing more comes, 3 in the queue",
            "Hello 1",
            "Hello 0.2",
            "Bye.. 0.2",
            "Hello 0.6",
            "Bye.. 0.6",
            "consumer 2: QueueShutDown",
            "Bye.. 1",
            "consumer 1: QueueShutDown",
        ]
    assert events(lines) == expected


@of("coroutine")
def test_send_runs_up_to_the_await(lines: list[Line]) -> None:
    """Sent again it ends, and StopIteration carries the result."""
    assert events(lines) == [
        "Hello 0",
        "main: it waits at its await",
        "Bye.. 0",
        "main: StopIteration, value 0",
    ]


@of("future")
def test_future_is_set_later(lines: list[Line]) -> None:
    """Pending until the loop sets the result."""
    assert events(lines) == [
        "main: pending",
        "loop: set_result",
        "main: done, result 'a reply'",
        "main: a task is a future: True",
    ]
    assert seconds(lines) >= 0.3 * SURE


@of("awaitable")
def test_await_takes_awaitables_only(lines: list[Line]) -> None:
    """A class with `__await__` is one, a number is none."""
    *hello, error = events(lines)
    assert hello == ["Hello 0.3", "Bye.. 0.3", "main: result 0.3"]
    assert re.match("main: TypeError: .*float.*await", error)
    assert seconds(lines) >= 0.3 * SURE


@of("give_way")
def test_who_gives_way(lines: list[Line]) -> None:
    """Only sleep(0) lets the other run; an eager task runs at once."""
    eager = [
        "other: my turn",
        "main: after create_task the eager other is done",
    ]
    if sys.version_info < (3, 12):
        eager = ["main: skipped, eager tasks need Python 3.12"]
    assert events(lines) == [
        "main: after await never_waits() the other is pending",
        "other: my turn",
        "main: after await queue.put(1) the other is pending",
        "other: my turn",
        "other: my turn",
        "main: after await asyncio.sleep(0) the other is done",
        *eager,
    ]


@of("callback")
def test_callback_runs_in_the_loops_thread(lines: list[Line]) -> None:
    """The hello was in another thread, the callback is in the loop's."""
    assert events(lines) == [
        "main:",
        "Hello 0.3",
        "Bye.. 0.3",
        "callback: done",
    ]
    at = threads(lines)
    assert at["main:"] == at["callback: done"]
    for ours, theirs in zip(at["main:"], at["Hello 0.3"], strict=True):
        assert ours != theirs


@of("loop_thread")
def test_loop_in_a_thread(lines: list[Line]) -> None:
    """The coroutine runs over there; its result, and nothing else, is here."""
    assert events(lines) == [
        "main:",
        "Hello 0.3",
        "Bye.. 0.3",
        "main: result 0.3",
        "main: loop closed, threads 1",
    ]
    at = threads(lines)
    for ours, theirs in zip(at["main:"], at["Hello 0.3"], strict=True):
        assert ours != theirs


@of("nested")
def test_no_loop_in_a_loop(lines: list[Line]) -> None:
    """`await` runs it in this thread, asyncio.run in another."""
    assert events(lines) == [
        "main: RuntimeError:"
        " asyncio.run() cannot be called from a running event loop",
        "Hello 0.2",
        "Bye.. 0.2",
        "main: result 0.2",
        "Hello 0.3",
        "Bye.. 0.3",
        "main: result 0.3 from a thread",
    ]
    at = threads(lines)
    assert at["Hello 0.2"][1] != at["Hello 0.3"][1]


@of("other_loop")
def test_what_belongs_to_another_loop(lines: list[Line]) -> None:
    """The queue works in the first loop; in the second both raise."""
    first, queue, future = events(lines)
    assert first == "main: the queue belongs to this loop now"
    assert re.fullmatch(
        r"main: RuntimeError: <Queue at .*> is bound to a different event"
        r" loop",
        queue,
    )
    assert re.fullmatch(
        r"main: RuntimeError: Task <.*> got Future <.*> attached to a"
        r" different loop",
        future,
    )


@of("lock")
def test_threads_lose_updates(lines: list[Line]) -> None:
    """Where there is a GIL, `count += 1` by itself loses none."""
    counted = {
        m[1]: (int(m[2].replace(",", "")), int(m[3].replace(",", "")))
        for m in matches(r"(\w+): counted to ([\d,]+) of ([\d,]+)", lines)
    }
    assert list(counted) == ["add_one", "call_between", "unlocked", "locked"]
    count, right = counted["add_one"]
    assert right == 5_000_000
    assert count == right or (count < right and not HAS_GIL)
    count, right = counted["call_between"]
    assert right == 5_000_000
    assert 0 < count < right
    assert counted["unlocked"] == (1, 5)
    assert counted["locked"] == (5, 5)


@of("no_lock")
def test_coroutines_lose_updates_at_an_await(lines: list[Line]) -> None:
    """All but one with an `await` in between; none without, or locked."""
    assert events(lines) == [
        "no_await: counted to 5 of 5",
        "await_between: counted to 1 of 5",
        "await_locked: counted to 5 of 5",
    ]


@of("pickle")
def test_what_a_process_can_be_sent(lines: list[Line]) -> None:
    """A function by its name; no lambda, and no coroutine."""
    function, a_lambda, coroutine = events(lines)
    assert re.fullmatch(r"main: a function, \d\d bytes", function)
    kind = "PicklingError: Can't pickle"
    if sys.version_info < (3, 14):
        kind = r"AttributeError: Can't (pickle|get)"
    assert re.fullmatch(
        rf"main: a lambda, {kind} local object .*<lambda>.*", a_lambda
    )
    assert coroutine == (
        "main: a coroutine, TypeError: cannot pickle 'coroutine' object"
    )


def workers(lines: list[Line], row: str) -> list[tuple[str, str, str]]:
    """Return process, OS thread and turns of each worker in a row of `cpu`."""
    pattern = rf"{row}: process = (\d+) OS thread = (\d+) ([abcd]+)"
    return [(m[1], m[2], m[3]) for m in matches(pattern, lines)]


@of("cpu")
def test_coroutines_take_turns(lines: list[Line]) -> None:
    """In one thread, one letter after another."""
    alone = workers(lines, "one after another")
    coroutines = workers(lines, "coroutines")
    assert [turns for *_, turns in alone] == ["aaaa", "bbbb", "cccc", "dddd"]
    assert [turns for *_, turns in coroutines] == ["abcd" * 4]
    assert len({worker[:2] for worker in alone + coroutines}) == 1


@of("cpu")
def test_two_workers_with_coroutines_inside(lines: list[Line]) -> None:
    """Threads and interpreters share a process, processes do not."""
    [(main, main_thread, _)] = workers(lines, "coroutines")
    rows = {"threads": 1, "processes": 2, "interpreters": 1}
    if sys.version_info < (3, 14):
        del rows["interpreters"]
        assert "interpreters: skipped, they need Python 3.14" in lines
    for row, processes in rows.items():
        both = workers(lines, row)
        assert [turns for *_, turns in both] == ["ab" * 4, "cd" * 4]
        assert len({process for process, *_ in both}) == processes
        assert (main in {process for process, *_ in both}) == (processes == 1)
        os_threads = {thread for _, thread, _ in both}
        assert len(os_threads) == 2
        assert main_thread not in os_threads
    assert len(max(lines, key=len)) <= 79


@of("cpu")
def test_ratio_is_what_the_seconds_say(lines: list[Line]) -> None:
    """The line above the rows names this Python; the ratios add up."""
    gil = "with a GIL" if HAS_GIL else "without a GIL"
    python = platform.python_version()
    assert lines[1].endswith(f" cores, Python {python} {gil}")
    rows = [m for x in lines[1:-1] if (m := CLOSING.fullmatch(x))]
    names = ["one after another", "coroutines", "threads", "processes"]
    if sys.version_info >= (3, 14):
        names.append("interpreters")
    assert [row["name"] for row in rows] == names
    alone = float(rows[0]["seconds"])
    assert not rows[0]["ratio"]
    for row in rows[1:]:
        took, ratio = float(row["seconds"]), float(row["ratio"])
        # Seconds are rounded to 0.01, ratios to 0.1.
        least = (alone - 0.006) / (took + 0.006) - 0.06
        most = (alone + 0.006) / max(took - 0.006, 0.001) + 0.06
        assert least <= ratio <= most


@pytest.mark.parametrize("has_gil", [True, False])
def test_free_threaded_python_says_so(
    has_gil: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line above the rows says it; each row works in its own pool."""
    rows = {}

    def clock(name: str, _: object, __: float = 0, pool: object = None) -> int:
        rows[name] = type(pool).__name__
        return 1

    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: has_gil, raising=False)
    monkeypatch.setattr(asyc_test, "clock", clock)
    asyc_test.cpu_test()
    said = capsys.readouterr().out
    assert ("without a GIL" in said) == (not has_gil)
    if sys.version_info >= (3, 14):
        assert rows.pop("interpreters") == "InterpreterPoolExecutor"
    assert rows == {
        "one after another": "NoneType",
        "coroutines": "NoneType",
        "threads": "ThreadPoolExecutor",
        "processes": "ProcessPoolExecutor",
    }


@pytest.mark.slow
@runs(Command("asyc_test.py", dev=False))
def test_the_whole_tour(result: Result) -> None:
    """All steps in one process, in their order; none disturbs another."""
    assert (result.status, result.errors) == (0, "")
    headings = [m[1] for m in matches(r"== (\w+)", result.lines)]
    assert headings == STEPS
    assert "main: loop closed, threads 1" in result.lines
    # It takes 21 seconds; a busy machine takes longer where it computes.
    assert result.seconds < 45


def others_compute() -> bool:
    """Return whether another process computes for the next half second."""
    running = []
    for _ in range(10):
        time.sleep(0.05)
        load = Path("/proc/loadavg").read_text(encoding="utf-8")
        running.append(int(load.split()[3].partition("/")[0]))
    return min(running) > 1  # one is this process


@pytest.mark.last
@pytest.mark.slow
@pytest.mark.skipif(CORES == 1, reason="nothing runs in parallel")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_work_at_the_same_time() -> None:
    """Processes and interpreters gain; threads do only without a GIL.

    A moment's disturbance meets now this row and now that: the best of five
    counts. Where others compute all the time, it says nothing.
    """
    if others_compute():
        pytest.skip("the machine is busy")
    cpu = run(Command("asyc_test.py cpu cpu cpu cpu cpu", dev=False))
    ratios: dict[str, list[float]] = {}
    for line in cpu.lines:
        if (row := CLOSING.fullmatch(line)) and row["ratio"]:
            ratios.setdefault(row["name"], []).append(float(row["ratio"]))
    assert {len(five) for five in ratios.values()} == {5}
    assert max(ratios["processes"]) > 1.4
    assert max(ratios.get("interpreters", [2.0])) > 1.4
    assert min(ratios["coroutines"]) < 1.4
    assert min(ratios["threads"]) < 1.4 or not HAS_GIL


def call_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Call main as the command line does; return the exit status."""
    monkeypatch.setattr(sys, "argv", ["asyc_test.py", *arguments])
    with pytest.raises(SystemExit) as stop:
        asyc_test.main()
    return stop.value.code


@pytest.mark.parametrize("arguments", [["awaits"], ["coroutine", "x"]])
def test_unknown_step(
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    assert call_main(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"argument STEP: invalid choice: '{arguments[-1]}'" in said.err


def test_help_has_a_line_for_each_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-h` lists the steps under three headings, in the tour's order."""
    assert call_main(monkeypatch, "-h") == 0
    said = capsys.readouterr().out
    listed = re.findall(
        r"^  ([A-Z][a-z ]+)$|^    (\w+)  +\w", said, re.MULTILINE
    )
    headings = ["Every day", "How it works", "The limits"]
    assert [heading for heading, _ in listed if heading] == headings
    steps = [step for _, step in listed if step]
    assert steps == STEPS == list(asyc_test.STEPS)
    assert listed.index(("How it works", "")) + 1 == listed.index(
        ("", "coroutine")
    )
    assert listed.index(("The limits", "")) + 1 == listed.index(("", "lock"))


# Where Ctrl-C finds a sleeper, a task, a blocked loop, a thread, and a loop
# elsewhere; on a busy machine perhaps the step after that.
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    Command("asyc_test.py await iterate", ctrl_c_at="Hello 1", group=False),
    Command("asyc_test.py task iterate", ctrl_c_at="Hello 0.6"),
    Command("asyc_test.py blocking iterate", ctrl_c_at="Hello 1"),
    Command("asyc_test.py no_stop iterate", ctrl_c_at="main: TimeoutError"),
    Command("asyc_test.py loop_thread iterate", ctrl_c_at="Hello 0.3"),
)
def test_ctrl_c(result: Result) -> None:
    """It ends at once, without a word, and with nothing like a result."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 3
    headings = matches(r"== \w+", result.lines)
    ends = matches(r"== \w+: .*", result.lines)
    assert len(headings) == len(ends) + 1
    assert not any(x.startswith("== iterate:") for x in result.lines)
    assert not result.left_running


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    *(
        Command(f"asyc_test.py {step} iterate", ctrl_c_at="Hello")
        for step in STEPS
        if step not in ("reference", "coroutine", "other_loop", "lock")
        if step not in ("future", "give_way", "no_lock", "pickle", "cpu")
        if step != "shutdown" or sys.version_info >= (3, 13)
    ),
    Command("asyc_test.py iterate", ctrl_c_at="== iterate"),
    Command("asyc_test.py cpu iterate", ctrl_c_at="one after another"),
    Command("asyc_test.py cpu iterate", ctrl_c_at="threads"),
    Command("asyc_test.py cpu iterate", ctrl_c_at="processes"),
    Command("asyc_test.py lock iterate", ctrl_c_at="add_one"),
    Command("asyc_test.py blocking iterate", ctrl_c_at="broken_hello"),
)
def test_ctrl_c_in_every_step(result: Result) -> None:
    """The same, wherever it finds the script."""
    test_ctrl_c(result)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs("tests/programs/hasty.py spawn")
def test_ctrl_c_while_processes_start(result: Result) -> None:
    """The processes say no word either; also where they are spawned."""
    assert (result.status, result.errors) == (130, "")
    assert len(result.lines) == 2
    assert result.lines[1].startswith("main: ")
    assert not result.left_running


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs("tests/programs/hasty.py fork", "tests/programs/hasty.py forkserver")
def test_ctrl_c_while_processes_are_forked(result: Result) -> None:
    """The other ways to start a process."""
    test_ctrl_c_while_processes_start(result)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
@runs("tests/programs/gone_reader.py")
def test_no_process_outlives_a_reader_that_has_gone(result: Result) -> None:
    """SIGPIPE ends the step where no process would be left behind."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == [str(-signal.SIGPIPE)]
    assert not result.left_running
