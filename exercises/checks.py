"""What each program does once it is repaired.

check.py starts this file, for every program in a process of its own:

    python exercises/checks.py shared_name exercises/mine/01_shared_name.py 5

A check calls the program's `main` with values that are not in the program. It
looks at the lines that are printed then, at their order, at the threads that
print them, and at the error that ends main; never at the source, so every
repair is good that works. The docstring says what works then.
"""

import asyncio
import faulthandler
import functools
import gc
import importlib
import inspect
import io
import os
import re
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
    redirect_stdout,
)
from pathlib import Path

# Exit statuses that a program does not have by accident.
REPAIRED = 42
PACKAGE_MISSING = 43

PACKAGES = {"aiohttp", "gevent"}
NAMES = ["Zoe", "Max", "Ida"]

# How the programs' lines begin. A reader may print more, to find the bug.
WORDS = re.compile(
    r"Hello|Bye|Page|The end|All|Giving up|Stop|Cancelled|\[|\d+ squared"
)


class Line(str):
    """A printed line; `thread` and `os_thread` are the ids of who did it."""

    thread: int
    os_thread: int


Main = Callable[..., Sequence[Line]]


def shared_name(main: Main) -> bool:
    """Three threads, and every goodbye has the right name."""
    lines = main(NAMES)
    return overlap(lines) and len({line.thread for line in lines}) == 3


def one_after_another(main: Main) -> bool:
    """All Hellos come before the first Bye."""
    return overlap(main(NAMES))


def patched_too_late(main: Main) -> bool:
    """One OS thread: all Hellos come before the first Bye."""
    lines = main(NAMES)
    return overlap(lines) and len({line.os_thread for line in lines}) == 1


def silent_greenlets(main: Main) -> bool:
    """The error of a failed hello comes out of main."""
    well = main(NAMES)
    failed = main(["Zoe", "Max", ""], error=ValueError)
    return well[-1] == "All went well" and "All went well" not in failed


def forgotten_await(main: Main) -> bool:
    """Every hello runs, and ends before the end."""
    *hellos, end = main(NAMES)
    return sorted(hellos) == sorted(BYES + HELLOS) and end == "The end"


def blocking_call(main: Main) -> bool:
    """All pages are asked for before the first is there."""
    lines = main([7, 8, 9])
    asked = sum(line.endswith("please") for line in lines[:3])
    here = [f"Page {n} is here" for n in (7, 8, 9)]
    return asked == 3 and sorted(lines[3:]) == here


def vanished_task(main: Main) -> bool:
    """All say Hello, and nobody vanishes before the Bye."""
    return overlap(main(NAMES))


def unheard_error(main: Main) -> bool:
    """The error of the missing page comes out of main."""
    well = main([2, 4])
    failed = main([7, 2, 4], error=LookupError)
    return well[-1] == "All pages are here" and well[-1] not in failed


def left_running(main: Main) -> bool:
    """Once main gives up, no page goes on arriving."""
    well = main([2, 4])
    failed = main([7, 2, 4], around=a_moment_more())
    given_up = [n for n, line in enumerate(failed) if "Giving up" in line]
    after = failed[given_up[0] :]
    return sum(line.startswith("Page") for line in well) == 6 and not any(
        line.startswith("Page") for line in after
    )


def deaf_to_cancel(main: Main) -> bool:
    """It skips a missing page, and stops when cancelled."""
    lines = main(1)
    stop = lines.index("Stop")
    return (
        lines[0] == "Page 1 is skipped"
        and "Page 2 is here" in lines[:stop]
        and lines[stop:] == ["Stop", "Cancelled: True"]
    )


def lost_update(main: Main) -> bool:
    """All seven hellos are counted."""
    return "Hellos counted: 7" in main([*"ABCDEFG"])


