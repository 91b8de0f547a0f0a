"""Chapter 5: what `cluster/consumer_produce.py` prints, and what it survives.

Five items of a second, two processes that consume: three seconds. The longest
tests are `slow`; all of them run with

    python -m pytest -m "slow or not slow" tests/test_cluster.py
"""

import importlib.util
import re
import socket
import sys
from pathlib import Path

import pytest
from helpers.commands import (
    ROOT,
    Command,
    Line,
    Result,
    matches,
    run,
    runs,
    shell,
)
from helpers.screens import alike, drawn

MISSING = "pip install -r cluster/requirements.txt"
if not importlib.util.find_spec("distributed"):
    pytest.skip(f"no Dask: python -m {MISSING}", allow_module_level=True)

SCRIPT = "cluster/consumer_produce.py"

# The second in which each line comes, and the line. Lines of one second may
# come in any order; the producer's process is A, and any consumer is C.
TIMELINE = """
0.0 [PRODUCER] Producing 1... process = A
0.0 [PRODUCER] Queued 1
0.0 [PRODUCER] Producing 2... process = A
0.0 [PRODUCER] Queued 2
0.0 [PRODUCER] Producing 3... process = A
0.0 [PRODUCER] Queued 3
0.0 [PRODUCER] Producing 4... process = A
0.0 [PRODUCER] Queued 4
0.0 [PRODUCER] Producing 5... process = A
0.0 [CONSUMER] Consuming 1... process = C
0.0 [CONSUMER] Consuming 2... process = C
1.0 [CONSUMER] Consuming 3... process = C
1.0 [CONSUMER] Consuming 4... process = C
1.0 [PRODUCER] Consumer return: 200 OK for 1
1.0 [PRODUCER] Consumer return: 200 OK for 2
1.0 [PRODUCER] Queued 5
2.0 [CONSUMER] Consuming 5... process = C
2.0 [PRODUCER] Consumer return: 200 OK for 3
2.0 [PRODUCER] Consumer return: 200 OK for 4
3.0 [PRODUCER] Consumer return: 200 OK for 5
"""
CLOSING_LINE = """
== cluster: 3.00 s | workers 2 | produced 5 | consumed 5
"""

CLOCK = r"now = \d\d:\d\d:\d\d"
PROCESS = r"process = (?P<process>\d+) host = \S+"
CONSUMING = rf"\[CONSUMER\] Consuming (?P<item>\d+)\.\.\. {CLOCK} {PROCESS}"
LOST = rf"\[CONSUMER\] (Killed|Frozen) on \d+\.\.\. {CLOCK} {PROCESS}"
RETURNED = rf"\[PRODUCER\] Consumer return: 200 OK for (?P<item>\d+) {CLOCK}"


def cluster(options: str = "", ctrl_c_at: str = "") -> Command:
    # Dev mode would double what each worker takes to start.
    line = f"{SCRIPT} {options}".strip()
    return Command(line, ctrl_c_at, dev=False, takes=15)


def items(kind: str, lines: list[Line]) -> list[int]:
    """Return the items of the lines of a kind, as they came."""
    return [int(m["item"]) for m in matches(kind, lines)]


def lettered(line: Line) -> Line:
    """Return the line with a letter for the process, as on the page."""
    letter = "A" if line.startswith("[PRODUCER]") else "C"
    new = Line(re.sub(PROCESS, f"process = {letter}", line))
    new.at = line.at
    return new


@runs(cluster())
def test_timeline(result: Result) -> None:
    """Two are consumed and two queued; the fifth waits for a reply."""
    assert (result.status, result.errors) == (0, "")
    lines = result.block("cluster")[1:-1]
    timeline = drawn([*map(lettered, lines)], TIMELINE)
    assert sorted(timeline.split("\n")) == sorted(TIMELINE.split("\n"))
    assert alike(result.lines[-1:], CLOSING_LINE) == CLOSING_LINE
    consumers = {m["process"] for m in matches(CONSUMING, lines)}
    every = set(re.findall(r"process = (\d+)", "".join(lines)))
    assert (len(consumers), len(every)) == (2, 3)
    assert not result.left_running


