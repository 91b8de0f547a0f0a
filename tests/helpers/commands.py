"""Run commands as a reader does, and keep what they print and when.

    @runs("coroutine_test.py thread", "coroutine_test.py gevent")
    def test_something(result: Result) -> None: ...

runs the test once for each command; `result` is what came out of it. Commands
sleep most of the time, so `conftest.py` starts all that the chosen tests want
before the first test, many at once, and each only once.
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
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "programs"
LIMIT = 60.0  # seconds; a command that takes longer hangs

# How much of a sleep is sure to pass. On Windows, before Python 3.13, asyncio
# reads a clock that ticks every 15.6 ms, and may end a sleep two ticks early.
SURE = 0.8 if sys.platform == "win32" else 1.0

# Sleeping costs nothing, but starting does: so many do it at a time, until
# each has printed its first line.
STARTING = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))


@dataclass(frozen=True)
class Command:
    """What follows `python` on a command line, and what is done to it.

    Attributes:
        line: Paths in it are relative to the repository. `{NAME}` becomes
            the address of that server in `programs/servers.py`.
        ctrl_c_at: Press Ctrl-C once a line that begins so has been printed.
        group: Whether Ctrl-C reaches the whole process group, as it does in
            a terminal, or the first process only.
        without: Packages, with spaces between, that are not installed.
        dev: Whether dev mode is on, which takes time.
        takes: How many seconds it runs, roughly, if that is long: the
            longest start first.
    """

    line: str
    ctrl_c_at: str = ""
    group: bool = True
    without: str = ""
    dev: bool = True
    takes: float = field(default=1, compare=False)

    def __str__(self) -> str:
        """Name the command in a test's id."""
        return self.line + " without " * bool(self.without) + self.without


class Line(str):
    """A printed line; `at` is when it arrived, in seconds since the start."""

    at: float


@dataclass(frozen=True)
class Result:
    """What came out of a command.

    Attributes:
        command: The command.
        status: The exit status.
        lines: What was printed on standard output.
        errors: What was printed on standard error.
        seconds: How long the whole process took.
        since_ctrl_c: How long it ran on after Ctrl-C, in seconds.
        left_running: Whether it left a process behind, for two seconds.
    """

    command: Command
    status: int
    lines: list[Line]
    errors: str
    seconds: float
    since_ctrl_c: float
    left_running: bool

    def block(self, name: str) -> list[Line]:
        """Return the lines from a model's heading to its closing line."""
        heads = [n for n, x in enumerate(self.lines) if x == f"== {name}"]
        assert len(heads) == 1, f"{len(heads)} headings of {name}"
        for end in range(heads[0], len(self.lines)):
            if self.lines[end].startswith(f"== {name}:"):
                return self.lines[heads[0] : end + 1]
        raise AssertionError(f"no closing line of {name}")


def runs(*commands: str | Command) -> pytest.MarkDecorator:
    """Run a test once for each command, with the `result` of it."""
    return pytest.mark.parametrize(
        "result",
        [Command(x) if isinstance(x, str) else x for x in commands],
        indirect=True,
        ids=str,
    )


def matches(pattern: str, lines: list[Line]) -> list[re.Match[str]]:
    """Return the matches of the lines that have the form, as they came."""
    return [m for line in lines if (m := re.fullmatch(pattern, line))]


def run(command: Command, addresses: dict[str, str] | None = None) -> Result:
    """Run the command to its end, which comes after `LIMIT` at the latest."""
    environment = os.environ | {
        "PYTHONDEVMODE": "1" if command.dev else "",
        "PYTHONWARNINGS": "error",
        "PYTHONUNBUFFERED": "",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(PROGRAMS / "without") if command.without else "",
        "WITHOUT": command.without,
        # A proxy is no way to reach this machine.
        **dict.fromkeys(["http_proxy", "HTTP_PROXY"], "http://127.0.0.1:9"),
    }
    line = command.line.format(**addresses or {})
    lines = []
    pressed = None
    with (
        ExitStack() as starting,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        starting.enter_context(STARTING)
        start = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, *shlex.split(line)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        ) as process:
            assert process.stdout
            deadline = threading.Timer(LIMIT, kill_group, [process])
            deadline.start()
            for text in process.stdout:
                starting.close()
                lines.append(Line(text.rstrip("\n")))
                lines[-1].at = time.perf_counter() - start
                if not pressed and text.startswith(command.ctrl_c_at or "\0"):
                    time.sleep(0.2)  # let it settle: nobody types faster
                    pressed = time.perf_counter()
                    press_ctrl_c(process, command.group)
            status = process.wait()
            end = time.perf_counter()
            deadline.cancel()
            left_running = outlived(process.pid)
            kill_group(process)
        errors.seek(0)
        # Dev mode reports what held asyncio's loop up for a tenth of a
        # second, which a busy machine does to anybody.
        said = [x for x in errors if not x.startswith("Executing <")]
    return Result(
        command,
        status,
        lines,
        "".join(said),
        end - start,
        end - (pressed or end),
        left_running,
    )


def shell(
    line: str, *, folder: Path = ROOT, timeout: float = 30
) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell, as with `| head`; it has to end with 0."""
    return subprocess.run(
        line,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=True,
    )


def press_ctrl_c(process: "subprocess.Popen[str]", group: bool) -> None:
    """Send SIGINT to the process, or to its whole group."""
    if group and sys.platform != "win32":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)


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


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill what is left of a process and its group."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
