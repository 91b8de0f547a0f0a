"""Which of the broken programs have you repaired?

    python -m pytest -x exercises               up to the first that is not
    python -m pytest exercises -k lost_update   this one

You repair copies, in exercises/mine. Each test calls the `main` of one of them
in a process of its own, with values that are not in the program, and looks at
what happens then; never at the source, so every repair is good that works. A
line of the program counts if it is printed whole. You may print others.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from threading import Thread

import pytest
from calls import Call
from expectations import (
    Hello,
    Server,
    expect,
    nothing_blocks,
    numbers,
    timed,
    together,
)

NAMES = ["Zoe", "Max", "Ida"]
HELLOS = [f"Hello {name}" for name in NAMES]
BYES = [f"Bye.. {name}" for name in NAMES]
HELLO, BYE = "Hello (Zoe|Max|Ida)", r"Bye\.\. (Zoe|Max|Ida)"
HELLO_BYE = ["Hello", "Bye.."]
ASKED = [f"Page {n}, please" for n in (7, 8, 9)]
ARRIVED = [f"Page {n} is here" for n in (7, 8, 9)]
PRODUCING = r"\[PRODUCER\] Producing (\d+)\.\.\."
CONSUMING = r"\[CONSUMER\] Consuming (\d+)\.\.\."


@timed
def test_shared_name(call: Call) -> None:
    """All Hellos, then all Byes; each guest's two by one thread."""
    names = [*NAMES, "Leo", "Uma", "Tim"]
    said = call(f"main({names})", rf"(Hello|Bye\.\.) ({'|'.join(names)})")
    expect(said, *[[f"{word} {x}" for x in names] for word in HELLO_BYE])
    greeted = {line.thread: line.split()[1] for line in said[:6]}
    assert len(greeted) == 6, "Not every guest has a thread."
    for line in said[6:]:
        assert line.split()[1] == greeted[line.thread], (
            f"{line!r} is said by the thread that greeted "
            f"{greeted[line.thread]}."
        )


@timed
def test_one_after_another(call: Call) -> None:
    """All Hellos come before the first Bye, and nothing blocks."""
    said = call(f"main({NAMES})", HELLO, BYE)
    expect(said, HELLOS, BYES)
    together(said[3:])
    nothing_blocks(said)


@timed
def test_patched_too_late(call: Call) -> None:
    """One OS thread; all Hellos, and all Byes at the same time."""
    said = call(f"main({NAMES})", HELLO, BYE)
    expect(said, HELLOS, BYES)
    together(said[3:])
    threads = {line.os_thread for line in said}
    assert len(threads) == 1, f"There are {len(threads)} OS threads."
    nothing_blocks(said)


@timed
def test_silent_greenlets(call: Call) -> None:
    """The hellos overlap, and the error of one that fails leaves main."""
    own = HELLO, BYE, "All went well"
    expect(call(f"main({NAMES})", *own), HELLOS, BYES, ["All went well"])
    said = call("main(['', 'Max', 'Ida'])", *own, error="ValueError")
    expect(said[:2], HELLOS[1:])
    assert "All went well" not in said, "All did not go well."


def test_forgotten_await(call: Call) -> None:
    """Every guest hears Hello and Bye before the end."""
    said = call(f"main({NAMES})", HELLO, BYE, "The end")
    expect(said, [*HELLOS, *BYES], ["The end"])


@timed
def test_blocking_call(call: Call) -> None:
    """All pages are asked for, and then arrive at the same time."""
    said = call("main([7, 8, 9])", r"Page \d, please", r"Page \d is here")
    expect(said, ASKED, ARRIVED)
    together(said[3:])
    nothing_blocks(said)


@timed
def test_vanished_task(call: Call) -> None:
    """All say Hello, and nobody vanishes before the Bye."""
    expect(call(f"main({NAMES})", HELLO, BYE), HELLOS, BYES)


@timed
def test_unheard_error(call: Call) -> None:
    """Pages come at the same time; a missing one's error leaves main."""
    own = r"Page \d is here", "All pages are here"
    pages = [f"Page {n} is here" for n in (1, 2, 3, 4, 5)]
    said = call("main([1, 2, 3, 4, 5])", *own)
    expect(said, pages, ["All pages are here"])
    together(said[:5])
    failed = call("main([2, 4, 9])", *own, error="LookupError")
    expect(failed, ["Page 2 is here", "Page 4 is here"])


@timed
def test_left_running(call: Call) -> None:
    """It gives up when the page fails; no part arrives after that."""
    own = r"Page \d, part \d", "Giving up: .+", "The end"
    parts = [[f"Page 2, part {n}", f"Page 4, part {n}"] for n in (1, 2, 3)]
    expect(call("main([2, 4])", *own), *parts, ["The end"])
    said = call("main([7, 2, 4])", *own, linger=0.4)
    giving_up = [n for n, x in enumerate(said) if x.startswith("Giving up")]
    assert len(giving_up) == 1, "It gives up once, with one line."
    arrived = said[: giving_up[0]]
    assert set(arrived) <= {*parts[0]}, (
        f"It gives up too late: {arrived[-1]!r} has arrived before."
    )
    expect(said[giving_up[0] + 1 :], ["The end"])


