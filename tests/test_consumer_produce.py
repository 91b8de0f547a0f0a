"""Chapter 3: what `consumer_produce.py` prints, in all its models."""

import re
import sys
from itertools import accumulate
from operator import sub

import pytest
from demo import Demo, Result, clock, demo

SCRIPT = "consumer_produce.py"

# With two consumers: thread ids, OS threads, and how many consume at once.
EXPECTED = {
    "yield": (1, 1, 1),
    "thread": (3, 3, 2),
    "asyncio": (1, 1, 2),
    "async": (1, 1, 2),
    "gevent": (3, 1, 2),
}
QUEUE_MODELS = [model for model in EXPECTED if model != "yield"]

NUMBER = r"(?P<item>\d+)"
CLOCK = r"now = (?P<now>\d\d:\d\d:\d\d)"
THREAD = r"serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
LINES = {
    "produced": rf"\[PRODUCER\] Producing {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "queued": rf"\[PRODUCER\] Queued {NUMBER} {CLOCK}",
    "consumed": rf"\[CONSUMER\] Consuming {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "returned": rf"\[PRODUCER\] Consumer return: 200 OK for {NUMBER} {CLOCK}",
    "closing": r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
    r" \| produced (?P<produced>\d+) \| consumed (?P<consumed>\d+)",
}
Event = tuple[str, re.Match[str]]


def events(result: Result) -> list[Event]:
    """Return the lines between heading and closing line, by their kinds."""
    found = []
    for line in result.lines[1:-1]:
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
    match = re.fullmatch(LINES["closing"], line)
    assert match, line
    return match


def models(*names: str, options: str = "") -> pytest.MarkDecorator:
    """Run the test over models, each run with the same options."""
    return pytest.mark.parametrize(
        ("model", "result"),
        [(name, demo(SCRIPT, name, *options.split())) for name in names],
        indirect=["result"],
        ids=names,
    )


every_model = models(*EXPECTED)
queue_models = models(*QUEUE_MODELS)
ONE_BY_ONE = "--items 6 --consumers 1 --queue-size 1 --seconds 0.2"
MANY = "--items 1000 --consumers 20 --seconds 0"


