"""Run commands as a reader does, and keep what they print and when.

    @runs("coroutine_test.py thread", "coroutine_test.py gevent")
    def test_something(result: Result) -> None: ...

runs the test once for each command; `result` is what came out of it. Commands
sleep most of the time, so `conftest.py` starts all that the chosen tests want
before the first test, many at once, and each only once.

From top to bottom: what a command is, and what comes out of it; how to start
one, watch it, and give a verdict; how to leave nothing running.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NoReturn
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "programs"
LIMIT = 40.0  # seconds; what takes longer hangs, and is killed

posix = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux")

# How much of a sleep is sure to pass. On Windows, before Python 3.13, asyncio
# reads a clock that ticks every 15.6 ms, and may end a sleep two ticks early.
SURE = 0.8 if sys.platform == "win32" else 1.0


@dataclass(frozen=True)
class Command:
    """What follows `python` on a command line, and what is done to it.

    Paths are relative to the repository. `{NAME}` becomes the address of that
    server in `programs/servers.py`. After `WITHOUT=PACKAGE` that package is
    missing. A shell runs it if it says so with `|`, `>` or `&-`.
    """

    line: str
    ctrl_c_at: str = ""  # press Ctrl-C once a line has this in it
    group: bool = True  # it reaches the whole group, as in a terminal
    dev: bool = True  # dev mode is on, which takes time
    # How many seconds it runs, roughly, if that is long: the longest start
    # first, and may take four times as long.
    takes: float = field(default=1, compare=False)

    @property
    def without(self) -> str:
        """The package that is missing, or nothing."""
        return "".join(re.findall(r"^WITHOUT=(\S+)", self.line))


class Line(str):
    """A printed line; `at` is when it arrived, in seconds since the start."""

    at: float


@dataclass(frozen=True)
class Result:
    """What came out of a command."""

    command: Command
    status: int
    lines: list[Line]  # on standard output
    errors: str  # what came on standard error
    seconds: float  # that the whole process took
    since_ctrl_c: float  # the seconds that it ran on

    def block(self, name: str) -> list[Line]:
        """Return the lines from a model's heading to its closing line."""
        head, every = f"== {name}", [*enumerate(self.lines)]
        starts = [n for n, line in every if line == head]
        ends = [n for n, line in every if line.startswith(f"{head}:")]
        assert len(starts) == 1, f"{len(starts)} headings of {name}"
        assert starts < ends, f"no closing line of {name}"
        return self.lines[starts[0] : ends[0] + 1]


def runs(
    *commands: str | Command, slow: Sequence[str | Command] = ()
) -> pytest.MarkDecorator:
    """Run a test once for each command, with the `result` of it."""
    params = []
    for one in [*commands, *slow]:
        command = Command(one) if isinstance(one, str) else one
        marks = [pytest.mark.slow] * (one in slow)
        params.append(pytest.param(command, marks=marks, id=command.line[:99]))
    return pytest.mark.parametrize("result", params, indirect=True)


def matches(pattern: str, lines: list[Line]) -> list[re.Match[str]]:
    """Return the matches of the lines that have the form, as they came."""
    return [m for line in lines if (m := re.fullmatch(pattern, line))]


# Start.

# Sleeping costs nothing, but starting does: so many do it at a time, until
# each has printed its first line.
STARTING = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))

# What a shell may have set that would change what is printed.
NOT_OURS = re.compile("PYTHON|PYTEST_ADDOPTS|(FORCE|NO)_COLOR|COLUMNS")


def environment(command: Command | None = None) -> dict[str, str]:
    """Return what the command, or a line of the shell, finds around it."""
    plain = {x: y for x, y in os.environ.items() if not NOT_OURS.match(x)}
    plain["PYTHONUTF8"] = "1"
    if not command:
        return plain
    return plain | {
        "PYTHONDEVMODE": "1" if command.dev else "",
        # Python 3.15 itself warns where a forked process shows a traceback.
        "PYTHONWARNINGS": "error,ignore:Module globals is missing a",
        "PYTHONPATH": str(PROGRAMS / "without") if command.without else "",
        "WITHOUT": command.without,
        # A dead proxy: no script may take it as a way to this machine.
        **dict.fromkeys(["http_proxy", "HTTP_PROXY"], "http://127.0.0.1:9"),
    }


class Process(subprocess.Popen[str]):
    """It begins a group, and what it starts inherits its mark."""

    mark: str


running: set[Process] = set()
stopping = threading.Event()  # all ends, and no more is to start