@timed
def test_deaf_to_cancel(call: Call) -> None:
    """It skips a missing page; told to stop, its task ends as cancelled."""
    pages = r"Page \d+ is (here|skipped)"
    said = call("main(1)", pages, "Stop", r"Cancelled: \w+")
    assert "Stop" in said, "It does not stop."
    stop = [*map(str, said)].index("Stop")
    here = [f"Page {n} is here" for n in range(2, stop + 1)]
    wanted = ["Page 1 is skipped", *here, "Stop", "Cancelled: True"]
    expect(said, *[[line] for line in wanted])
    assert stop > 2, "It stops too early."
    ended = said.run.seconds or 0
    for name, end, at in said.run.tasks:
        assert end == "cancelled" or not said[stop].at < at < ended, (
            f"The task of {name} {end} after the Stop: it is not cancelled."
        )


def test_lost_update(call: Call) -> None:
    """All seven hellos are counted."""
    names = [*"ABCDEFG"]
    said = call(f"main({names})", "Hello [A-G]", r"Hellos counted: \d+")
    expect(said, [f"Hello {name}" for name in names], ["Hellos counted: 7"])


def test_unprimed_consumer(call: Call) -> None:
    """Each item is consumed, and its reply comes back."""
    own = r"\[(PRO|CON)\w+\] (Producing|Consuming|Consumer return:) .+"
    expect(
        call("main([7, 8])", own),
        ["[PRODUCER] Producing 7..."],
        ["[CONSUMER] Consuming 7..."],
        ["[PRODUCER] Consumer return: 200 OK for 7"],
        ["[PRODUCER] Producing 8..."],
        ["[CONSUMER] Consuming 8..."],
        ["[PRODUCER] Consumer return: 200 OK for 8"],
    )


def test_dead_consumer(call: Call) -> None:
    """The consumer's error leaves main, and nothing is consumed after it."""
    own = r"\[CONSUMER\] Consuming \d+: \d+ for each"
    consumed = [
        f"[CONSUMER] Consuming {n}: {60 // n} for each"
        for n in [4, 5, 6, 3, 2]
    ]
    said = call("main([4, 5, 6, 3, 2])", own)
    expect(said, *[[line] for line in consumed])
    failed = call("main([4, 5, 0, 6, 3, 2])", own, error="ZeroDivisionError")
    expect(failed, *[[line] for line in consumed[:2]])


def test_runaway_producer(call: Call) -> None:
    """A slow consumer is never more than five items behind."""
    said = call("main(14)", PRODUCING, CONSUMING, slow="consumer")
    for kind in (PRODUCING, CONSUMING):
        items = [x for x in said if re.fullmatch(kind, x)]
        assert numbers(items) == [*range(1, 15)], f"Not all, in order: {items}"
    ahead = 0
    for line in said:
        ahead += 1 if line.startswith("[PRODUCER]") else -1
        assert ahead <= 5, f"It is {ahead} items ahead with {line!r}."
    assert said[-1].at > 0.2, "The consumer needs no moment for an item."


@timed
def test_wrong_thread(call: Call) -> None:
    """Each item is consumed before the next one is produced."""
    said = call("main([7, 8, 9])", PRODUCING, CONSUMING, debug=True)
    for line in said.run.calls:
        raise AssertionError(f"A thread without a loop calls it: {line}")
    expect(
        said,
        ["[PRODUCER] Producing 7..."],
        ["[CONSUMER] Consuming 7..."],
        ["[PRODUCER] Producing 8..."],
        ["[CONSUMER] Consuming 8..."],
        ["[PRODUCER] Producing 9..."],
        ["[CONSUMER] Consuming 9..."],
    )
    nothing_blocks(said)
    # asyncio's debug mode says which steps of the loop were long.
    steps = re.findall(r"Executing .+ took ([\d.]+) s", said.run.errors)
    still = sum(map(float, steps))
    assert still < 0.2, (
        f"The loop stands still for {still:.2f} s: "
        "the consumer waits in a way that blocks its thread."
    )


def test_pool_in_pool(call: Call) -> None:
    """Three hundred pages, fetched by threads, and nobody waits for ever."""
    own = r"Page \d+: picture \d+a and picture \d+b"
    pages = [f"Page {n}: picture {n}a and picture {n}b" for n in range(1, 301)]
    said = call("main(range(1, 301))", own)
    expect(said, pages)
    threads = {sleep["os_thread"] for sleep in said.run.sleeps}
    assert len(threads - {said.run.os_thread}) > 1, "No two threads fetch."
    most = max(sleep["threads"] for sleep in said.run.sleeps)
    assert most < 40, f"It takes {most} threads, and more for more pages."


