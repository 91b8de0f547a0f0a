"""Chapter 2: what is on the screen after each step of `asyc_test.py`.

With letters for ids, and `...` for what differs from run to run. A closing
line comes as late as it says, on a busy machine up to 0.7 seconds later: soon
enough to tell it from one after another.
"""

import os
import re
import shutil
import signal
import sys
import threading
import time
from datetime import datetime
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
    shell,
)

sys.path.insert(0, str(ROOT))

import asyc_test

SCREEN = """
$ python asyc_test.py run await task group gather
== run
main: coroutine object, nothing has run
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: result 0.2
main: RuntimeWarning: coroutine 'hello' was never awaited
== run: 0.20 s
== await
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 1 now = HH:MM:SS
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.6 now = HH:MM:SS
main: results [1.0, 0.2, 0.6]
== await: 1.80 s | one after another 1.80 s
== task
main: pending, pending, pending
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Bye.. 0.6 now = HH:MM:SS
Bye.. 1 now = HH:MM:SS
main: done, done, done, results [1.0, 0.2, 0.6]
== task: 1.00 s | one after another 1.80 s
== group
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Bye.. 0.6 now = HH:MM:SS
Bye.. 1 now = HH:MM:SS
main: results [1.0, 0.2, 0.6]
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
main: (ConnectionError('no reply'),), sibling done (cancelled)
== group: 1.10 s | one after another 1.80 s
== gather
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Bye.. 0.6 now = HH:MM:SS
Bye.. 1 now = HH:MM:SS
main: results [1.0, 0.2, 0.6]
Hello 0.4 now = HH:MM:SS serve thread id = A OS thread = A
main: ConnectionError('no reply'), sibling pending
Bye.. 0.4 now = HH:MM:SS
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: results [0.2, ConnectionError('no reply')]
== gather: 1.60 s | one after another 2.40 s

$ python asyc_test.py timeout cancel limit blocking
== timeout
Hello 60 now = HH:MM:SS serve thread id = A OS thread = A
polite: CancelledError at my await
polite: cleaned up
main: TimeoutError from wait_for
Hello 0.1 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.1 now = HH:MM:SS
Hello 60 now = HH:MM:SS serve thread id = A OS thread = A
polite: CancelledError at my await
polite: cleaned up
main: TimeoutError from timeout
== timeout: 0.70 s
== cancel
Hello 60 now = HH:MM:SS serve thread id = A OS thread = A
main: asked polite to end, it is pending
polite: CancelledError at my await
polite: cleaned up
main: polite is done (cancelled)
Hello 60 now = HH:MM:SS serve thread id = A OS thread = A
main: asked deaf to end, it is pending
deaf: CancelledError at my await, never mind
main: deaf is done
== cancel: 0.40 s
== blocking
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 1 now = HH:MM:SS
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.6 now = HH:MM:SS
broken_hello: 1.80 s | one after another 1.80 s
Hello 1 now = HH:MM:SS serve thread id = B OS thread = B
Hello 0.2 now = HH:MM:SS serve thread id = C OS thread = C
Hello 0.6 now = HH:MM:SS serve thread id = D OS thread = D
Bye.. 0.2 now = HH:MM:SS
Bye.. 0.6 now = HH:MM:SS
Bye.. 1 now = HH:MM:SS
fixed_hello: 1.00 s | one after another 1.80 s
== blocking: 2.80 s

$ python asyc_test.py give_way error reference wait as_completed iterate
== give_way
main: after await never_waits the other is pending
main: after await put the other is pending
main: after await sleep the other is done
main: after await bare_yield the other is done
== give_way: 0.00 s
== error
main: the task is done, and nobody was told
loop: Task exception was never retrieved
callback: ConnectionError('no reply')
main: ConnectionError('no reply')
== error: 0.40 s
== reference
main: pending, now let go of it
loop: Task was destroyed but it is pending!
== reference: 0.00 s
== wait
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: FIRST_COMPLETED: 1 done, 2 pending
Bye.. 0.6 now = HH:MM:SS
Bye.. 1 now = HH:MM:SS
main: ALL_COMPLETED: 3 done, 0 pending
== wait: 1.00 s | one after another 1.80 s
== as_completed
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: result 0.2
Bye.. 0.6 now = HH:MM:SS
main: result 0.6
Bye.. 1 now = HH:MM:SS
main: result 1.0
== as_completed: 1.00 s | one after another 1.80 s
== iterate
Hello 0.8 now = HH:MM:SS serve thread id = A OS thread = A
connection: open
main: reply 1
Bye.. 0.8 now = HH:MM:SS
main: reply 2
main: reply 3
connection: closed
== iterate: 1.40 s

$ python asyc_test.py shutdown pool no_stop loop_thread nested other_loop
== shutdown
main: nothing more comes, 3 in the queue
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
Hello 0.6 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.6 now = HH:MM:SS
consumer 2: QueueShutDown
Bye.. 1 now = HH:MM:SS
consumer 1: QueueShutDown
== shutdown: 1.00 s | one after another 1.80 s
== pool
main: 40 calls of 0.1 s in THREADS threads
== pool: ... s
== no_stop
Hello 1 now = HH:MM:SS serve thread id = A OS thread = A
main: TimeoutError, and the thread goes on
main: TimeoutError, and the thread is told to end
main: returns
Bye.. 1 now = HH:MM:SS
== no_stop: 1.00 s
== loop_thread
main: serve thread id = A OS thread = A
Hello 0.3 now = HH:MM:SS serve thread id = B OS thread = B
Bye.. 0.3 now = HH:MM:SS
main: result 0.3
main: loop closed, threads 1
== loop_thread: 0.30 s
== nested
main: RuntimeError: asyncio.run() cannot be called from a running event loop
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: result 0.2
Hello 0.3 now = HH:MM:SS serve thread id = B OS thread = B
Bye.. 0.3 now = HH:MM:SS
main: result 0.3 from a thread
== nested: 0.50 s | one after another 0.50 s
== other_loop
main: the queue belongs to this loop now
main: RuntimeError: <Queue at ...> is bound to a different event loop
main: RuntimeError: Task <...> got Future <...> attached to a different loop
== other_loop: 0.10 s

$ python asyc_test.py coroutine future awaitable eager callback no_lock pickle
== coroutine
Hello 0 now = HH:MM:SS serve thread id = A OS thread = A
main: it waits at its await
Bye.. 0 now = HH:MM:SS
main: StopIteration, value 0
== coroutine: 0.00 s
== future
main: pending now = HH:MM:SS
main: result 'a reply', done now = HH:MM:SS
== future: 0.30 s
== awaitable
main: a coroutine, Awaitable: True
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
main: result 0.2
main: a Hello, Awaitable: True
Hello 0.3 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.3 now = HH:MM:SS
main: result 0.3
main: a generator, Awaitable: False
main: result None
main: a float, Awaitable: False
main: TypeError: ...float...await...
== awaitable: 0.50 s | one after another 0.50 s
== eager
main: after create_task it is done
== eager: 0.00 s
== callback
main: serve thread id = A OS thread = A
Hello 0.3 now = HH:MM:SS serve thread id = B OS thread = B
Bye.. 0.3 now = HH:MM:SS
callback: done serve thread id = A OS thread = A
== callback: 0.30 s
== no_lock
no_await: counted to 5 of 5
await_between: counted to 1 of 5
await_locked: counted to 5 of 5
== no_lock: 0.00 s
== pickle
main: a function, ... bytes
main: a lambda, ...Error: Can't ... local object...<lambda>...
main: a coroutine, TypeError: cannot pickle 'coroutine' object
== pickle: 0.00 s

$ python asyc_test.py lock debug
== lock
add_one: counted to ... of 5,000,000
call_between: counted to ... of 5,000,000
locked: counted to 50,000 of 50,000
== lock: ... s
== debug
Hello 0.2 now = HH:MM:SS serve thread id = A OS thread = A
Bye.. 0.2 now = HH:MM:SS
asyncio: Executing <Task ...asyc_test.py:...> ... took 0.2... seconds
== debug: 0.20 s

$ python asyc_test.py cpu
== cpu
main: cores ... | Python VERSION GIL
one after another: process = P OS thread = A aaaa
one after another: process = P OS thread = A bbbb
one after another: process = P OS thread = A cccc
one after another: process = P OS thread = A dddd
one after another: ... s
coroutines: process = P OS thread = A abcdabcdabcdabcd
coroutines: ... s | ... times as fast
threads: process = P OS thread = B abababab
threads: process = P OS thread = C cdcdcdcd
threads: ... s | ... times as fast
processes: process = Q OS thread = D abababab
processes: process = R OS thread = E cdcdcdcd
processes: ... s | ... times as fast
interpreters: process = P OS thread = F abababab
interpreters: process = P OS thread = G cdcdcdcd
interpreters: ... s | ... times as fast
== cpu: ... s
"""