@contextmanager
def started(
    line: str | list[str],
    command: Command | None = None,
    *,
    errors: IO[str] | int | None = subprocess.PIPE,
    stdin: int = subprocess.DEVNULL,
    folder: Path = ROOT,
) -> Iterator[Process]:
    """Start a process; in the end, nothing is left of what it started."""
    if stopping.is_set():
        pytest.fail("all is over")
    mark = uuid4().hex
    with Process(
        line,
        shell=isinstance(line, str),
        env=environment(command) | {"STARTED_BY_PYTEST": mark},
        cwd=folder,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        process.mark = mark
        running.add(process)
        try:
            yield process
        finally:
            kill(process)
            running.remove(process)


@contextmanager
def within(seconds: float, process: Process) -> Iterator[None]:
    """Kill the process, and all that it started, after so many seconds."""
    timer = threading.Timer(seconds, kill, [process])
    timer.daemon = True  # at Ctrl-C, nobody waits for it
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def begun(
    line: str, seconds: float = 60, errors: int | None = subprocess.PIPE
) -> Iterator[tuple[Process, str]]:
    """Start what follows `python`; give it, and the first line it prints."""
    full = [sys.executable, *shlex.split(line)]
    with (
        started(full, errors=errors, stdin=subprocess.PIPE) as process,
        within(seconds, process),
    ):
        assert process.stdout
        with within(LIMIT, process):
            first = process.stdout.readline()
        yield process, first


# Watch.


def run(
    command: Command,
    addresses: dict[str, str] | None = None,
    limit: float = LIMIT,
) -> Result:
    """Start the command, watch it to its end, and tell what came of it.

    One that takes longer than the limit, in seconds, and more than four times
    as long as it should, fails the test that wanted it. So does, on Linux, one
    that leaves a process behind.
    """
    typed = command.line.removeprefix(f"WITHOUT={command.without}")
    typed = typed.format(**addresses or {})
    line: str | list[str] = [sys.executable, *shlex.split(typed)]
    if re.search(r" \| | > |[<>]&-", typed):
        line = f"{shlex.quote(sys.executable)} {typed}"
    limit = max(limit, 4 * command.takes)
    lines = []
    pressed = None
    with ExitStack() as turn, TemporaryFile("w+", encoding="utf-8") as errors:
        if STARTING.acquire(timeout=LIMIT / 2):
            turn.callback(STARTING.release)
        start = time.perf_counter()
        with (
            started(line, command, errors=errors) as process,
            within(limit, process),
        ):
            assert process.stdout
            for text in process.stdout:
                turn.close()
                lines.append(Line(text.rstrip("\n")))
                lines[-1].at = time.perf_counter() - start
                at = command.ctrl_c_at
                if at and at in text and not pressed:
                    time.sleep(0.2)  # let it settle: nobody types faster
                    pressed = time.perf_counter()
                    if command.group and sys.platform != "win32":
                        os.killpg(process.pid, signal.SIGINT)
                    else:
                        process.send_signal(signal.SIGINT)
            status = process.wait()
            end = time.perf_counter()
            # From Python 3.14 on, helpers of multiprocessing end a bit later.
            while (left := marked(process)) and time.perf_counter() < end + 2:
                time.sleep(0.05)
        errors.seek(0)
        # Dev mode reports what held asyncio's loop up for a tenth of a
        # second, which a busy machine does to anybody.
        said = "".join(x for x in errors if not x.startswith("Executing <"))
    if end - start > limit:
        fail("It hung, and was killed", f"python {command.line}", *lines, said)
    if left:
        fail("It left a process behind", f"python {command.line}")
    return Result(
        command, status, lines, said, end - start, end - (pressed or end)
    )


def shell(
    line: str, *, folder: Path = ROOT, timeout: float = 30, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell, as with `| head`, in so many seconds.

    `python` in it is the one that runs the tests. It has to end with 0, unless
    `check` is off.
    """
    python = shlex.quote(sys.executable)
    full = re.sub(r"(?<![\w/.])python(?= )", lambda _: python, line)
    with started(full, folder=folder) as process:
        printed, said = process.communicate(timeout=timeout)
    status = process.returncode
    if check and status:
        fail(f"It ends with {status}", line, printed, said)
    return subprocess.CompletedProcess(line, status, printed, said)


# Give a verdict.


def fail(why: str, line: str, *printed: str) -> NoReturn:
    """Fail the test, and show what was printed last."""
    last = "\n".join(printed).rstrip().splitlines()[-10:]
    pytest.fail("\n  ".join([f"{why}: {line}", *last]), pytrace=False)


# Leave nothing running.


def kill(process: Process) -> None:
    """Kill what is left of a process, its group, and what it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in marked(process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def marked(process: Process) -> list[int]:
    """Return the processes with its mark in their environment, on Linux.

    They inherit it, also those that begin a group or a session of their own.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if process.mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
