"""Chapter 3: what `consumer_produce.py` prints, in all its models."""

import re
import sys
from itertools import accumulate
from operator import sub

import pytest
from helpers.commands import ROOT, SURE, Command, Line, Result, runs

sys.path.insert(0, str(ROOT))

import consumer_produce

# Five items of half a second: 2.5 s one by one, 1.5 s for two consumers.
ALL = Command("consumer_produce.py --seconds 0.5", takes=9)
ONE_CONSUMER = Command(
    "consumer_produce.py --items 6 --consumers 1 --queue-size 3 --seconds 0.1",
    takes=4,
)
MANY = Command(
    "consumer_produce.py --items 1000 --consumers 20 --seconds 0",
    dev=False,
    takes=4,
)
FAILING = "consumer_produce.py --items 50 --fail-on 3 --seconds 0.05"

# With two consumers: thread ids, OS threads, and how many consume at once.
EXPECTED = {
    "yield": (1, 1, 1),
    "thread": (3, 3, 2),
    "asyncio": (1, 1, 2),
    "async": (1, 1, 2),
    "gevent": (3, 1, 2),
}

NUMBER = r"(?P<item>\d+)"
CLOCK = r"now = (?P<now>\d\d:\d\d:\d\d)"
THREAD = r"serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
LINES = {
    "produced": rf"\[PRODUCER\] Producing {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "queued": rf"\[PRODUCER\] Queued {NUMBER} {CLOCK}",
    "consumed": rf"\[CONSUMER\] Consuming {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "returned": rf"\[PRODUCER\] Consumer return: 200 OK for {NUMBER} {CLOCK}",
}
CLOSING = (
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
    r" \| produced (?P<produced>\d+) \| consumed (?P<consumed>\d+)"
)

every_model = pytest.mark.parametrize("model", EXPECTED)
queue_models = pytest.mark.parametrize(
    "model", [model for model in EXPECTED if model != "yield"]
)


def events(block: list[Line]) -> list[tuple[str, re.Match[str]]]:
    """Return the lines between heading and closing line, by their kinds."""
    found = []
    for line in block[1:-1]:
        kinds = [
            (kind, match)
            for kind, pattern in LINES.items()
            if (match := re.fullmatch(pattern, line))
        ]
        assert len(kinds) == 1, line
        found += kinds
    return found


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
    assert result.lines[-5:] == ends[:5]
    assert not result.left_running


@every_model
@runs(ALL, ONE_CONSUMER, MANY)
def test_every_item_once(model: str, result: Result) -> None:
    """Each item has each of its lines once, in their order."""
    block = result.block(model)
    end = closing(block[-1])
    assert end["produced"] == end["consumed"]
    kinds = ["produced", "queued", "consumed", "returned"]
    if model == "yield":
        kinds.remove("queued")
    lines: dict[str, list[str]] = {}
    for kind, match in events(block):
        lines.setdefault(match["item"], []).append(kind)
    assert [*lines] == [str(n) for n in range(1, int(end["produced"]) + 1)]
    for seen in lines.values():
        assert sorted(seen) == sorted(kinds)
        order = [kind for kind in seen if kind != "queued"]
        assert order == ["produced", "consumed", "returned"]


@every_model
@runs(ALL, MANY)
def test_how_many_items(model: str, result: Result) -> None:
    """Five, unless `--items` says otherwise."""
    items = "1000" if "1000" in result.command.line else "5"
    assert closing(result.block(model)[-1])["consumed"] == items


@every_model
@runs(ALL)
def test_how_many_consume_at_once(model: str, result: Result) -> None:
    """Lock-step in yield; in the queue models two items at a time."""
    seen = events(result.block(model))
    kinds = [kind for kind, _ in seen]
    if model == "yield":
        assert kinds == ["produced", "consumed", "returned"] * 5
    else:
        assert kinds[: kinds.index("returned")].count("consumed") >= 2
        # The third is taken when one of the two has ended, half a second
        # after all others have been produced.
        order = [(kind, match["item"]) for kind, match in seen]
        assert order.index(("produced", "5")) < order.index(("consumed", "3"))


@every_model
@runs(ALL)
def test_seconds(model: str, result: Result) -> None:
    """One consumer takes the sum; two take three rounds for five items."""
    took = float(closing(result.block(model)[-1])["seconds"])
    if model == "yield":
        assert 2.5 * SURE <= took < 4
    else:
        assert 1.5 * SURE <= took < 2.4


@every_model
@runs(ALL)
def test_lines_arrive_when_they_happen(model: str, result: Result) -> None:
    """The pipe carries each line when it is printed, not in the end."""
    block = result.block(model)
    # Over a second apart; in the end they would come all at once. On a busy
    # machine the reader can be late for the first.
    assert block[-2].at - block[1].at > 0.3


@queue_models
@runs(ALL)
def test_producer_waits_while_the_queue_is_full(
    model: str, result: Result
) -> None:
    """Two are consumed and two queued: the fifth waits for half a second."""
    block = result.block(model)
    at = {
        match["item"]: line.at
        for line in block
        if (match := re.fullmatch(LINES["queued"], line))
    }
    assert at["5"] - at["4"] > 0.1