TOURS = re.findall(r"^\$ python (.*)$", SCREEN, re.M)
STEPS = [step for tour in TOURS for step in tour.split()[1:]]
LATE = 0.7

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
CORES = asyc_test.usable_cores()
# The pool of to_thread counted all cores before Python 3.13.
POOL_CORES = CORES if sys.version_info >= (3, 13) else os.cpu_count() or 1
THIS_MACHINE = {
    "VERSION": sys.version.split()[0],
    "GIL": "with a GIL" if HAS_GIL else "without a GIL",
    "THREADS": str(min(32, POOL_CORES + 4)),
}
# What a step needs; an older Python says so in place of some lines.
NEEDS = {
    "shutdown": (3, 13, "main: skipped, Queue.shutdown needs Python 3.13"),
    "eager": (3, 12, "main: skipped, eager tasks need Python 3.12"),
    "cpu": (3, 14, "interpreters: skipped, they need Python 3.14"),
}
ENDING = re.compile(r"(?P<who>.+): (?P<seconds>\d+\.\d\d) s(?P<more>.*)")


def screen(step: str) -> list[str]:
    """Return the lines of a step above, as this Python prints them."""
    found = re.search(rf"^(== {step}$.*?^== {step}:.*?)$", SCREEN, re.M | re.S)
    assert found, step
    text = re.sub(
        "[A-Z]{3,}", lambda m: THIS_MACHINE.get(m[0], m[0]), found[0]
    )
    lines = text.splitlines()
    *version, skipped = NEEDS.get(step, (3, 11, ""))
    if sys.version_info < tuple(version):
        if step == "cpu":
            kept = [x for x in lines if not x.startswith("interpreters")]
            return [*kept[:-1], skipped, kept[-1]]
        return [lines[0], skipped, f"== {step}: 0.00 s"]
    return lines