def check_each_item(model: str, result: Result, items: int) -> None:
    """Each item has each of its lines once, in their order."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines[0] == f"== {model}"
    end = closing(result.lines[-1])
    assert end["model"] == model
    assert end["produced"] == end["consumed"] == str(items)
    kinds = ["produced", "queued", "consumed", "returned"]
    if model == "yield":
        kinds.remove("queued")
    lines: dict[str, list[str]] = {}
    for kind, match in events(result):
        lines.setdefault(match["item"], []).append(kind)
    assert lines.keys() == {str(n) for n in range(1, items + 1)}
    for seen in lines.values():
        assert sorted(seen) == sorted(kinds)
        order = [kind for kind in seen if kind != "queued"]
        assert order == ["produced", "consumed", "returned"]
    assert not result.left_running


@every_model
def test_every_item_once_and_in_order(model: str, result: Result) -> None:
    """Five items are produced, consumed and answered, each exactly once."""
    check_each_item(model, result, 5)


@models(*QUEUE_MODELS, options=MANY)
def test_a_thousand_items(model: str, result: Result) -> None:
    """With 20 consumers and no work nothing is lost or doubled."""
    check_each_item(model, result, 1000)


@every_model
def test_how_many_consume_at_once(model: str, result: Result) -> None:
    """Lock-step in yield; in the queue models two items at a time."""
    kinds = [kind for kind, _ in events(result) if kind != "queued"]
    if model == "yield":
        assert kinds == ["produced", "consumed", "returned"] * 5
    else:
        first_return = kinds.index("returned")
        assert kinds[:first_return].count("consumed") >= 2


@every_model
def test_seconds_are_the_arithmetic(model: str, result: Result) -> None:
    """Five items of a second: five for one consumer, three for two."""
    seconds = {1: 5, 2: 3}[EXPECTED[model][2]]
    took = float(closing(result.lines[-1])["seconds"])
    assert seconds <= took < seconds + 0.7


@every_model
def test_printed_clock_agrees(model: str, result: Result) -> None:
    """A second passes from Consuming to the return, and one more at most."""
    began = {m["item"]: clock(m) for k, m in events(result) if k == "consumed"}
    ended = {m["item"]: clock(m) for k, m in events(result) if k == "returned"}
    for item, start in began.items():
        assert (ended[item] - start) % 86400 in (1, 2)


@every_model
def test_lines_arrive_when_they_happen(model: str, result: Result) -> None:
    """The pipe carries the first line seconds before the last."""
    assert result.at[-1] - result.at[0] > 1.5


@queue_models
def test_producer_waits_while_the_queue_is_full(
    model: str, result: Result
) -> None:
    """Two are consumed and two queued: the fifth waits for a second."""
    at = {
        (kind, match["item"]): time
        for (kind, match), time in zip(
            events(result), result.at[1:-1], strict=True
        )
    }
    assert at["queued", "5"] - at["queued", "4"] > 0.5


@models(*QUEUE_MODELS, options=ONE_BY_ONE)
def test_how_far_the_producer_runs_ahead(model: str, result: Result) -> None:
    """At most by what the queue and the two hands around it can hold."""
    check_each_item(model, result, 6)
    kinds = [kind for kind, _ in events(result)]
    count = {kind: [*accumulate(k == kind for k in kinds)] for kind in LINES}
    ahead = map(sub, count["produced"], count["consumed"])
    assert 2 <= max(ahead) <= 1 + 1 + 1
    # Replies are read on the way, not in the end.
    unanswered = map(sub, count["consumed"], count["returned"])
    assert max(unanswered) <= 3


@every_model
def test_thread_ids_and_os_threads(model: str, result: Result) -> None:
    """The lines and the closing line agree, and are as they must be."""
    thread_ids, os_threads, _ = EXPECTED[model]
    working = [
        match
        for kind, match in events(result)
        if kind in ("produced", "consumed")
    ]
    assert len({m["thread_id"] for m in working}) == thread_ids
    assert len({m["os_thread"] for m in working}) == os_threads
    end = closing(result.lines[-1])
    assert int(end["thread_ids"]) == thread_ids
    assert int(end["os_threads"]) == os_threads


@pytest.mark.parametrize(
    ("model", "result"),
    [(model, demo("tests/fail_on.py", model)) for model in EXPECTED],
    indirect=["result"],
    ids=list(EXPECTED),
)
def test_every_failure_ends(model: str, result: Result) -> None:
    """Whichever item fails, however many consumers: it ends, and shows."""
    assert (result.status, result.errors) == (0, "")
    assert len(result.lines) == 30
    for line in result.lines:
        run, raised, counts, seconds, left = line.split(" | ")
        item = int(run.split()[0])
        produced, consumed = map(int, counts.split())
        assert raised == f"item {item}: the consumer was told to fail on it"
        assert item <= produced <= 5
        assert consumed < produced
        assert float(seconds) < 5
        assert left == "0 0"


@models(*EXPECTED, options="--fail-on 3 --seconds 0.1")
def test_failure_is_one_line_and_status_1(model: str, result: Result) -> None:
    """Standard error names the item and the reason; the counts are kept."""
    assert result.status == 1
    assert result.errors == "item 3: the consumer was told to fail on it\n"
    end = closing(result.lines[-1])
    returned = [m["item"] for k, m in events(result) if k == "returned"]
    assert "3" not in returned
    assert int(end["produced"]) >= 3
    assert len(returned) <= int(end["consumed"]) < int(end["produced"])
    assert float(end["seconds"]) < 1
    assert not result.left_running


@pytest.mark.parametrize(
    "result",
    [
        demo(
            SCRIPT,
            *[
                "yield",
                "async",
                "--items",
                "2",
                "--seconds",
                "0",
                "--fail-on",
                "2",
            ],
        )
    ],
    indirect=True,
    ids=["two models"],
)
def test_models_and_the_comparison(result: Result) -> None:
    """Options reach each model; the closing lines come once more."""
    assert result.status == 1
    assert result.errors.count("item 2: ") == 2
    ends = [closing(line) for line in result.lines[-2:]]
    assert [end["model"] for end in ends] == ["yield", "async"]
    assert {end["produced"] for end in ends} == {"2"}


@pytest.mark.parametrize(
    ("message", "result"),
    [
        (message, demo(SCRIPT, *arguments.split()))
        for message, arguments in [
            ("MODEL: invalid choice: 'sequential'", "sequential"),
            ("--items: 'many'", "--items many"),
            ("--consumers: '1.5'", "--consumers 1.5"),
            ("--queue-size: '0'", "--queue-size 0"),
            ("--seconds: 'nan'", "--seconds nan"),
            ("--fail-on: 6 is no item", "--fail-on 6"),
        ]
    ],
    indirect=["result"],
    ids=str,
)
def test_bad_arguments(message: str, result: Result) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    assert f"{SCRIPT}: error: argument {message}" in result.errors


@pytest.mark.parametrize(
    "result", [Demo((SCRIPT, "gevent"), without=True)], indirect=True
)
def test_gevent_missing(result: Result) -> None:
    """One line says what to install."""
    assert (result.status, result.lines) == (1, [])
    assert result.errors == (
        "gevent is not installed: python -m pip install gevent\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result",
    [
        Demo(
            (SCRIPT, *models.split(), "--seconds", "9"),
            ctrl_c_at="[CONSUMER] Consuming 1",
            group=models != "gevent thread",
        )
        for models in [*EXPECTED, "gevent thread"]
    ],
    indirect=True,
    ids=str,
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it at once, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert not any("return" in line for line in result.lines)
    assert not result.left_running
