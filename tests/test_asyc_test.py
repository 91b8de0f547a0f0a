"""Chapter 2: what is on the screen after each step of `asyc_test.py`.

With letters for ids, without clocks that go right, and with `...` for what
differs from run to run. A closing line comes as late as it says, on a busy
machine up to 0.7 seconds later: soon enough to tell it from one after another.
"""

import os
import re
import sys
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from helpers.commands import ROOT, Command, Result, linux, matches, runs, shell
from helpers.screens import alike

sys.path.insert(0, str(ROOT))

import asyc_test

CORES = asyc_test.usable_cores()
# The pool of to_thread counted all cores before Python 3.13.
POOL_CORES = CORES if sys.version_info >= (3, 13) else os.cpu_count() or 1
THREADS = min(32, POOL_CORES + 4)
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
VERSION = sys.version.split()[0]

SCREEN = f"""
$ python asyc_test.py run await task group gather
== run
main: coroutine object, nothing has run
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
main: result 0.2
main: RuntimeWarning: coroutine 'hello' was never awaited
== run: 0.20 s
== await
Hello 1 serve thread id = A OS thread = A
Bye.. 1
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.6
main: results [1.0, 0.2, 0.6]
== await: 1.80 s | one after another 1.80 s
== task
main: pending, pending, pending
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.2
Bye.. 0.6
Bye.. 1
main: done, done, done, results [1.0, 0.2, 0.6]
== task: 1.00 s | one after another 1.80 s
== group
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.2
Bye.. 0.6
Bye.. 1
main: results [1.0, 0.2, 0.6]
Hello 0.6 serve thread id = A OS thread = A
main: (ConnectionError('no reply'),), sibling done (cancelled)
== group: 1.10 s | one after another 1.80 s
== gather
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.2
Bye.. 0.6
Bye.. 1
main: results [1.0, 0.2, 0.6]
Hello 0.4 serve thread id = A OS thread = A
main: ConnectionError('no reply'), sibling pending
Bye.. 0.4
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
main: results [0.2, ConnectionError('no reply')]
== gather: 1.60 s | one after another 2.40 s

$ python asyc_test.py timeout cancel limit blocking
== timeout
Hello 60 serve thread id = A OS thread = A
polite: CancelledError at my await
polite: cleaned up
main: TimeoutError from wait_for
Hello 0.1 serve thread id = A OS thread = A
Bye.. 0.1
Hello 60 serve thread id = A OS thread = A
polite: CancelledError at my await
polite: cleaned up
main: TimeoutError from timeout
== timeout: 0.70 s
== cancel
Hello 60 serve thread id = A OS thread = A
main: asked polite to end, it is pending
polite: CancelledError at my await
polite: cleaned up
main: polite is done (cancelled)
Hello 60 serve thread id = A OS thread = A
main: asked deaf to end, it is pending
deaf: CancelledError at my await, never mind
main: deaf is done
== cancel: 0.40 s
== limit
Hello 0.2 serve thread id = A OS thread = A
Hello 0.21 serve thread id = A OS thread = A
Hello 0.22 serve thread id = A OS thread = A
Hello 0.23 serve thread id = A OS thread = A
Hello 0.24 serve thread id = A OS thread = A
Bye.. 0.2
...
Bye.. 0.39
== limit: 1.20 s | one after another 5.90 s
== blocking
Hello 1 serve thread id = A OS thread = A
Bye.. 1
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.6
broken_hello: 1.80 s | one after another 1.80 s
Hello ... serve thread id = B OS thread = B
Hello ... serve thread id = C OS thread = C
Hello ... serve thread id = D OS thread = D
Bye.. 0.2
Bye.. 0.6
Bye.. 1
fixed_hello: 1.00 s | one after another 1.80 s
== blocking: 2.80 s

$ python asyc_test.py give_way error reference wait as_completed iterate
== give_way
main: after await never_waits the other is pending
main: after await put the other is pending
main: after await sleep the other is done
main: after await bare_yield the other is done
== give_way: 0.00 s
== error
main: the task is done, and nobody was told
loop: Task exception was never retrieved
callback: ConnectionError('no reply')
main: ConnectionError('no reply')
== error: 0.40 s
== reference
main: pending, now let go of it
loop: Task was destroyed but it is pending!
== reference: 0.00 s
== wait
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.2
main: FIRST_COMPLETED: 1 done, 2 pending
Bye.. 0.6
Bye.. 1
main: ALL_COMPLETED: 3 done, 0 pending
== wait: 1.00 s | one after another 1.80 s
== as_completed
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.2
main: result 0.2
Bye.. 0.6
main: result 0.6
Bye.. 1
main: result 1.0
== as_completed: 1.00 s | one after another 1.80 s
== iterate
Hello 0.8 serve thread id = A OS thread = A
connection: open
main: reply 1
Bye.. 0.8
main: reply 2
main: reply 3
connection: closed
== iterate: 1.40 s

$ python asyc_test.py shutdown pool no_stop loop_thread nested other_loop
== shutdown
main: nothing more comes, 3 in the queue
Hello 1 serve thread id = A OS thread = A
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
Hello 0.6 serve thread id = A OS thread = A
Bye.. 0.6
consumer 2: QueueShutDown
Bye.. 1
consumer 1: QueueShutDown
== shutdown: 1.00 s | one after another 1.80 s
== pool
main: 40 calls of 0.1 s in {THREADS} threads
== pool: ... s
== no_stop
Hello 1 serve thread id = A OS thread = A
main: TimeoutError, and the thread goes on
main: TimeoutError, and the thread is told to end
main: returns
Bye.. 1
== no_stop: 1.00 s
== loop_thread
main: serve thread id = A OS thread = A
Hello 0.3 serve thread id = B OS thread = B
Bye.. 0.3
main: result 0.3
main: loop closed, threads 1
== loop_thread: 0.30 s
== nested
main: RuntimeError: asyncio.run() cannot be called from a running event loop
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
main: result 0.2
Hello 0.3 serve thread id = B OS thread = B
Bye.. 0.3
main: result 0.3 from a thread
== nested: 0.50 s | one after another 0.50 s
== other_loop
main: the queue belongs to this loop now
main: RuntimeError: <Queue at ...> is bound to a different event loop
main: RuntimeError: Task <...> got Future <...> attached to a different loop
== other_loop: 0.10 s

$ python asyc_test.py coroutine future awaitable eager callback no_lock pickle
== coroutine
Hello 0 serve thread id = A OS thread = A
main: it waits at its await
Bye.. 0
main: StopIteration, value 0
== coroutine: 0.00 s
== future
main: pending
main: result 'a reply', done
== future: 0.30 s
== awaitable
main: a coroutine, Awaitable: True
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
main: result 0.2
main: a Hello, Awaitable: True
Hello 0.3 serve thread id = A OS thread = A
Bye.. 0.3
main: result 0.3
main: a generator, Awaitable: False
main: result None
main: a float, Awaitable: False
main: TypeError: ...float...await...
== awaitable: 0.50 s | one after another 0.50 s
== eager
main: after create_task it is done
== eager: 0.00 s
== callback
main: serve thread id = A OS thread = A
Hello 0.3 serve thread id = B OS thread = B
Bye.. 0.3
callback: done serve thread id = A OS thread = A
== callback: 0.30 s
== no_lock
no_await: counted to 5 of 5
await_between: counted to 1 of 5
await_locked: counted to 5 of 5
== no_lock: 0.00 s
== pickle
main: a function, ... bytes
main: a lambda, ...Error: Can't ... local object...<lambda>...
main: a coroutine, TypeError: cannot pickle 'coroutine' object
== pickle: 0.00 s

$ python asyc_test.py lock debug
== lock
add_one: counted to {"5,000,000" if HAS_GIL else "..."} of 5,000,000
call_between: counted to ... of 5,000,000
locked: counted to 50,000 of 50,000
== lock: ... s
== debug
Hello 0.2 serve thread id = A OS thread = A
Bye.. 0.2
...
asyncio: Executing <Task ...broken_hello() done...> took ... seconds
...
== debug: 0.20 s

$ python asyc_test.py cpu
== cpu
main: cores {CORES} | Python {VERSION} with{"out" * (not HAS_GIL)} a GIL
one after another: process = A OS thread = A aaaa
one after another: process = A OS thread = A bbbb
one after another: process = A OS thread = A cccc
one after another: process = A OS thread = A dddd
one after another: ... s
coroutines: process = A OS thread = A abcdabcdabcdabcd
coroutines: ... s | ... times as fast
threads: process = A OS thread = B abababab
threads: process = A OS thread = C cdcdcdcd
threads: ... s | ... times as fast
processes: process = B OS thread = D abababab
processes: process = C OS thread = E cdcdcdcd
processes: ... s | ... times as fast
interpreters: process = A OS thread = F abababab
interpreters: process = A OS thread = G cdcdcdcd
interpreters: ... s | ... times as fast
== cpu: ... s
"""

