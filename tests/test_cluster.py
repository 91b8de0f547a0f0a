"""Chapter 5: what `cluster/consumer_produce.py` prints, and what it survives.

Five items of a second, two processes that consume: three seconds.
"""

import importlib.util
import re
import shlex
import socket
from pathlib import Path

import pytest
from helpers.commands import Command, Result, posix, runs, shell
from helpers.screens import alike, drawn

INSTALL = "python -m pip install -r cluster/requirements.txt"
if not importlib.util.find_spec("distributed"):
    pytest.skip(INSTALL, allow_module_level=True)

pytestmark = posix
SCRIPT = "cluster/consumer_produce.py"

# The second in which each line comes, and the line. Lines of one second may
# come in any order; the producer's process is A, and any consumer is C.
TIMELINE = """
0.0 [PRODUCER] Producing 1... process = A host = HERE
0.0 [PRODUCER] Queued 1
0.0 [PRODUCER] Producing 2... process = A host = HERE
0.0 [PRODUCER] Queued 2
0.0 [PRODUCER] Producing 3... process = A host = HERE
0.0 [PRODUCER] Queued 3
0.0 [PRODUCER] Producing 4... process = A host = HERE
0.0 [PRODUCER] Queued 4
0.0 [PRODUCER] Producing 5... process = A host = HERE
0.0 [CONSUMER] Consuming 1... process = C host = HERE
0.0 [CONSUMER] Consuming 2... process = C host = HERE
1.0 [CONSUMER] Consuming 3... process = C host = HERE
1.0 [CONSUMER] Consuming 4... process = C host = HERE
1.0 [PRODUCER] Consumer return: 200 OK for 1
1.0 [PRODUCER] Consumer return: 200 OK for 2
1.0 [PRODUCER] Queued 5
2.0 [CONSUMER] Consuming 5... process = C host = HERE
2.0 [PRODUCER] Consumer return: 200 OK for 3
2.0 [PRODUCER] Consumer return: 200 OK for 4
3.0 [PRODUCER] Consumer return: 200 OK for 5
""".replace("HERE", socket.gethostname())

# What is said of item 3 when its consumer is lost.
LOST = """
[CONSUMER] Consuming 3... process = A ...
[CONSUMER] {} on 3... process = A ...
[CONSUMER] Consuming 3... process = B ...
[PRODUCER] Consumer return: 200 OK for 3
"""


def cluster(options: str = "", ctrl_c_at: str = "") -> Command:
    # Dev mode would double what each worker takes to start.
    line = f"{SCRIPT} {options}".strip()
    return Command(line, ctrl_c_at, dev=False, takes=15)


def items(before: str, text: str) -> list[int]:
    """Return the items that stand behind these words, in order."""
    return sorted(map(int, re.findall(rf"{before} (\d+)", text)))


@runs(cluster())
def test_timeline(result: Result) -> None:
    """Two are consumed and two queued; the fifth waits for a reply."""
    assert (result.status, result.errors) == (0, "")
    heading, *lines, closing_line = result.lines
    assert heading == "== cluster"
    timeline = drawn(lines, TIMELINE, letters="AC")
    assert sorted(timeline.split("\n")) == sorted(TIMELINE.split("\n"))
    page = "== cluster: 3.00 s | workers 2 | produced 5 | consumed 5"
    assert alike([closing_line], page) == page


@runs(cluster("--kill-on 3"), slow=[cluster("--freeze-on 3")])
def test_a_lost_consumer(result: Result) -> None:
    """Another process consumes item 3 again; each item has one reply."""
    assert (result.status, result.errors) == (0, "")
    frozen = "--freeze-on" in result.command.line
    page = LOST.format("Frozen" if frozen else "Killed")
    of_3 = [x for x in result.lines if re.search(r"(Consuming|on|for) 3", x)]
    assert alike(of_3, page) == page
    text = "\n".join(result.lines)
    assert items("Consuming", text) == [1, 2, 3, 3, 4, 5]
    assert items("200 OK for", text) == [1, 2, 3, 4, 5]
    # A frozen one is silent for five seconds or so before it is lost.
    least, most = (4, 30) if frozen else (0, 4)
    assert least < of_3[2].at - of_3[1].at < most


@runs(
    cluster("--items 6 --consumers 1 --queue-size 3 --seconds 0.1 --fail-on 3")
)
def test_a_failure_and_how_far_the_producer_runs_ahead(result: Result) -> None:
    """One is consumed, three are queued, one is in hand; a worker raises."""
    says = "cluster: item 3: the consumer was told to fail on it\n"
    assert (result.status, result.errors) == (1, says)
    text = "\n".join(result.lines)
    did = re.findall(r"\[PRODUCER\] (\w).*?(\d)(?:\.\.\.)? now", text)
    # P1: Producing 1. Q1: Queued 1. C1: Consumer return for 1.
    shown = "P1 Q1 P2 Q2 P3 Q3 P4 Q4 P5 C1 Q5 P6 C2 Q6"
    assert [a + b for a, b in did] == shown.split()
    assert items("Consuming", text).count(3) == 1
    assert text.endswith(" | workers 1 | produced 6 | consumed 2")


