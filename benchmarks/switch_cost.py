"""What one switch costs, from a function call to a process.

Two sides take turns and do nothing else: one stops, the other goes on, stops,
and so on. That is one switch each time.

    function call       call, return, call, return, ...: to compare with
    generator send      a caller and a generator: send, yield, send, ...
    greenlet switch     two greenlets that name each other
    event_loop          two generators in the event loop of chapter 1
    gevent.sleep(0)     two greenlets, by way of gevent's loop
    asyncio.sleep(0)    two tasks, by way of asyncio's loop
    thread hand-over    two OS threads, each with a lock that the other opens
    process hand-over   two processes, with a byte that goes to and fro

pyperf finds out how often each has to be repeated, measures it in five
processes, and has the options below.

    python benchmarks/switch_cost.py
    python benchmarks/switch_cost.py -o switches.json   keeps all the values
    taskset -c 0 python benchmarks/switch_cost.py       all on one CPU (Linux)
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from time import perf_counter

import common

from coroutine_test import event_loop

# Each of these does so many rounds, of two switches, and returns the seconds.


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

    threading.Thread(target=other, daemon=True).start()
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
        start_new_session=True,  # it ends with its stdin, not at Ctrl-C
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


def main() -> None:
    runner = common.runner(__doc__, ["greenlet", "gevent"])
    for name, function in SWITCHES.items():
        runner.bench_time_func(name, function, inner_loops=2)


if __name__ == "__main__":
    common.run(main)
