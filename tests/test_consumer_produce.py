"""Chapter 3: what `consumer_produce.py` prints, and what a failure does.

Five items of half a second: 2.5 s for one consumer, 1.5 s for two.
"""

import re
from itertools import accumulate
from operator import sub

import pytest
from helpers.commands import Command, Line, Result, matches, runs
from helpers.screens import alike, drawn

ALL = Command("consumer_produce.py --seconds 0.5", takes=10)

CLOSING_LINES = """
== yield: 2.50 s | thread ids 1 | OS threads 1 | produced 5 | consumed 5
== thread: 1.50 s | thread ids 3 | OS threads 3 | produced 5 | consumed 5
== asyncio: 1.50 s | thread ids 1 | OS threads 1 | produced 5 | consumed 5
== async: 1.50 s | thread ids 1 | OS threads 1 | produced 5 | consumed 5
== gevent: 1.50 s | thread ids 3 | OS threads 1 | produced 5 | consumed 5
"""

# The second in which each line comes, the line, and a letter for each id.
HANDOVER = """
0.0 [PRODUCER] Producing 1... serve thread id = A OS thread = A
0.0 [CONSUMER] Consuming 1... serve thread id = A OS thread = A
0.5 [CONSUMER] Consumed 1
0.5 [PRODUCER] Consumer return: 200 OK for 1
0.5 [PRODUCER] Producing 2... serve thread id = A OS thread = A
0.5 [CONSUMER] Consuming 2... serve thread id = A OS thread = A
1.0 [CONSUMER] Consumed 2
1.0 [PRODUCER] Consumer return: 200 OK for 2
1.0 [PRODUCER] Producing 3... serve thread id = A OS thread = A
1.0 [CONSUMER] Consuming 3... serve thread id = A OS thread = A
1.5 [CONSUMER] Consumed 3
1.5 [PRODUCER] Consumer return: 200 OK for 3
1.5 [PRODUCER] Producing 4... serve thread id = A OS thread = A
1.5 [CONSUMER] Consuming 4... serve thread id = A OS thread = A
2.0 [CONSUMER] Consumed 4
2.0 [PRODUCER] Consumer return: 200 OK for 4
2.0 [PRODUCER] Producing 5... serve thread id = A OS thread = A
2.0 [CONSUMER] Consuming 5... serve thread id = A OS thread = A
2.5 [CONSUMER] Consumed 5
2.5 [PRODUCER] Consumer return: 200 OK for 5
"""
# Two items are being consumed, two are queued, and the fifth has to wait.
# Lines of one second may come in any order. Any consumer is C, since either
# may take the next item.
QUEUE = """
0.0 [PRODUCER] Producing 1... serve thread id = A OS thread = A
0.0 [PRODUCER] Queued 1
0.0 [PRODUCER] Producing 2... serve thread id = A OS thread = A
0.0 [PRODUCER] Queued 2
0.0 [PRODUCER] Producing 3... serve thread id = A OS thread = A
0.0 [CONSUMER] Consuming 1... serve thread id = C OS thread = C
0.0 [CONSUMER] Consuming 2... serve thread id = C OS thread = C
0.0 [PRODUCER] Queued 3
0.0 [PRODUCER] Producing 4... serve thread id = A OS thread = A
0.0 [PRODUCER] Queued 4
0.0 [PRODUCER] Producing 5... serve thread id = A OS thread = A
0.5 [CONSUMER] Consumed 1
0.5 [CONSUMER] Consuming 3... serve thread id = C OS thread = C
0.5 [CONSUMER] Consumed 2
0.5 [CONSUMER] Consuming 4... serve thread id = C OS thread = C
0.5 [PRODUCER] Queued 5
1.0 [CONSUMER] Consumed 3
1.0 [CONSUMER] Consuming 5... serve thread id = C OS thread = C
1.0 [CONSUMER] Consumed 4
1.5 [CONSUMER] Consumed 5
"""
TIMELINES = {
    "yield": HANDOVER,
    "thread": QUEUE,
    "asyncio": QUEUE.replace("= C", "= A"),
    "async": QUEUE.replace("= C", "= A"),
    "gevent": QUEUE.replace("OS thread = C", "OS thread = A"),
}

NUMBER = r"(?P<item>\d+)"
CLOCK = r"now = [\d:]{8}"
THREAD = r"serve thread id = (?P<thread_id>\d+) OS thread = \d+"
LINES = {
    "produced": rf"\[PRODUCER\] Producing {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "queued": rf"\[PRODUCER\] Queued {NUMBER} {CLOCK}",
    "taken": rf"\[CONSUMER\] Consuming {NUMBER}\.\.\. {CLOCK} {THREAD}",
    "consumed": rf"\[CONSUMER\] Consumed {NUMBER} {CLOCK}",
    "returned": rf"\[PRODUCER\] Consumer return: 200 OK for {NUMBER} {CLOCK}",
}