def unprimed_consumer(main: Main) -> bool:
    """Each item is consumed, and its reply comes back."""
    return main([7, 8]) == [
        "[PRODUCER] Producing 7...",
        "[CONSUMER] Consuming 7...",
        "[PRODUCER] Consumer return: 200 OK for 7",
        "[PRODUCER] Producing 8...",
        "[CONSUMER] Consuming 8...",
        "[PRODUCER] Consumer return: 200 OK for 8",
    ]


def dead_consumer(main: Main) -> bool:
    """The error of the dead consumer comes out of main."""
    well = numbers("CONSUMER", main([1, 2, 3, 4, 5, 6]))
    failed = numbers(
        "CONSUMER", main([4, 5, 0, 6, 7, 8], error=ArithmeticError)
    )
    return well == [1, 2, 3, 4, 5, 6] and failed[:2] == [4, 5]


def runaway_producer(main: Main) -> bool:
    """The producer is at most five items ahead."""
    lines = main(12)
    ahead = most = 0
    for line in lines:
        ahead += 1 if "[PRODUCER]" in line else -1
        most = max(most, ahead)
    report(f"Items ahead, at most: {most}")
    return numbers("CONSUMER", lines) == [*range(1, 13)] and most <= 5


def wrong_thread(main: Main) -> bool:
    """The consumer wakes up for every item."""
    lines = main([7, 8, 9, 10])
    return numbers("CONSUMER", lines) == [7, 8, 9, 10]


def pool_in_pool(main: Main) -> bool:
    """Fifty pages, and nobody waits for ever."""
    pages = [f"Page {n}: picture {n}a and picture {n}b" for n in range(1, 51)]
    return sorted(main(range(1, 51))) == sorted(pages)


def lambda_to_process(main: Main) -> bool:
    """The squares come from other processes."""
    lines = [line.split(" process = ") for line in main([7, 8, 9])]
    squares = sorted(square for square, _ in lines)
    processes = {int(process) for _, process in lines}
    return (
        squares == [f"{n} squared = {n * n}" for n in (7, 8, 9)]
        and os.getpid() not in processes
    )


def session_per_page(main: Main) -> bool:
    """All pages come through one session, which is closed."""
    from unittest import mock

    from aiohttp import BaseConnector, web
    from aiohttp.test_utils import TestServer, unused_port

    async def hello(request: web.Request) -> web.Response:
        return web.Response(
            text=f"Hello from the check, {request.match_info['number']}"
        )

    app = web.Application()
    app.router.add_get("/hello/{number}", hello)
    server = TestServer(app, port=unused_port())
    # A session keeps its connections in a connector.
    real = BaseConnector.__init__
    with mock.patch.object(
        BaseConnector, "__init__", autospec=True, side_effect=real
    ) as made:
        url = f"http://127.0.0.1:{server.port}"
        lines = main(url, [7, 8, 9], around=server)
    closed = [call.args[0].closed for call in made.call_args_list]
    report(f"Sessions opened: {len(closed)}, closed: {sum(closed)}")
    return closed == [True] and sorted(lines) == [
        f"Hello from the check, {number}" for number in (7, 8, 9)
    ]


HELLOS = [f"Hello {name}" for name in NAMES]
BYES = [f"Bye.. {name}" for name in NAMES]


def overlap(lines: Sequence[str]) -> bool:
    """Return whether all the Hellos come first, and then all the Byes."""
    return sorted(lines[:3]) == sorted(HELLOS) and sorted(lines[3:]) == sorted(
        BYES
    )


def numbers(who: str, lines: Sequence[str]) -> list[int]:
    """Return the items that the producer or the consumer speaks of."""
    found = [re.match(rf"\[{who}\] \w+ing (\d+)", line) for line in lines]
    return [int(match[1]) for match in found if match]


@asynccontextmanager
async def a_moment_more() -> AsyncIterator[None]:
    """Let what is left running run, for longer than it needs."""
    yield
    await asyncio.sleep(0.5)


# The rest calls main, and reports what happened.


class Broken(Exception):
    """What was reported is not what should happen; the cause says why."""