def drawn(lines: list[Line]) -> list[str]:
    """Return the lines in the form above."""
    kept = [
        re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", line)
        for line in lines
        # In dev mode loops report what held them up, which a busy machine
        # does to anybody.
        if not line.startswith("asyncio: Executing <")
        or "broken_hello() done" in line
    ]
    if kept[0] == "== blocking":  # threads can start in any order
        kept[8:11] = sorted(
            kept[8:11], key=lambda x: "1 0.2 0.6".find(x.split()[1])
        )
    text = "\n".join(kept)
    for name, letters in {
        "serve thread id": "ABCDEFG",
        "OS thread": "ABCDEFG",
        "process": "PQR",
    }.items():
        ids = dict.fromkeys(re.findall(rf"{name} = (\d+)", text))
        for number, letter in zip(ids, letters, strict=False):
            text = re.sub(rf"{name} = {number}\b", f"{name} = {letter}", text)
    return text.splitlines()


def alike(line: str, expected: str) -> bool:
    """Return whether the line is the expected one, and in time."""
    one, other = ENDING.fullmatch(line), ENDING.fullmatch(expected)
    if one and other:
        late = float(one["seconds"]) - float(other["seconds"]) * SURE
        same = one["who"] + one["more"] == other["who"] + other["more"]
        return same and 0 <= late < LATE
    pattern = re.escape(expected).replace(r"\.\.\.", ".*")
    return bool(re.fullmatch(pattern, line))