@runs(cluster("--items 6 --consumers 1 --queue-size 3 --seconds 0.3"))
def test_how_far_the_producer_runs_ahead(result: Result) -> None:
    """One is consumed, three are queued, one is in the producer's hand."""
    producer = r"\[PRODUCER\] (\w).*?(\d)(?:\.\.\.)? now"
    did = re.findall(producer, "\n".join(result.lines))
    # P1: Producing 1. Q1: Queued 1. C1: Consumer return for 1.
    shown = "P1 Q1 P2 Q2 P3 Q3 P4 Q4 P5 C1 Q5 P6 C2 Q6 C3 C4 C5 C6"
    assert [a + b for a, b in did] == shown.split()


@pytest.mark.slow
@runs(cluster("--items 300 --consumers 3 --queue-size 20 --seconds 0"))
def test_nothing_is_lost_or_doubled(result: Result) -> None:
    assert (result.status, result.errors) == (0, "")
    for kind in (CONSUMING, RETURNED):
        assert sorted(items(kind, result.lines)) == [*range(1, 301)]


def seconds_without_a_consumer(result: Result) -> float:
    """Another process consumes item 3 again; each item has one reply."""
    assert (result.status, result.errors) == (0, "")
    lines = result.lines
    assert sorted(items(RETURNED, lines)) == [1, 2, 3, 4, 5]
    assert sorted(items(CONSUMING, lines)) == [1, 2, 3, 3, 4, 5]
    assert lines[-1].endswith(" | produced 5 | consumed 5")
    (lost,) = (x for x in lines if re.fullmatch(LOST, x))
    first, second = (x for x in lines if "Consuming 3" in x)
    assert first.at < lost.at < second.at
    who = [re.findall(PROCESS, x)[0] for x in (first, lost, second)]
    assert who[0] == who[1] != who[2]
    after = lines[lines.index(lost) + 1 :]
    assert who[0] not in {m["process"] for m in matches(CONSUMING, after)}
    assert not result.left_running
    return second.at - lost.at


@runs(cluster("--kill-on 3"))
def test_a_killed_consumer(result: Result) -> None:
    assert seconds_without_a_consumer(result) < 4


@pytest.mark.slow
@runs(cluster("--freeze-on 3"))
def test_a_frozen_consumer(result: Result) -> None:
    """Only its silence tells: five seconds of it, and four to be sure."""
    assert 4 < seconds_without_a_consumer(result) < 30


@runs(cluster("--items 30 --queue-size 30 --fail-on 3 --seconds 0.1"))
def test_failure_is_one_line_and_status_1(result: Result) -> None:
    """What the worker raises comes back; the counts come last."""
    assert result.status == 1
    assert result.errors == (
        "cluster: item 3: the consumer was told to fail on it\n"
    )
    assert items(CONSUMING, result.lines).count(3) == 1
    returned = items(RETURNED, result.lines)
    assert 3 not in returned
    assert result.lines[-1].endswith(f" | consumed {len(returned)}")
    assert not result.left_running


def edited(folder: Path, line: str) -> Result:
    """Run the script with this line where an item takes its seconds."""
    text = (ROOT / SCRIPT).read_text(encoding="utf-8")
    text = text.replace("time.sleep(options.seconds)", line)
    (folder / "edited.py").write_text(text, encoding="utf-8")
    return run(Command(f"'{folder / 'edited.py'}'", dev=False, takes=15))


def test_own_error_shows_its_place(tmp_path: Path) -> None:
    """Python's own error, with the line in the script, from a worker, too."""
    result = edited(tmp_path, "1 / 0")
    assert result.status == 1
    lines = (tmp_path / "edited.py").read_text(encoding="utf-8").split("\n")
    place = f"line {lines.index('    1 / 0') + 1}, in consume\n"
    assert place in result.errors
    assert result.errors.endswith("\nZeroDivisionError: division by zero\n")
    assert not result.left_running


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_a_worker_never_hears_ctrl_c(tmp_path: Path) -> None:
    """It would complain of what a terminal sends to all."""
    result = edited(tmp_path, "os.kill(os.getpid(), signal.SIGINT)")
    assert (result.status, result.errors) == (0, "")
    assert result.lines[-1].endswith("| workers 2 | produced 5 | consumed 5")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell's line")