class Lines(io.TextIOBase):
    """Takes what is printed, line by line, whichever thread prints it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.begun: dict[int, str] = {}

    def write(self, text: str) -> int:
        # Python may collect garbage at any moment. Here it does so at every
        # print, and a task to which nobody refers never survives by luck.
        gc.collect()
        thread = threading.get_ident()
        *whole, rest = (self.begun.pop(thread, "") + text).split("\n")
        self.begun[thread] = rest
        for line in map(Line, whole):
            line.thread, line.os_thread = thread, threading.get_native_id()
            self.lines.append(line)
            report(f"| {line}")
        return len(text)


def report(text: str) -> None:
    """Tell check.py, at once: a program that hangs is killed."""
    assert sys.__stdout__
    sys.__stdout__.write(text + "\n")
    sys.__stdout__.flush()


def call_main(
    path: Path,
    *args: object,
    error: type[Exception] | None = None,
    around: AbstractAsyncContextManager[object] | None = None,
) -> list[Line]:
    """Import the program anew, call its main, and return what it printed.

    Args:
        path: The program.
        args: The arguments of main.
        error: What main has to raise; it may stand in a group.
        around: What to do around a main that is a coroutine.

    Raises:
        Broken: It cannot be imported, or main ended in another way.
    """
    sys.modules.pop(path.stem, None)
    with redirect_stdout(io.StringIO()):
        try:
            program = importlib.import_module(path.stem)
        except BaseException as problem:
            report("Importing it fails:")
            raise Broken from problem
    if not hasattr(program, "main"):
        report("It has no main, which the check calls.")
        raise Broken

    async def run(coroutine: Awaitable[object]) -> None:
        async with around or nullcontext():
            await coroutine

    report(f"main({', '.join(map(repr, args))}) prints")
    with redirect_stdout(Lines()) as printed:
        try:
            result = program.main(*args)
            if inspect.isawaitable(result):
                asyncio.run(run(result))
        except BaseException as problem:
            if not error or not carries(problem, error):
                raise Broken from problem
        else:
            if error:
                report(f"and raises no {error.__name__}")
                raise Broken
    return [line for line in printed.lines if WORDS.match(line)]


def carries(problem: BaseException | None, error: type[Exception]) -> bool:
    """Return whether it is that error, or has it as its cause or in it."""
    if problem is None or isinstance(problem, error):
        return problem is not None
    inside = [problem.__cause__, *getattr(problem, "exceptions", [])]
    return any(carries(each, error) for each in inside)


def explain(problem: BaseException, path: Path) -> None:
    """Report an error, and the line of the program that it comes from."""
    if isinstance(problem, ModuleNotFoundError) and problem.name in PACKAGES:
        report(f"needs {problem.name}: python -m pip install {problem.name}")
        sys.exit(PACKAGE_MISSING)
    for line in "".join(traceback.format_exception_only(problem)).splitlines():
        report(f"| {line}")
    frames = traceback.extract_tb(problem.__traceback__)
    for frame in [x for x in frames if Path(x.filename) == path][-1:]:
        report(f"| in line {frame.lineno}: {frame.line}")


def judge(name: str, path: Path) -> bool:
    """Return whether the program is repaired; report what it does."""
    sys.path.insert(0, str(path.parent))
    check: Callable[[Main], bool] = globals()[name]
    try:
        return check(functools.partial(call_main, path))
    except Broken as broken:
        if broken.__cause__:
            explain(broken.__cause__, path)
    except ModuleNotFoundError as problem:
        explain(problem, path)  # the check needs a package itself
    except (IndexError, ValueError):
        pass  # a line that the check looks for is not there
    return False


if __name__ == "__main__":
    # Whatever the program does, this process ends: when the time is over it
    # reports where it stands, and exits.
    limit = float(sys.argv[3])
    faulthandler.dump_traceback_later(limit, exit=True, file=1)
    if judge(sys.argv[1], Path(sys.argv[2])):
        sys.exit(REPAIRED)  # once all threads have ended: or it hangs
    os._exit(1)
