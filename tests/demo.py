"""Run a demo as a reader does, and keep what it printed and when."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIMIT = 60.0  # seconds; a demo that takes longer hangs

# Sleeping costs nothing, but starting does: so many do it at a time, until
# each has printed its first line.
STARTING = threading.BoundedSemaphore(8)


@dataclass(frozen=True)
class Demo:
    """A command to run: Python's arguments, and what is done to it.

    Attributes:
        args: What follows `python`, with paths relative to the repository.
        ctrl_c_at: Press Ctrl-C once a line that begins so has been printed.
        group: Whether Ctrl-C reaches the whole process group, as it does in
            a terminal, or the first process only.
        without: Whether gevent and aiohttp are to be missing.
    """

    args: tuple[str, ...]
    ctrl_c_at: str = ""
    group: bool = True
    without: bool = False

    def __str__(self) -> str:
        """Name the demo in a test's id."""
        return " ".join(self.args)


@dataclass(frozen=True)
class Result:
    """What came out of a demo.

    Attributes:
        status: The exit status.
        lines: What was printed on standard output.
        at: When each line arrived, in seconds since the start.
        errors: What was printed on standard error.
        seconds: How long the whole process took.
        since_ctrl_c: How long it ran on after Ctrl-C, in seconds.
        left_running: Whether it left a process behind, for two seconds.
    """

    status: int
    lines: list[str]
    at: list[float]
    errors: str
    seconds: float
    since_ctrl_c: float
    left_running: bool


def demo(*args: str) -> Demo:
    """Return the demo that `python ARGS` runs."""
    return Demo(args)


def clock(match: re.Match[str]) -> int:
    """Return the time of day that a line's `now` gives, in seconds."""
    hours, minutes, seconds = map(int, match["now"].split(":"))
    return hours * 3600 + minutes * 60 + seconds


def run(demo: Demo) -> Result:
    """Run the demo to its end, which comes after `LIMIT` at the latest."""
    environment = os.environ | {
        # Dev mode takes time: plain runs have it, of a script or one model.
        "PYTHONDEVMODE": "1" if len(demo.args) <= 2 else "",
        "PYTHONWARNINGS": "error",
        "PYTHONUNBUFFERED": "",
        "PYTHONPATH": str(Path(__file__).parent / "not_installed")
        if demo.without
        else "",
    }
    lines, at = [], []
    pressed = None
    starting = ExitStack()
    starting.enter_context(STARTING)
    start = time.perf_counter()
    with (
        starting,
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, *demo.args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout
        deadline = threading.Timer(LIMIT, _kill_group, [process.pid])
        deadline.start()
        for line in process.stdout:
            starting.close()
            at.append(time.perf_counter() - start)
            lines.append(line.rstrip("\n"))
            if pressed is None and line.startswith(demo.ctrl_c_at or "\0"):
                time.sleep(0.2)  # let it settle: nobody types faster
                pressed = time.perf_counter()
                send = os.killpg if demo.group else os.kill
                send(process.pid, signal.SIGINT)
        status = process.wait()
        end = time.perf_counter()
        deadline.cancel()
        left_running = _left_running(process.pid)
        _kill_group(process.pid)
        errors.seek(0)
        # Dev mode reports what held asyncio's loop up for a tenth of a
        # second, which a busy machine does to any demo.
        said = [x for x in errors if not x.startswith("Executing <")]
        return Result(
            status,
            lines,
            at,
            "".join(said),
            end - start,
            end - (pressed or end),
            left_running,
        )


def _left_running(group: int) -> bool:
    """Return whether any process of the group runs for two seconds more.

    From Python 3.14 on, helpers of multiprocessing end right after the
    process that started them. They can stay in the group as zombies, which
    have ended.
    """
    deadline = time.monotonic() + 2
    while _runs(group):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def _runs(group: int) -> bool:
    """Return whether any process of the group runs; zombies do not."""
    if sys.platform == "win32":
        return False  # no process groups there
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = (
                path.read_text().rpartition(")")[2].split()[:3]
            )
            if int(its_group) == group and state != "Z":
                return True
    return not Path("/proc/self/stat").exists()


def _kill_group(group: int) -> None:
    """Kill what is left of a process group."""
    if sys.platform == "win32":
        return
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