# A worker makes a mistake, and before that it would hear Ctrl-C, which a
# terminal sends to all, and complain.
EDITED = f"""-c '
from pathlib import Path
mistake = "os.kill(os.getpid(), signal.SIGINT); time.sleep(1); 1 / 0"
text = Path("{SCRIPT}").read_text()
exec(text.replace("time.sleep(options.seconds)", mistake))
'"""


@runs(Command(EDITED, dev=False, takes=15))
def test_own_error_shows_its_place(result: Result) -> None:
    """Python's own error, and that alone, with the line in the script."""
    assert re.search(r"line \d+, in consume\n", result.errors)
    assert result.errors.endswith("\nZeroDivisionError: division by zero\n")
    assert (result.status, result.errors.count("Error")) == (1, 1)
    assert "KeyboardInterrupt" not in result.errors


@pytest.mark.slow
def test_a_cluster_that_runs_already(tmp_path: Path) -> None:
    """Without a worker, one line says so; with two, a kill is survived."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    at = f"tcp://127.0.0.1:{port}"
    worker = tmp_path / "worker"  # what would be on its terminal
    done = shell(
        f"""
        here="--host 127.0.0.1 --dashboard-address 127.0.0.1:0"
        python -m dask scheduler --port {port} $here >/dev/null 2>&1 &
        python {SCRIPT} --scheduler {at}
        python -m dask worker {at} $here \\
            --nworkers 2 --nthreads 1 >{shlex.quote(str(worker))} 2>/dev/null &
        python -c \\
            "from distributed import *; Client('{at}').wait_for_workers(2)"
        python {SCRIPT} --scheduler {at} --kill-on 3
        """,
        timeout=120,
    )
    assert done.stderr == f"no cluster with a worker at {at}\n"
    assert items("200 OK for", done.stdout) == [1, 2, 3, 4, 5]
    # A consumer's lines are in the worker's terminal.
    assert items("Consuming", worker.read_text()) == [1, 2, 3, 3, 4, 5]


# A command, its status, and what it says on standard error. That tornado is
# missing is not for the reader to mend.
WRONG = {
    f"{SCRIPT} --items 0": (2, "--items: must be from 1 to 1000000"),
    f"{SCRIPT} --consumers 65": (2, "--consumers: must be from 1 to 64"),
    f"{SCRIPT} --seconds nan": (2, "--seconds: must be from 0 to 3600"),
    f"{SCRIPT} --kill-on 6": (2, "--kill-on: must be from 0 to 5"),
    f"{SCRIPT} --scheduler http://[::1]:1": (2, "--scheduler: must be ..."),
    f"{SCRIPT} --scheduler tcp://127.0.0.1:1": (1, "no cluster with a ..."),
    f"{SCRIPT} --seconds 0.1 | head -n 2": (0, ""),
    f"WITHOUT=distributed {SCRIPT}": (1, f"distributed is missing: {INSTALL}"),
    f"WITHOUT=tornado {SCRIPT}": (1, "Traceback ...\n...\n...'tornado..."),
}
if Path("/dev/full").exists():  # not on macOS
    WRONG[f"{SCRIPT} --seconds 0 > /dev/full"] = 1, "cannot print: No space..."


@runs(*(Command(line, dev=False, takes=15) for line in WRONG))
def test_what_is_wrong(result: Result) -> None:
    """It says so within ten seconds, and longer on a busy machine."""
    status, page = WRONG[result.command.line]
    says = re.sub("(?s)^usage: .* error: argument ", "", result.errors)
    assert alike(says.splitlines(), page) == page
    assert result.status == status
    assert len(result.lines) == (2 if "head" in result.command.line else 0)
    assert result.seconds < 25


@runs(
    cluster("--seconds 50", "Consuming 2"),
    cluster("--seconds 9 --kill-on 2", "Killed on 2"),
    cluster("--seconds 9 --freeze-on 2", "Frozen on 2"),
)
def test_ctrl_c(result: Result) -> None:
    """It ends with its workers, busy, lost or frozen."""
    assert (result.status, result.errors) == (130, "")
    # Dask alone would take four seconds. It may wait for a worker in place of
    # the lost one, and a busy machine takes longer, for the start as well.
    least = 15 if "-on" in result.command.line else 3.5
    assert result.since_ctrl_c < max(least, 2 * result.lines[0].at)
    assert "== cluster:" not in result.lines[-1]
