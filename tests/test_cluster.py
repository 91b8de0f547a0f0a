"""Chapter 5: what `cluster/consumer_produce.py` prints, and what it survives.

These tests need Dask, and their commands start several processes each. The
longest are `slow`; all of them run with

    python -m pytest -m "slow or not slow" tests/test_cluster.py
"""

import importlib.util
import re
import runpy
import sys
from collections import Counter
from itertools import accumulate
from operator import sub
from typing import NamedTuple

import pytest
from helpers.commands import ROOT, Command, Result, runs, shell

if not importlib.util.find_spec("distributed"):
    pytest.skip(
        "Dask is missing: python -m pip install -r cluster/requirements.txt",
        allow_module_level=True,
    )

SCRIPT = "cluster/consumer_produce.py"

CLOCK = r"now = (?P<now>\d\d:\d\d:\d\d)"
PROCESS = r"process = (?P<process>\d+ host = \S+)"
LINES = {
    "produced": rf"\[PRODUCER\] Producing (\d+)\.\.\. {CLOCK} {PROCESS}",
    "queued": rf"\[PRODUCER\] Queued (\d+) {CLOCK}",
    "consumed": rf"\[CONSUMER\] Consuming (\d+)\.\.\. {CLOCK} {PROCESS}",
    "killed": rf"\[CONSUMER\] Killed on (\d+)\.\.\. {CLOCK} {PROCESS}",
    "frozen": rf"\[CONSUMER\] Frozen on (\d+)\.\.\. {CLOCK} {PROCESS}",
    "returned": rf"\[PRODUCER\] Consumer return: 200 OK for (\d+) {CLOCK}",
}
CLOSING = (
    r"== cluster: (?P<seconds>\d+\.\d\d) s \| workers (?P<workers>\d+)"
    r" \| produced (?P<produced>\d+) \| consumed (?P<consumed>\d+)"
)


def cluster(options: str = "", ctrl_c_at: str = "") -> Command:
    # Dev mode would double what each worker takes to start.
    return Command(f"{SCRIPT} {options}", ctrl_c_at, dev=False)


class Event(NamedTuple):
    """A line about an item; `now` is the clock in it, in seconds."""

    kind: str
    item: int
    process: str | None
    now: int


def event(kind: str, match: re.Match[str]) -> Event:
    hours, minutes, seconds = map(int, match["now"].split(":"))
    now = 3600 * hours + 60 * minutes + seconds
    return Event(kind, int(match[1]), match.groupdict().get("process"), now)


def events(result: Result) -> list[Event]:
    """Return the lines between heading and closing line, by their kinds."""
    found = []
    for line in result.block("cluster")[1:-1]:
        new = [
            event(kind, match)
            for kind, pattern in LINES.items()
            if (match := re.fullmatch(pattern, line))
        ]
        assert len(new) == 1, line
        found += new
    return found


def closing(result: Result) -> re.Match[str]:
    match = re.fullmatch(CLOSING, result.lines[-1])
    assert match, result.lines[-1]
    return match


def check_each_item(result: Result, items: int, twice: int = 0) -> list[Event]:
    """Each item has each of its lines once; only `twice` is consumed again."""
    assert (result.status, result.errors) == (0, "")
    end = closing(result)
    assert end["produced"] == end["consumed"] == str(items)
    found = events(result)
    count = Counter((event.kind, event.item) for event in found)
    for item in range(1, items + 1):
        for kind in ("produced", "queued", "returned"):
            assert count.pop((kind, item)) == 1
        assert count.pop(("consumed", item)) == 1 + (item == twice)
    assert len(count) == bool(twice)  # it was killed, or frozen
    assert not result.left_running
    return found


@runs(cluster())
def test_every_item_once(result: Result) -> None:
    """Two other processes consume five items and reply, in three seconds."""
    found = check_each_item(result, 5)
    consumed = [x for x in found if x.kind == "consumed"]
    assert [x.item for x in consumed[:2]] in ([1, 2], [2, 1])
    consumers = {x.process for x in consumed}
    assert len(consumers) == int(closing(result)["workers"]) == 2
    assert len({x.process for x in found if x.kind == "produced"}) == 1
    assert not consumers & {x.process for x in found if x.kind == "produced"}
    assert 3 <= float(closing(result)["seconds"]) < 5


