"""Run commands as a reader does, and keep what they print and when.

    @runs("coroutine_test.py thread", "coroutine_test.py gevent")
    def test_something(result: Result) -> None: ...

runs the test once for each command; `result` is what came out of it. Commands
sleep most of the time, so `conftest.py` starts all that the chosen tests want
before the first test, many at once, and each only once.

From top to bottom: what a command is and what comes out of it; how to start
one, watch it, and tell how it ended; how to leave nothing running.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
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

    Attributes:
        line: Paths in it are relative to the repository. `{NAME}` becomes
            the address of that server in `programs/servers.py`. After
            `WITHOUT=PACKAGE` that package is missing. A shell runs it if it
            says so with `|`, `>` or `&-`.
        ctrl_c_at: Press Ctrl-C once a line that has this in it is printed.
        group: Whether Ctrl-C reaches the whole process group, as it does in
            a terminal, or the first process only.
        dev: Whether dev mode is on, which takes time.
        takes: How many seconds it runs, roughly, if that is long: the
            longest start first, and may take four times as long.
    """

    line: str
    ctrl_c_at: str = ""
    group: bool = True
    dev: bool = True
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
    left_running: bool  # whether it left a process behind, for two seconds

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
        params.append(pytest.param(command, marks=marks, id=command.line))
    return pytest.mark.parametrize("result", params, indirect=True)


def matches(pattern: str, lines: list[Line]) -> list[re.Match[str]]:
    """Return the matches of the lines that have the form, as they came."""
    return [m for line in lines if (m := re.fullmatch(pattern, line))]


def run(
    command: Command,
    addresses: dict[str, str] | None = None,
    limit: float = LIMIT,
) -> Result:
    """Start the command, watch it to its end, and tell what came of it.

    One that takes longer than the limit, in seconds, or four times as long as
    it should, hangs: it is killed, and fails the test that wanted it.
    """
    typed = command.line.removeprefix(f"WITHOUT={command.without}")
    typed = typed.format(**addresses or {})
    line: str | list[str] = [sys.executable, *shlex.split(typed)]
    if re.search(r" \| | > |[<>]&-", typed):
        line = f"{shlex.quote(sys.executable)} {typed}"
    with (
        ExitStack() as turn,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        if STARTING.acquire(timeout=limit / 2):
            turn.callback(STARTING.release)
        if stopping.is_set():
            pytest.fail("all is over")
        start = time.perf_counter()
        with started(
            line,
            environment(command),
            bound(max(limit, 4 * command.takes)),
            errors=errors,
        ) as process:
            lines, pressed = watch(process, command, start, turn.close)
            status = process.wait()
            end = time.perf_counter()
            left_running = outlived(process.pid)
        errors.seek(0)
        # Dev mode reports what held asyncio's loop up for a tenth of a
        # second, which a busy machine does to anybody.
        said = "".join(x for x in errors if not x.startswith("Executing <"))
    if process in hung:
        fail_hung(f"python {command.line}", [*lines, said])
    return Result(
        command,
        status,
        lines,
        said,
        end - start,
        end - (pressed or end),
        left_running,
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
    with started(
        full,
        environment(),
        bound(timeout),
        errors=subprocess.PIPE,
        folder=folder,
    ) as process:
        printed, said = process.communicate()
    if process in hung:
        fail_hung(line, [printed, said])
    status = process.returncode
    if check and status:
        pytest.fail(f"{line}\nends with {status}:\n{printed}{said}")
    return subprocess.CompletedProcess(line, status, printed, said)


# Start.

# Sleeping costs nothing, but starting does: so many do it at a time, until
# each has printed its first line.
STARTING = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))

# What a shell may have set that would change what is printed.
NOT_OURS = re.compile("PYTHON|PYTEST_ADDOPTS|(FORCE|NO)_COLOR|COLUMNS")

running: set["subprocess.Popen[str]"] = set()


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
        # A proxy is no way to reach this machine.
        **dict.fromkeys(["http_proxy", "HTTP_PROXY"], "http://127.0.0.1:9"),
    }


@contextmanager
def started(
    line: str | list[str],
    environment: dict[str, str],
    seconds: float,
    *,
    errors: IO[str] | int,
    folder: Path = ROOT,
) -> Iterator["subprocess.Popen[str]"]:
    """Start a process, and with it a group; in the end nothing is left.

    After so many seconds it hangs, and the whole group is killed.
    """
    with subprocess.Popen(
        line,
        shell=isinstance(line, str),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        running.add(process)
        try:
            with after(seconds, lambda: kill_hung(process)):
                yield process
        finally:
            kill_group(process)
            running.discard(process)


@contextmanager
def after(seconds: float, do: Callable[[], None]) -> Iterator[None]:
    """Do that if the block takes so many seconds."""
    timer = threading.Timer(seconds, do)
    timer.daemon = True  # at Ctrl-C, nobody waits for it
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# Watch.


def watch(
    process: "subprocess.Popen[str]",
    command: Command,
    start: float,
    has_started: Callable[[], None],
) -> tuple[list[Line], float | None]:
    """Read what the command prints, and press Ctrl-C where it is to.

    Returns:
        The lines, and when Ctrl-C was pressed.
    """
    lines = []
    pressed = None
    assert process.stdout
    for text in process.stdout:
        has_started()
        lines.append(Line(text.rstrip("\n")))
        lines[-1].at = time.perf_counter() - start
        if not pressed and (command.ctrl_c_at or "\0") in text:
            time.sleep(0.2)  # let it settle: nobody types faster
            pressed = time.perf_counter()
            if command.group and sys.platform != "win32":
                os.killpg(process.pid, signal.SIGINT)
            else:
                process.send_signal(signal.SIGINT)
    return lines, pressed


# Tell how it ended.

hung: set["subprocess.Popen[str]"] = set()


def bound(seconds: float) -> float:
    """Return how long a wait may take: once one hung, a fifth of that.

    Fifteen seconds are the least. Where one hangs, others may do so, and not
    each of them needs as long.
    """
    return max(15, seconds / 5) if hung else seconds


def fail_hung(line: str, printed: list[str]) -> None:
    """Fail the test, and show what was printed last."""
    last = "\n".join(printed).rstrip().splitlines()[-10:]
    pytest.fail(
        "\n  ".join([f"It hung, and was killed: {line}", *last]), pytrace=False
    )


def outlived(group: int) -> bool:
    """Return whether any process of the group runs for two seconds more.

    From Python 3.14 on, helpers of multiprocessing end right after the
    process that started them. They can stay in the group as zombies, which
    have ended.
    """
    deadline = time.monotonic() + 2
    while group_runs(group):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def group_runs(group: int) -> bool:
    """Return whether any process of the group runs; zombies do not."""
    if sys.platform == "win32":
        return False  # no process groups there
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # macOS says so of a group that has only zombies
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text(encoding="utf-8").rpartition(")")[2]
            state, _, its_group = fields.split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return not Path("/proc/self/stat").exists()


# Leave nothing running.


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill what is left of a process and its group."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def kill_hung(process: "subprocess.Popen[str]") -> None:
    """Kill it, and remember that it hung."""
    hung.add(process)
    kill_group(process)


stopping = threading.Event()


def kill_all() -> None:
    """Kill all that still runs, and start no more."""
    stopping.set()
    for process in [*running]:
        kill_group(process)