LATE = 0.7
*TOURS, CPU = re.findall(r"^\$ python (.*)$", SCREEN, re.M)
BLOCK = re.compile(r"^== (\w+)$.*?^== \1:.*?$", re.M | re.S)
SCREENS = {m[1]: m[0] for m in BLOCK.finditer(SCREEN)}
for step, version, skipped in [
    ("shutdown", (3, 13), "main: skipped, Queue.shutdown needs Python 3.13"),
    ("eager", (3, 12), "main: skipped, eager tasks need Python 3.12"),
]:
    if sys.version_info < version:
        SCREENS[step] = f"== {step}\n{skipped}\n== {step}: 0.00 s"
if sys.version_info < (3, 14):
    skipped = "interpreters: skipped, they need Python 3.14\n"
    SCREENS["cpu"] = re.sub("(inter.*\n)+", skipped, SCREENS["cpu"])


@runs(
    *(Command(tour, takes=6) for tour in TOURS),
    slow=[CPU, Command("asyc_test.py", dev=False, takes=23)],
)
def test_screen(result: Result) -> None:
    """Each step in its turn, as above; no warning, nothing left running."""
    assert (result.status, result.errors) == (0, "")
    steps = result.command.line.split()[1:] or [*asyc_test.STEPS]
    assert [m[1] for m in matches(r"== (\w+)", result.lines)] == steps
    for step, page in SCREENS.items():
        if step in steps:
            assert alike(result.block(step), page, LATE) == page
    every = "call_between: counted to 5,000,000 of 5,000,000"
    assert every not in result.lines, "threads lose some of them"


