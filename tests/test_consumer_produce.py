"""Chapter 3: what `consumer_produce.py` prints, and what a failure does.

Five items of half a second: 2.5 s for one consumer, 1.5 s for two.
"""

from itertools import accumulate

import pytest
from helpers.commands import Command, Result, runs
from helpers.screens import alike, drawn, plain

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


@runs(ALL)
def test_closing_lines(result: Result) -> None:
    """Each model in its turn; then the closing lines once more, together."""
    assert (result.status, result.errors) == (0, "")
    closing = [result.block(model)[-1] for model in TIMELINES]
    assert alike(closing, CLOSING_LINES) == CLOSING_LINES
    assert result.lines[-5:] == closing
    assert len(result.lines) == 5 * (1 + 20 + 1) + 5


@pytest.mark.parametrize("model", TIMELINES)
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


# With other options.

QUEUES = "consumer_produce.py thread asyncio async gevent"
MANY = Command(
    f"-u {QUEUES} --consumers 20 --seconds 0 --items 500", dev=False, takes=3
)
ONE_CONSUMER = Command(
    f"{QUEUES} --consumers 1 --queue-size 3 --seconds 0.2 --items 6", takes=6
)
# What is said of item N, whoever says it.
LINES = """
[PRODUCER] Producing N... serve thread id = A OS thread = A
[PRODUCER] Queued N
[CONSUMER] Consuming N... serve thread id = A OS thread = A
[CONSUMER] Consumed N
"""

queue_models = pytest.mark.parametrize("model", QUEUES.split()[1:])


def said(result: Result, model: str) -> list[str]:
    return plain(result.block(model)[1:-1], letters="A").splitlines()


def to_be_said(item: int) -> list[str]:
    return LINES.replace(" N", f" {item}").split("\n")[1:-1]


@queue_models
@runs(MANY)
def test_every_item_once(model: str, result: Result) -> None:
    """It is taken after it is produced, and consumed after it is taken.

    Many threads print at once, unbuffered, and nobody breaks a line.
    """
    lines = said(result, model)
    place = {line: n for n, line in enumerate(lines)}
    for item in range(1, 501):
        produced, queued, taken, consumed = (
            place[line] for line in to_be_said(item)
        )
        assert produced < queued
        assert produced < taken < consumed
    assert len(lines) == 4 * 500


@queue_models
@runs(ONE_CONSUMER)
def test_one_consumer(model: str, result: Result) -> None:
    """It takes the items in their order, the next when it has ended one."""
    lines = said(result, model)
    expected = [line for item in range(1, 7) for line in to_be_said(item)]
    for who in ("PRODUCER", "CONSUMER"):
        each = [x for x in lines if who in x]
        assert each == [x for x in expected if who in x]
    # While one is consumed, three are queued, and one more is too many.
    ahead = accumulate(("Producing" in x) - ("Consumed" in x) for x in lines)
    assert max(ahead) == 1 + 3 + 1


# When a consumer fails: fifty items would take five seconds or more. What is
# in the queue a thread still consumes; a coroutine is cancelled.
FAILURES = """
== yield: 0.40 s | thread ids 1 | OS threads 1 | produced 3 | consumed 2
== thread: 0.40 s | thread ids 3 | OS threads 3 | produced ... | consumed ...
== asyncio: 0.20 s | thread ids 1 | OS threads 1 | produced ... | consumed ...
== async: 0.20 s | thread ids 1 | OS threads 1 | produced ... | consumed ...
== gevent: 0.40 s | thread ids 3 | OS threads 1 | produced ... | consumed ...
yield: item 3: the consumer was told to fail on it
thread: item 3: the consumer was told to fail on it
asyncio: item 3: the consumer was told to fail on it
async: item 3: the consumer was told to fail on it
gevent: item 3: the consumer was told to fail on it
"""


@runs("consumer_produce.py --items 50 --fail-on 3 --seconds 0.2")
def test_failures(result: Result) -> None:
    """Each model says which item; the others run; the producer soon stops."""
    screen = [*result.lines[-5:], *result.errors.splitlines()]
    assert alike(screen, FAILURES) == FAILURES
    assert result.status == 1


@runs(Command("tests/programs/fail_on.py", dev=False, takes=3))
def test_every_failure_ends(result: Result) -> None:
    """Whichever item fails, however many consumers: it ends, and shows."""
    assert (result.status, result.errors) == (0, "")