def marks(tour: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] * tour.endswith(" cpu")


@pytest.mark.parametrize(
    ("step", "result"),
    [
        pytest.param(step, Command(tour, takes=20), id=step, marks=marks(tour))
        for tour in TOURS
        for step in tour.split()[1:]
        if step != "limit"
    ],
    indirect=["result"],
)
def test_screen(step: str, result: Result) -> None:
    """It is the one above; a line that is as expected stands for it here."""
    printed, expected = drawn(result.block(step)), screen(step)
    pairs = zip(printed, expected, strict=False)
    for number, (line, other) in enumerate(pairs):
        if alike(line, other):
            printed[number] = other
    assert printed == expected


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(Command(tour, takes=20), id=tour, marks=marks(tour))
        for tour in TOURS
    ],
    indirect=True,
)
def test_tour_ends_well(result: Result) -> None:
    """Each step in its turn, no warning, lines as they come, nothing left."""
    assert (result.status, result.errors) == (0, "")
    assert not result.left_running
    headings = [m[1] for m in matches(r"== (\w+)", result.lines)]
    assert headings == result.command.line.split()[1:]
    assert result.lines[-1].at - result.lines[0].at > 0.15


@runs(Command(TOURS[0], takes=20))
def test_the_clock_goes_on(result: Result) -> None:
    """It is cut to seconds, and goes as far as the lines are apart."""
    timed = [x for x in result.lines if " now = " in x]
    first, last = (
        datetime.strptime(x.split(" now = ")[1][:8], "%H:%M:%S")
        for x in (timed[0], timed[-1])
    )
    apart = timed[-1].at - timed[0].at
    assert abs((last - first).seconds - apart) < 2 < apart


@runs(Command(TOURS[1], takes=20))
def test_five_at_a_time(result: Result) -> None:
    """Five start at once, and never are more than five in flight."""
    *hellos, end = result.block("limit")[1:]
    assert len({x.partition(" now")[0] for x in hellos}) == 40
    in_flight = [0]
    for line in hellos:
        step = 1 if line.startswith("Hello") else -1
        in_flight.append(in_flight[-1] + step)
    assert in_flight[:6] == [0, 1, 2, 3, 4, 5]
    assert max(in_flight) == 5
    assert alike(end, "== limit: 1.20 s | one after another 5.90 s")


@runs(Command(TOURS[-2], takes=20))
def test_threads_lose_updates(result: Result) -> None:
    """Not in `count += 1` where there is a GIL; always with a call between."""
    form = r"(\w+): counted to ([\d,]+) of 5,000,000"
    counted = {
        m[1]: int(m[2].replace(",", ""))
        for m in matches(form, result.block("lock"))
    }
    assert 0 < counted["call_between"] < 5_000_000
    assert 0 < counted["add_one"] <= 5_000_000
    assert counted["add_one"] == 5_000_000 or not HAS_GIL


@pytest.mark.slow
@runs(Command(TOURS[-1], takes=20))
def test_cpu_says_how_many_times_as_fast(result: Result) -> None:
    """As the seconds say, which are rounded to 0.01, ratios to 0.1."""
    form = r"\w[\w ]+: (\d+\.\d\d) s(?: \| (\d+\.\d) times as fast)?"
    alone, *rows = matches(form, result.block("cpu"))
    assert len(rows) == (4 if sys.version_info >= (3, 14) else 3)
    for row in rows:
        ratio = float(alone[1]) / float(row[1])
        assert abs(float(row[2]) - ratio) < 0.06 + 0.02 * ratio