def test_times_as_fast(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are the seconds of one after another by those of a row."""
    two_seconds = Mock()
    two_seconds.perf_counter.side_effect = [10, 12]
    monkeypatch.setattr(asyc_test, "time", two_seconds)
    monkeypatch.setattr(asyc_test, "work", str)
    asyc_test.clock("threads", ["ab"], alone=5)
    says = "threads: ab\nthreads: 2.00 s | 2.5 times as fast\n"
    assert capsys.readouterr().out == says


@linux
def test_one_core(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another core of the machine is no core of this process."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(asyc_test, "clock", lambda *_: 0)
    asyc_test.cpu_test()
    says = "main: cores 1 | ...\nmain: on one core nothing can work at the ..."
    printed = capsys.readouterr().out.splitlines()
    assert alike(printed[:2], says) == says


@pytest.mark.last
@pytest.mark.slow
@pytest.mark.skipif(CORES == 1, reason="nothing runs in parallel")
@linux
def test_processes_work_at_the_same_time() -> None:
    """Processes and interpreters gain; threads do only without a GIL.

    A moment's disturbance meets now this row and now that: the best of five
    counts. Where others compute all the time, it says nothing.
    """
    for _ in range(10):
        time.sleep(0.05)
        load = Path("/proc/loadavg").read_text(encoding="utf-8")
        if load.split()[3].startswith("1/"):  # this process, and no other
            break
    else:
        pytest.skip("the machine is busy")
    done = shell(f"python {CPU}" + 4 * " cpu", timeout=200)
    ratios: dict[str, list[float]] = {}
    for row in re.finditer(r"(\w+): .* (.*) times as fast", done.stdout):
        ratios.setdefault(row[1], []).append(float(row[2]))
    assert max(ratios["processes"]) >= 1.5
    assert max(ratios.get("interpreters", [2.0])) >= 1.5
    assert min(ratios["coroutines"]) < 1.4
    assert min(ratios["threads"]) < 1.4 or not HAS_GIL


@runs("asyc_test.py -h")
def test_help(result: Result) -> None:
    """It lists the steps in the tour's order, a dozen for every day first."""
    listed = [m[1] for m in matches(r"    (\w+)  .*", result.lines)]
    assert listed == list(asyc_test.STEPS)
    assert sorted(listed) == sorted(SCREENS)
    every_day, _, _ = "\n".join(result.lines).partition("When you need it")
    assert every_day.count("\n    ") == 12


def test_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one write, with the ids of the thread that says hello."""
    stdout = Mock()
    monkeypatch.setattr(sys, "stdout", stdout)
    asyc_test.say_hello(1)
    ids = threading.get_ident(), threading.get_native_id()
    line = stdout.write.call_args_list[0].args[0]
    assert line.endswith("serve thread id = {} OS thread = {}\n".format(*ids))