@runs(cluster())
def test_two_consume_at_once(result: Result) -> None:
    """Two items are begun before the first reply, and never three."""
    kinds = [x.kind for x in events(result)]
    assert kinds[: kinds.index("returned")].count("consumed") >= 2
    first, _, third, *_ = (
        x.now for x in events(result) if x.kind == "consumed"
    )
    assert (third - first) % 86400 >= 1


@runs(cluster())
def test_producer_waits_while_there_is_no_room(result: Result) -> None:
    """Two are consumed and two queued: the fifth waits for a reply."""
    order = [(x.kind, x.item) for x in events(result)]
    kinds = [x.kind for x in events(result)]
    first_reply = kinds.index("returned")
    assert order.index(("queued", 4)) < order.index(("produced", 5))
    assert order.index(("produced", 5)) < first_reply
    assert first_reply < order.index(("queued", 5))


@runs(cluster())
def test_lines_arrive_when_they_happen(result: Result) -> None:
    assert result.lines[-1].at - result.lines[1].at > 1.5


@runs(cluster("--items 6 --consumers 1 --queue-size 3 --seconds 0.3"))
def test_how_far_the_producer_runs_ahead(result: Result) -> None:
    """One is consumed, three are queued, one is in the producer's hand."""
    found = check_each_item(result, 6)
    assert [x.item for x in found if x.kind == "consumed"] == [*range(1, 7)]
    kinds = [x.kind for x in found]
    count = {kind: [*accumulate(k == kind for k in kinds)] for kind in LINES}
    assert max(map(sub, count["produced"], count["returned"])) == 5
    assert max(map(sub, count["queued"], count["returned"])) == 4


@runs(cluster("--kill-on 3"))
def test_a_killed_consumer(result: Result) -> None:
    """Another process consumes the item; each item has one reply."""
    found = check_each_item(result, 5, twice=3)
    first, second = (x for x in found if (x.kind, x.item) == ("consumed", 3))
    (killed,) = (x for x in found if x.kind == "killed")
    assert killed.process == first.process != second.process
    assert found.index(first) < found.index(killed) < found.index(second)
    assert (second.now - killed.now) % 86400 < 10
    later = found[found.index(killed) :]
    assert killed.process not in {x.process for x in later[1:]}


@pytest.mark.slow
@runs(cluster("--freeze-on 1"))
def test_a_frozen_consumer(result: Result) -> None:
    """Its silence is noticed after five seconds, not before."""
    found = check_each_item(result, 5, twice=1)
    first, second = (x for x in found if (x.kind, x.item) == ("consumed", 1))
    (frozen,) = (x for x in found if x.kind == "frozen")
    assert frozen.process == first.process != second.process
    assert 5 <= (second.now - frozen.now) % 86400 + 1 < 30
    later = found[found.index(frozen) :]
    assert frozen.process not in {x.process for x in later[1:]}
    # Meanwhile the other goes on.
    assert "returned" in {x.kind for x in later[: later.index(second)]}


@pytest.mark.slow
@runs(cluster("--items 1000 --consumers 3 --queue-size 20 --seconds 0"))
def test_a_thousand_items(result: Result) -> None:
    """With no work nothing is lost or doubled."""
    check_each_item(result, 1000)


@runs(cluster("--items 30 --queue-size 30 --fail-on 3 --seconds 0.1"))
def test_failure_is_one_line_and_status_1(result: Result) -> None:
    """What the worker raises comes back, once; the counts come last."""
    assert result.status == 1
    assert len(result.errors.splitlines()) == 1
    assert "item 3" in result.errors
    found = events(result)
    assert [x.item for x in found if x.kind == "consumed"].count(3) == 1
    returned = [x.item for x in found if x.kind == "returned"]
    assert 3 not in returned
    assert int(closing(result)["consumed"]) == len(returned) < 5
    assert int(closing(result)["produced"]) >= 3
    assert not result.left_running