@pytest.mark.slow
@runs(Command("asyc_test.py", dev=False, takes=23))
def test_the_whole_tour(result: Result) -> None:
    """All steps in one process, in their order; none disturbs another."""
    assert (result.status, result.errors) == (0, "")
    headings = [m[1] for m in matches(r"== (\w+)", result.lines)]
    assert headings == list(asyc_test.STEPS)
    # 25 seconds; a busy machine takes longer where it computes.
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
    five_times = "asyc_test.py cpu cpu cpu cpu cpu"
    cpu = run(Command(five_times, dev=False, takes=22))
    ratios: dict[str, list[float]] = {}
    for m in matches(r"(\w+): .* \| (.*) times as fast", cpu.lines):
        ratios.setdefault(m[1], []).append(float(m[2]))
    assert {len(five) for five in ratios.values()} == {5}
    assert max(ratios["processes"]) >= 1.5
    assert max(ratios.get("interpreters", [2.0])) >= 1.5
    assert min(ratios["coroutines"]) < 1.4
    assert min(ratios["threads"]) < 1.4 or not HAS_GIL


# How it starts and ends


def test_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dozen steps for every day, then the others, in the tour's order."""
    monkeypatch.setattr(sys, "argv", ["asyc_test.py", "-h"])
    with pytest.raises(SystemExit, match="0"):
        asyc_test.main()
    said = capsys.readouterr().out
    groups = {
        heading: re.findall(r"^    (\w+) ", group, re.M)
        for heading, group in re.findall(
            r"^  ([A-Z].+)\n((?:    \w.*\n)+)", said, re.M
        )
    }
    headings = ["Every day", "When you need it", "How it works", "The limits"]
    assert list(groups) == headings
    assert len(groups["Every day"]) == 12
    steps = [step for group in groups.values() for step in group]
    assert steps == list(asyc_test.STEPS)
    assert sorted(STEPS) == sorted(asyc_test.STEPS)


def test_unknown_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    monkeypatch.setattr(sys, "argv", ["asyc_test.py", "awaits", "pickle"])
    with pytest.raises(SystemExit, match="2"):
        asyc_test.main()
    said = capsys.readouterr()
    assert said.out == ""
    assert "argument STEP: invalid choice: 'awaits'" in said.err


@runs("-OO asyc_test.py -h")
def test_help_without_docstrings(result: Result) -> None:
    """It still names the steps."""
    assert any(" run, await, task, " in line for line in result.lines)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset here")
def test_one_core() -> None:
    """Another core of the machine is no core of this process."""
    done = shell("taskset -c 0 python asyc_test.py cpu | head -n 3")
    _, first, second = done.stdout.splitlines()
    assert first.startswith("main: cores 1 | Python ")
    assert second == "main: on one core nothing can work at the same time"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_guest_puts_signal_handlers_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they were when main was called; and the hello ran in this thread."""
    monkeypatch.setattr(sys, "argv", ["asyc_test.py", "run"])
    both = (signal.SIGINT, signal.SIGPIPE)
    before = [*map(signal.getsignal, both)]
    asyc_test.main()
    assert [*map(signal.getsignal, both)] == before
    ids = threading.get_ident(), threading.get_native_id()
    here = "serve thread id = {} OS thread = {}\n".format(*ids)
    assert here in capsys.readouterr().out


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
        Command(f"asyc_test.py {step} iterate", ctrl_c_at=f"== {step}")
        for step in STEPS
        if step != "cpu"
    ),
    Command("asyc_test.py cpu iterate", "one after another", takes=20),
    Command("asyc_test.py cpu iterate", "threads", takes=20),
    Command("asyc_test.py cpu iterate", "processes", takes=20),
    Command("asyc_test.py blocking iterate", ctrl_c_at="broken_hello"),
    "tests/programs/hasty.py spawn",
    "tests/programs/hasty.py fork",
    "tests/programs/hasty.py forkserver",
)
def test_ctrl_c_in_every_step(result: Result) -> None:
    """The same, wherever it finds the script."""
    test_ctrl_c(result)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
@runs(Command("tests/programs/gone_reader.py", takes=20))
def test_no_process_outlives_a_reader_that_has_gone(result: Result) -> None:
    """SIGPIPE ends the step where no process would be left behind."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == [str(-signal.SIGPIPE)]
    assert not result.left_running