def test_lambda_to_process(call: Call) -> None:
    """The squares come from other processes."""
    said = call("main([7, 8, 9])", r"\d+ squared = \d+ process = \d+")
    squares = [line.partition(" process = ")[0] for line in said]
    expect(squares, [f"{n} squared = {n * n}" for n in (7, 8, 9)])
    for line in said:
        own = line.endswith(f" = {said.run.pid}")
        assert not own, f"{line!r}: this is the process of main."


def test_session_per_page(call: Call, server: Server) -> None:
    """All pages come over one connection, which is closed at the end."""
    url = f"http://127.0.0.1:{server.server_port}"
    said = call(f"main({url!r}, [7, 8, 9])", r"Hello from the check, \d")
    expect(said, [f"Hello from the check, {n}" for n in (7, 8, 9)])
    assert server.connections == 1, f"Connections: {server.connections}"
    assert "Unclosed" not in said.run.errors, "The session is not closed."


@timed
def test_nested_run(call: Call) -> None:
    """All pages are asked for, and then arrive at the same time."""
    said = call("main([7, 8, 9])", r"Page \d, please", r"Page \d is here")
    expect(said, ASKED, ARRIVED)
    together(said[3:])
    nothing_blocks(said)


@timed
def test_two_loops(call: Call) -> None:
    """In both rounds all knock at once, and come in one by one."""
    said = call(
        "main([['Zoe', 'Max', 'Ida'], ['Leo', 'Uma', 'Tim']])",
        r"(Knock|Hello|Bye\.\.) \w+",
    )
    for names, here in (NAMES, said[:9]), (["Leo", "Uma", "Tim"], said[9:]):
        inside = [line for line in here if "Knock" not in line]
        one_by_one = [f"{word} {x}" for x in names for word in HELLO_BYE]
        expect(inside, *[[line] for line in one_by_one])
        early = here[: [*map(str, here)].index(one_by_one[1])]
        expect(
            [x for x in early if "Knock" in x], [f"Knock {x}" for x in names]
        )


def test_thousand_at_once(call: Call) -> None:
    """All pages are served, ten at a time."""
    own = r"Pages: \d+, at most \d+ at once"
    expect(call("main(205)", own), ["Pages: 205, at most 10 at once"])
    expect(call("main(8)", own), ["Pages: 8, at most 8 at once"])


@timed
def test_timeout_in_vain(call: Call) -> None:
    """When the time is over no part arrives, and nothing goes on."""
    own = r"Part \d+ is here", "All parts are here", "Giving up", "The end"
    parts = [[f"Part {n} is here"] for n in range(1, 6)]
    said = call("main(parts=3, seconds=5)", *own)
    expect(said, *parts[:3], ["All parts are here"], ["The end"])
    said = call("main(parts=50, seconds=0.45)", *own)
    arrived = len(said) - 2
    assert 1 <= arrived <= 9, f"{arrived} parts arrive in 0.45 s."
    expect(said, *parts[:arrived], ["Giving up"], ["The end"])
    assert said[-2].at < 1, "It gives up too late."
    assert said.run.after_main < 1, "Something goes on when main has ended."


@timed
def test_cut_short(call: Call) -> None:
    """All wait at the same time, and say goodbye before the end."""
    said = call(f"main({NAMES}, seconds=0.9)", HELLO, BYE, "The end")
    expect(said, HELLOS, BYES, ["The end"])


def test_lock_kept(call: Call) -> None:
    """A missing page's error is shown; the others come, one by one."""
    own = r"Page \d, part \d(, please| is here)", "The end"
    said = call("main([7, 2, 4])", *own)
    printed = "".join(said.run.lines) + said.run.errors
    assert "there is no page 7" in printed, "The error is not shown."
    expect(said[-1:], ["The end"])
    parts = [x for x in said[:-1] if x != "Page 7, part 1, please"]
    asked, here = parts[::2], parts[1::2]
    expect(
        here,
        [f"Page {n}, part {part} is here" for n in (2, 4) for part in (1, 2)],
    )
    expect(asked, *[[x.replace(" is here", ", please")] for x in here])


@timed
def test_computing_loop(call: Call) -> None:
    """No pause of the clock is long, measured by the whole."""
    said = call("main([11_000, 12_000])", "Tick", r"Primes below \d+: \d+")
    counts = [line for line in said if line != "Tick"]
    expect(counts, ["Primes below 11000: 1335"], ["Primes below 12000: 1438"])
    end = counts[-1].at
    ticks = [0.0, *[x.at for x in said if x == "Tick" and x.at < end], end]
    pause = max(late - early for early, late in pairwise(ticks))
    assert pause < 0.3 * end, (
        f"The clock stands still for {pause:.2f} of {end:.2f} s."
    )


# The rest serves a page.


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Hello) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()