@pytest.mark.slow
@runs(Command("tests/programs/dask_cluster.py 2 --kill-on 3", dev=False))
def test_a_cluster_by_its_address(result: Result) -> None:
    """A consumer's lines are in the worker's terminal; a kill is survived."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines[-1] == "status 0"
    script = [x for x in result.lines if x.startswith("script | ")]
    worker = [x for x in result.lines if x.startswith("worker | ")]
    assert not any("[CONSUMER]" in line for line in script)
    assert not any("[PRODUCER]" in line for line in worker)
    consumed = re.findall(r"Consuming (\d)", "".join(worker))
    assert sorted(consumed) == ["1", "2", "3", "3", "4", "5"]
    assert sum("Killed on 3" in line for line in worker) == 1
    returned = re.findall(r"return: 200 OK for (\d)", "".join(script))
    assert sorted(returned) == ["1", "2", "3", "4", "5"]
    end = re.fullmatch(CLOSING, script[-1].removeprefix("script | "))
    assert end
    assert (end["produced"], end["consumed"]) == ("5", "5")
    assert not result.left_running


@pytest.mark.slow
@runs(
    Command(f"{SCRIPT} --scheduler tcp://127.0.0.1:1", dev=False),
    Command("tests/programs/never_answers.py", dev=False),
    Command("tests/programs/dask_cluster.py 0", dev=False),
)
def test_no_cluster_at_the_address(result: Result) -> None:
    """Nobody, somebody else, no worker: one line, within ten seconds."""
    assert len(result.errors.splitlines()) == 1
    assert "tcp://127.0.0.1:" in result.errors
    if "dask_cluster" in result.command.line:
        assert result.lines == ["status 1"]
    else:
        assert (result.status, result.lines) == (1, [])
    assert result.seconds < 25  # ten on a quiet machine
    assert not result.left_running


@pytest.mark.parametrize(
    ("named", "arguments"),
    [
        ("--items", "--items 0"),
        ("--items", "--items many"),
        ("--consumers", "--consumers 0"),
        ("--consumers", "--consumers 1.5"),
        ("--consumers", "--consumers 65"),
        ("--consumers", "--consumers 3 --scheduler tcp://127.0.0.1:8786"),
        ("--queue-size", "--queue-size -1"),
        ("--seconds", "--seconds nan"),
        ("--seconds", "--seconds -1"),
        ("--fail-on", "--fail-on 6"),
        ("--kill-on", "--kill-on 6"),
        ("--freeze-on", "--freeze-on -1"),
        ("--scheduler", "--scheduler 127.0.0.1:8786"),
        ("--scheduler", "--scheduler http://127.0.0.1:8787"),
        ("--scheduler", "--scheduler tcp://127.0.0.1"),
        ("MODEL", "MODEL"),
    ],
)
def test_bad_arguments(
    named: str,
    arguments: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse names what is wrong; nothing starts."""
    monkeypatch.setattr(sys, "argv", [SCRIPT, *arguments.split()])
    script = runpy.run_path(str(ROOT / SCRIPT))
    with pytest.raises(SystemExit) as exit_:
        script["read_command_line"]()
    assert exit_.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert named in printed.err.splitlines()[-1]


@runs(Command(SCRIPT, without="distributed psutil", dev=False))
def test_dask_missing(result: Result) -> None:
    """One line says what to install."""
    assert (result.status, result.lines) == (1, [])
    assert len(result.errors.splitlines()) == 1
    assert "pip install -r cluster/requirements.txt" in result.errors


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    cluster("--seconds 60", ctrl_c_at="== cluster"),
    cluster("--seconds 50", ctrl_c_at="[CONSUMER] Consuming 2"),
    cluster("--seconds 9 --kill-on 2", ctrl_c_at="[CONSUMER] Killed on 2"),
    cluster("--seconds 9 --freeze-on 2", ctrl_c_at="[CONSUMER] Frozen on 2"),
)
def test_ctrl_c(result: Result) -> None:
    """It ends at once, with its workers, busy, lost or frozen."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 3
    assert not any("return" in line for line in result.lines)
    assert not any(line.startswith("== cluster:") for line in result.lines)
    assert not result.left_running


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_closed_pipe_is_no_error() -> None:
    """`| head -n 2` takes its lines, and the script ends without a word."""
    done = shell(
        f"'{sys.executable}' {SCRIPT} --items 200 --queue-size 200"
        " | head -n 2",
        timeout=60,
    )
    assert done.stdout.startswith("== cluster\n")
    assert (len(done.stdout.splitlines()), done.stderr) == (2, "")


@runs(
    Command(
        '-c \'import sys, threading; sys.path.insert(0, "cluster");'
        " import consumer_produce; print(threading.active_count())'"
    )
)
def test_import_starts_nothing(result: Result) -> None:
    """Importing prints nothing and starts no thread, in dev mode."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["1"]