every_model = pytest.mark.parametrize("model", TIMELINES)
queue_models = pytest.mark.parametrize(
    "model", [model for model in TIMELINES if model != "yield"]
)


def items(kind: str, lines: list[Line]) -> list[int]:
    """Return the items of the lines of a kind, as they came."""
    return [int(m["item"]) for m in matches(LINES[kind], lines)]


@runs(ALL)
def test_closing_lines(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    closing = [result.block(model)[-1] for model in TIMELINES]
    assert alike(closing, CLOSING_LINES) == CLOSING_LINES
    assert result.lines[-5:] == closing
    assert len(result.lines) == 5 * (1 + 20 + 1) + 5


@every_model
@runs(ALL)
def test_timeline(model: str, result: Result) -> None:
    """The handover in its order; with a queue, in any order in a second.

    The producer speaks first, so its id is A, and any other one is C.
    """
    page = TIMELINES[model]
    timeline = drawn(result.block(model)[1:-1], page, letters="AC")
    if model == "yield":
        assert timeline == page
    else:
        assert sorted(timeline.split("\n")) == sorted(page.split("\n"))


@queue_models
@runs(ALL)
def test_one_item_at_a_time(model: str, result: Result) -> None:
    """A consumer, told by its id, ends an item before it takes the next."""
    working: dict[str, str] = {}
    for line in result.block(model):
        if taken := re.fullmatch(LINES["taken"], line):
            who = taken["thread_id"] if model in ("thread", "gevent") else line
            assert who not in working
            working[who] = taken["item"]
            assert len(working) <= 2
        if consumed := re.fullmatch(LINES["consumed"], line):
            working = {
                k: v for k, v in working.items() if v != consumed["item"]
            }
    assert not working


MANY = Command(
    "-u consumer_produce.py --consumers 20 --seconds 0 --items 1000",
    dev=False,
    takes=4,
)
ONE_CONSUMER = Command(
    "consumer_produce.py --consumers 1 --queue-size 3 --seconds 0.1 --items 6",
    takes=4,
)


@every_model
@runs(MANY, ONE_CONSUMER)
def test_every_item_once(model: str, result: Result) -> None:
    """Each is produced before it is taken; one consumer keeps the order.

    Many threads print at once, unbuffered, and nobody breaks a line.
    """
    lines = result.block(model)
    every = [*range(1, 1001 if result.command == MANY else 7)]
    kinds = [*LINES]
    kinds.remove("queued" if model == "yield" else "returned")
    for kind in kinds:
        found = items(kind, lines)
        if result.command == MANY and kind in ("taken", "consumed"):
            found.sort()
        assert found == every
    assert len(lines) == len(kinds) * len(every) + 2
    ready = 0
    for line in lines:
        ready += "Producing" in line
        if taken := re.fullmatch(LINES["taken"], line):
            assert int(taken["item"]) <= ready


@queue_models
@runs(ONE_CONSUMER)
def test_how_far_the_producer_runs_ahead(model: str, result: Result) -> None:
    """By what the queue holds, the item in hand, and one on its way."""
    lines = result.block(model)
    produced = accumulate("Producing" in line for line in lines)
    consumed = accumulate("Consumed" in line for line in lines)
    assert 3 + 1 <= max(map(sub, produced, consumed)) <= 3 + 1 + 1


# When a consumer fails


@runs("consumer_produce.py --items 50 --fail-on 3 --seconds 0.05")
def test_failures(result: Result) -> None:
    """Each model says which item; the others run; the producer soon stops."""
    assert result.status == 1
    assert result.errors == "".join(
        f"{model}: item 3: the consumer was told to fail on it\n"
        for model in TIMELINES
    )
    for model in TIMELINES:
        lines = result.block(model)
        assert 3 <= len(items("produced", lines)) <= 3 + 2 + 2 + 5
        assert 3 not in items("consumed", lines)
        counts = "produced {} | consumed {}".format(
            *(len(items(kind, lines)) for kind in ("produced", "consumed"))
        )
        assert lines[-1].endswith(counts)


@runs(Command("tests/programs/fail_on.py", dev=False))
def test_every_failure_ends(result: Result) -> None:
    """Whichever item fails, however many consumers: it ends, and shows."""
    assert (result.status, result.errors) == (0, "")
    assert len(result.lines) == 5 * 5 * 3 * 2
    for line in result.lines:
        run, said, counts, seconds, left = line.split(" | ")
        item = run.split()[1]
        produced, consumed = map(int, counts.split())
        assert said == f"item {item}: the consumer was told to fail on it"
        assert int(item) <= produced <= 5
        assert consumed < produced
        assert float(seconds) < 5
        assert left == "0 0"