def test_a_cluster_that_runs_already(tmp_path: Path) -> None:
    """Without a worker, one line says so; with two, a kill is survived."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    local = "--host 127.0.0.1 --dashboard-address 127.0.0.1:0"
    there = f"from distributed import Client; Client('{address}', timeout=60)"
    worker = tmp_path / "worker"  # what would be on its terminal
    done = shell(
        f"""
        export DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=1s
        python -m dask scheduler --port {port} {local} >/dev/null 2>&1 &
        python -c "{there}"
        python {SCRIPT} --scheduler {address} || echo status $?
        python -m dask worker {address} {local} \\
            --nworkers 2 --nthreads 1 >{worker} 2>/dev/null &
        python -c "{there}.wait_for_workers(2)"
        python {SCRIPT} --scheduler {address} --kill-on 3
        """,
        timeout=120,
    )
    assert done.stderr == f"no cluster with a worker at {address}\n"
    assert done.stdout.startswith("status 1\n== cluster\n")
    lines = [*map(Line, done.stdout.splitlines())]
    assert sorted(items(RETURNED, lines)) == [1, 2, 3, 4, 5]
    assert lines[-1].endswith(" | produced 5 | consumed 5")
    # A consumer's lines are in the worker's terminal.
    consumed = items(CONSUMING, [*map(Line, worker.read_text().splitlines())])
    assert sorted(consumed) == [1, 2, 3, 3, 4, 5]


@pytest.mark.slow
@runs(cluster("--scheduler tcp://127.0.0.1:1"))
def test_no_cluster_at_the_address(result: Result) -> None:
    """One line says so, within ten seconds on a quiet machine."""
    said = "no cluster with a worker at tcp://127.0.0.1:1\n"
    assert (result.status, result.lines, result.errors) == (1, [], said)
    assert result.seconds < 25
    assert not result.left_running


@runs(
    cluster("--items 0"),
    cluster("--consumers 65"),
    cluster("--seconds nan"),
    cluster("--kill-on 6"),
    cluster("--scheduler http://127.0.0.1:8787"),
)
def test_bad_arguments(result: Result) -> None:
    """Argparse names what is wrong; nothing starts."""
    assert (result.status, result.lines) == (2, [])
    option = result.command.line.split()[1]
    assert f"error: argument {option}: must be " in result.errors


@runs(
    Command(f"WITHOUT=distributed {SCRIPT}", dev=False),
    Command(f"WITHOUT=tornado {SCRIPT}", dev=False),
)
def test_missing_module(result: Result) -> None:
    """One line says how to install Dask; any other error is Python's own."""
    assert (result.status, result.lines) == (1, [])
    missing = result.command.without
    says = {
        "distributed": f"{missing} is missing: .*{MISSING}",
        "tornado": f"Traceback.*ModuleNotFoundError: .*{missing}.*",
    }
    assert re.fullmatch(says[missing], result.errors.rstrip(), re.DOTALL)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    cluster("--seconds 50", ctrl_c_at="Consuming 2"),
    cluster("--seconds 9 --kill-on 2", ctrl_c_at="Killed on 2"),
    cluster("--seconds 9 --freeze-on 2", ctrl_c_at="Frozen on 2"),
)
def test_ctrl_c(result: Result) -> None:
    """It ends with its workers, busy, lost or frozen.

    Dask alone would take four seconds, and longer while it starts a worker.
    """
    assert (result.status, result.errors) == (130, "")
    # A busy machine takes longer, for the start as well.
    least = 15 if "-on" in result.command.line else 3
    assert result.since_ctrl_c < max(least, result.lines[0].at)
    assert not any(line.startswith("== cluster:") for line in result.lines)
    assert not result.left_running


@pytest.mark.skipif(sys.platform != "linux", reason="no /dev/full")
def test_nobody_can_read_the_output() -> None:
    """A closed pipe ends it without a word, a full disk in one line."""
    script = f"'{sys.executable}' {SCRIPT} --seconds 0.1"
    done = shell(f"{script} | head -n 2", timeout=60)
    assert done.stdout.startswith("== cluster\n")
    assert (len(done.stdout.splitlines()), done.stderr) == (2, "")
    done = shell(f"{script} > /dev/full || echo $?", timeout=60)
    assert done.stderr == "cannot print: No space left on device\n"
    assert done.stdout == "1\n"
