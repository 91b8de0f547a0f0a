"""What one switch costs, from a function call to a process.

Two sides take turns and do nothing else: one stops, the other goes on, stops,
and so on. That is one switch each time. In nanoseconds:

    function call       call, return, call, return, ...: to compare with
    generator send      a caller and a generator: send, yield, send, ...
    greenlet switch     two greenlets that name each other
    event_loop          two generators in the event loop of chapter 1
    gevent.sleep(0)     two greenlets, by way of gevent's loop
    asyncio.sleep(0)    two tasks, by way of asyncio's loop
    thread hand-over    two OS threads, each with a lock that the other opens
    process hand-over   two processes, with a byte that goes to and fro

Each is measured in five fresh processes, as the best of three runs of 0.1
seconds. The table shows the median of the processes, and ± how far from it
half of them were.

    python benchmarks/switch_cost.py
    python benchmarks/switch_cost.py --save .      draws it, too
    python benchmarks/switch_cost.py --repeat 9 --seconds 0.5
    taskset -c 0 python benchmarks/switch_cost.py  all on one CPU (Linux)
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import common
import pictures

from coroutine_test import event_loop

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def function_call(rounds: int) -> float:
    def other() -> None:
        return

    start = perf_counter()
    for _ in range(rounds):
        other()
    return perf_counter() - start


def generator_send(rounds: int) -> float:
    def other() -> Generator[None, None, None]:
        while True:
            yield

    send = other().send
    send(None)
    start = perf_counter()
    for _ in range(rounds):
        send(None)
    return perf_counter() - start


def greenlet_switch(rounds: int) -> float:
    from greenlet import getcurrent, greenlet

    back = getcurrent().switch

    def other() -> None:
        while True:
            back()

    switch = greenlet(other).switch
    switch()
    start = perf_counter()
    for _ in range(rounds):
        switch()
    return perf_counter() - start


def two_in_event_loop(rounds: int) -> float:
    def task() -> Iterator[float]:
        for _ in range(rounds):
            yield 0

    start = perf_counter()
    event_loop([task(), task()])
    return perf_counter() - start


def two_in_gevent(rounds: int) -> float:
    import gevent

    def task() -> None:
        for _ in range(rounds):
            gevent.sleep(0)

    start = perf_counter()
    gevent.joinall([gevent.spawn(task), gevent.spawn(task)], raise_error=True)
    return perf_counter() - start


def two_in_asyncio(rounds: int) -> float:
    async def task() -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)

    async def main() -> float:
        start = perf_counter()
        await asyncio.gather(task(), task())
        return perf_counter() - start

    return asyncio.run(main())


def thread_hand_over(rounds: int) -> float:
    """Open the other thread's lock, and wait until it opens ours."""
    ours, theirs = threading.Lock(), threading.Lock()
    ours.acquire()
    theirs.acquire()

    def other() -> None:
        for _ in range(rounds):
            theirs.acquire()
            ours.release()

    threading.Thread(target=other).start()
    start = perf_counter()
    for _ in range(rounds):
        theirs.release()
        ours.acquire()
    return perf_counter() - start


def process_hand_over(rounds: int) -> float:
    """Write a byte to the other process, and wait until it writes one."""
    other = "import os\nwhile os.read(0, 1): os.write(1, b'.')"
    with subprocess.Popen(
        [sys.executable, "-c", other],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        ours, theirs = process.stdout.fileno(), process.stdin.fileno()
        os.write(theirs, b".")
        os.read(ours, 1)
        start = perf_counter()
        for _ in range(rounds):
            os.write(theirs, b".")
            os.read(ours, 1)
        return perf_counter() - start


# Each does so many rounds, of two switches, and returns the seconds.
SWITCHES = {
    "function call": function_call,
    "generator send": generator_send,
    "greenlet switch": greenlet_switch,
    "event_loop": two_in_event_loop,
    "gevent.sleep(0)": two_in_gevent,
    "asyncio.sleep(0)": two_in_asyncio,
    "thread hand-over": thread_hand_over,
    "process hand-over": process_hand_over,
}


def nanoseconds(name: str, at_least: float) -> float:
    """Return what one switch costs in this process."""
    return common.seconds_per_round(SWITCHES[name], at_least) / 2 * 1e9


# The rest prints, draws, and reads the command line.

Result = dict[str, Any]


def plot(results: list[Result]) -> "Figure":
    """Draw a dot for each switch, the first on top."""
    picture, axes = pictures.figure(3.2)
    for result in reversed(results):
        name, cost = result["switch"], result["ns"]
        by_system = name.endswith("hand-over")
        axes.plot(
            cost,
            name,
            "o",
            color=pictures.ORANGE if by_system else pictures.BLUE,
        )
        axes.annotate(
            f"{cost:,.0f} ns",
            (cost, name),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("nanoseconds (logarithmic)")
    axes.set_title(
        "One switch. Blue: within a thread. Orange: by the operating system."
    )
    pictures.plain_numbers(axes.xaxis)
    return picture


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--repeat", metavar="R", type=int, default=5)
    parser.add_argument("--seconds", metavar="S", type=float, default=0.1)
    args = common.parse(parser)
    where = common.machine("greenlet", "gevent")
    columns = ["switch", "ns", "±", "times a function call"]
    common.print_heading(where, *columns)
    results: list[Result] = []
    for name in SWITCHES:
        ns, spread = common.middle(
            [
                common.fresh(nanoseconds, name, args.seconds)
                for _ in range(args.repeat)
            ]
        )
        results.append({"switch": name, "ns": ns, "spread": spread})
        times = f"{ns / results[0]['ns']:,.1f}"
        common.print_row(name, f"{ns:,.1f}", f"{spread:,.1f}", times)
    if args.save:
        pictures.save(args.save / "switch_cost", where, results, plot(results))


if __name__ == "__main__":
    common.run(main)
