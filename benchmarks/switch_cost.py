"""What one switch costs, from a generator to a process.

Two workers take turns and do nothing else: one stops, the other goes on,
stops, and so on. That is one switch each time. In nanoseconds:

    generator send      a caller and a generator: send, yield, send, ...
    greenlet switch     two greenlets that name each other
    event_loop          two generators in chapter 1's loop of ten lines
    gevent.sleep(0)     two greenlets, by way of gevent's loop
    asyncio.sleep(0)    two tasks, by way of asyncio's loop
    thread hand-over    two OS threads, each with a lock that the other opens
    process hand-over   two processes, with a byte that goes to and fro

    python benchmarks/switch_cost.py --plot switch_cost.svg
    python benchmarks/switch_cost.py --affinity=0     all on one CPU

pyperf measures each in five fresh processes. The table shows the median, and
± how far from it the values were, half of them nearer. Other options go to
pyperf: --rigorous, --fast, --output FILE, and what its manual says.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import common

from coroutine_test import event_loop

Result = dict[str, Any]

# Runs in the other process, until the pipe is closed.
ECHO = "import os\nwhile os.read(0, 1): os.write(1, b'.')"


def generator_send(rounds: int) -> float:
    """Send to a generator, which yields back."""

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
    """Switch to another greenlet, which switches back."""
    from greenlet import getcurrent, greenlet

    back = getcurrent().switch

    def endless() -> None:
        while True:
            back()

    switch = greenlet(endless).switch
    switch()
    start = perf_counter()
    for _ in range(rounds):
        switch()
    return perf_counter() - start


def chapter_1(rounds: int) -> float:
    """Let chapter 1's loop resume two generators in turn."""

    def task() -> Generator[float, None, None]:
        for _ in range(rounds):
            yield 0

    start = perf_counter()
    event_loop([task(), task()])
    return perf_counter() - start


def gevent_sleep(rounds: int) -> float:
    """Let gevent's loop resume two greenlets in turn."""
    import gevent

    def task() -> None:
        for _ in range(rounds):
            gevent.sleep(0)

    start = perf_counter()
    gevent.joinall([gevent.spawn(task), gevent.spawn(task)], raise_error=True)
    return perf_counter() - start


def asyncio_sleep(rounds: int) -> float:
    """Let asyncio's loop resume two tasks in turn."""

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

    threading.Thread(target=other, daemon=True).start()
    start = perf_counter()
    for _ in range(rounds):
        theirs.release()
        ours.acquire()
    return perf_counter() - start


def process_hand_over(rounds: int) -> float:
    """Write a byte to the other process, and wait until it writes one."""
    with subprocess.Popen(
        [sys.executable, "-c", ECHO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin
        assert other.stdout
        ours, theirs = other.stdout.fileno(), other.stdin.fileno()
        os.write(theirs, b".")
        os.read(ours, 1)
        start = perf_counter()
        for _ in range(rounds):
            os.write(theirs, b".")
            os.read(ours, 1)
        return perf_counter() - start


# Each does so many rounds, of two switches, and returns the seconds.
SWITCHES: dict[str, Callable[[int], float]] = {
    "generator send": generator_send,
    "greenlet switch": greenlet_switch,
    "event_loop": chapter_1,
    "gevent.sleep(0)": gevent_sleep,
    "asyncio.sleep(0)": asyncio_sleep,
    "thread hand-over": thread_hand_over,
    "process hand-over": process_hand_over,
}


def plot(results: list[Result], path: Path, where: str) -> None:
    """Draw a dot for each switch, the first on top."""
    picture, axes = common.figure(3)
    for result in reversed(results):
        name, cost = result["switch"], result["ns"]
        system = name.endswith("hand-over")
        axes.plot(cost, name, "o", color=common.RED if system else common.BLUE)
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
    axes.set_xlabel("nanoseconds, ten times as many from line to line")
    axes.set_title("One switch: in one thread (blue), by the system (red)")
    common.plain_numbers(axes.xaxis)
    common.save_plot(picture, path, where)


def main() -> int:
    """Measure, print, draw; return the exit status."""
    args, where, benchmarks = common.measure(
        common.options(__doc__),
        SWITCHES,
        ["greenlet", "gevent", "pyperf"],
        inner_loops=2,
    )
    results: list[Result] = [
        {
            "switch": benchmark.get_name(),
            "ns": benchmark.median() * 1e9,
            "spread": benchmark.median_abs_dev() * 1e9,
        }
        for benchmark in benchmarks
    ]
    cheapest = min(result["ns"] for result in results)
    print(common.heading("switch", "ns", "±", "times the cheapest"))
    for result in results:
        print(
            common.row(
                result["switch"],
                f"{result['ns']:,.1f}",
                f"{result['spread']:,.1f}",
                f"{result['ns'] / cheapest:,.0f}",
            )
        )
    if args.json:
        common.save_json(args.json, where, results)
    if args.plot:
        plot(results, args.plot, where)
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