@queue_models
@runs(ONE_CONSUMER)
def test_how_far_the_producer_runs_ahead(model: str, result: Result) -> None:
    """By what the queue holds, the item in hand, and one on its way."""
    kinds = [kind for kind, _ in events(result.block(model))]
    count = {kind: [*accumulate(k == kind for k in kinds)] for kind in LINES}
    ahead = map(sub, count["produced"], count["consumed"])
    assert 3 + 1 <= max(ahead) <= 3 + 1 + 1
    # Replies are taken on the way, not in the end.
    unanswered = map(sub, count["consumed"], count["returned"])
    assert max(unanswered) <= 2


@every_model
@runs(ONE_CONSUMER)
def test_one_consumer_consumes_in_order(model: str, result: Result) -> None:
    """The queue hands out first what was put in first."""
    consumed = [
        match["item"]
        for kind, match in events(result.block(model))
        if kind == "consumed"
    ]
    assert consumed == ["1", "2", "3", "4", "5", "6"]


@every_model
@runs(ALL)
def test_thread_ids_and_os_threads(model: str, result: Result) -> None:
    """The lines and the closing line agree, and are as they must be."""
    thread_ids, os_threads, _ = EXPECTED[model]
    block = result.block(model)
    working = [
        match
        for kind, match in events(block)
        if kind in ("produced", "consumed")
    ]
    assert len({m["thread_id"] for m in working}) == thread_ids
    assert len({m["os_thread"] for m in working}) == os_threads
    assert int(closing(block[-1])["thread_ids"]) == thread_ids
    assert int(closing(block[-1])["os_threads"]) == os_threads


@runs(Command("tests/programs/fail_on.py", dev=False))
def test_every_failure_ends(result: Result) -> None:
    """Whichever item fails, however many consumers: it ends, and shows."""
    assert (result.status, result.errors) == (0, "")
    assert len(result.lines) == 5 * 5 * 3 * 2
    for line in result.lines:
        run, said, counts, seconds, left = line.split(" | ")
        model, item = run.split()[0], int(run.split()[1])
        produced, consumed = map(int, counts.split())
        assert said.startswith(f"{model}: item {item}: ")
        assert item <= produced <= 5
        assert consumed < produced
        assert float(seconds) < 5
        assert left == "0 0"


@runs(FAILING)
def test_failures_are_a_line_each_and_status_1(result: Result) -> None:
    """Standard error names model and item; the other models run."""
    assert result.status == 1
    errors = result.errors.splitlines()
    assert [line.split(": ")[:2] for line in errors] == [
        [model, "item 3"] for model in EXPECTED
    ]
    assert len(result.lines) > 5
    assert not result.left_running


@every_model
@runs(FAILING)
def test_failure_is_counted(model: str, result: Result) -> None:
    """No reply for the item that failed, and the producer soon stops."""
    block = result.block(model)
    end = closing(block[-1])
    returned = [m["item"] for k, m in events(block) if k == "returned"]
    assert "3" not in returned
    assert 3 <= int(end["produced"]) <= 3 + 2 + 2 + 5
    assert len(returned) <= int(end["consumed"]) < int(end["produced"])


@runs(
    Command("consumer_produce.py gevent yield --seconds 0", without="gevent")
)
def test_gevent_missing(result: Result) -> None:
    """One line says what to install; the other model has run."""
    assert result.status == 1
    assert len(result.errors.splitlines()) == 1
    assert "pip install gevent" in result.errors
    assert closing(result.lines[-1])["model"] == "yield"


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
@runs(
    "tests/programs/limited.py"
    " consumer_produce.py thread async --consumers 300"
)
def test_system_refuses_a_thread(result: Result) -> None:
    """One line, at once, and no closing line."""
    assert result.status == 1
    assert len(result.errors.splitlines()) == 1
    assert "thread" in result.errors
    assert result.seconds < 8
    assert result.lines == ["== thread"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    Command("consumer_produce.py --seconds 9", "== yield"),
    Command(
        "consumer_produce.py thread --seconds 9", "[CONSUMER] Consuming 2"
    ),
    Command(
        "consumer_produce.py async --seconds 9", "[CONSUMER]", group=False
    ),
    Command(
        "consumer_produce.py gevent --seconds 9", "[CONSUMER] Consuming 2"
    ),
)
def test_ctrl_c(result: Result) -> None:
    """It ends at once, without a word, and without a result."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert not any("return" in x or ": 0." in x for x in result.lines)
    assert not result.left_running


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("sequential", "MODEL"),
        ("--items many", "--items"),
        ("--items 0", "--items"),
        ("--consumers 1.5", "--consumers"),
        ("--consumers 1000001", "--consumers"),
        ("--queue-size 0", "--queue-size"),
        ("--seconds nan", "--seconds"),
        ("--fail-on 6", "--fail-on"),
        ("--fail-on -1", "--fail-on"),
    ],
)
def test_bad_arguments(
    arguments: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, the option is named, and nothing runs."""
    monkeypatch.setattr(sys, "argv", ["x.py", *arguments.split()])
    with pytest.raises(SystemExit, match="2"):
        consumer_produce.main()
    out, errors = capsys.readouterr()
    assert out == ""
    assert f"error: argument {named}: " in errors
