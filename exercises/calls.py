"""Call a program's `main` in a process of its own, and tell what happened.

Whatever the program does, the process ends in time, its output is bounded,
and nothing that it started outlives it. See driver.py for what runs in it.
"""

import ast
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("driver.py")
MOST = 4_000_000  # bytes: who writes more never ends

NOTE = re.compile(rb'\x1e(\{"what": .*?\})\r?\n')


class Line(str):
    """A printed line; who printed it, and when, in seconds after the start.

    Lines that did not come from Python's stdout have no thread.
    """

    at: float
    thread: str
    os_thread: str


class Run:
    """What came of a call.

    Attributes:
        lines: What was printed from the start of `main` on.
        imported: What was printed before, while the file was imported.
        errors: What was written to standard error.
        status: The exit status; negative when a signal ended the process.
        pid, os_thread: The process and the thread that called main.
        raised: The names of the types of the error that ended main, if one
            did: its own, its causes', and those in a group.
        missing: The package that could not be imported, if one could not.
        seconds: When main ended, after it began; None if it never did.
        after_main: How long after that the event loop was closed.
        hangs: Where everything stood when the time was over, if it was.
        endless: Whether it was stopped because it printed too much.
        sleeps: Calls of `time.sleep`: in which line and thread, whether a
            loop runs there, how many threads there are.
        calls: Calls of a loop's queue by a thread that has no loop.
        tasks: For each task its coroutine, how it ended, and when.
    """

    def __init__(self, out: bytes, errors: bytes, status: int) -> None:
        self.errors = errors.decode("utf-8", "backslashreplace")
        self.status, self.endless = status, len(out) + len(errors) > MOST
        self.lines, self.imported = list[Line](), list[Line]()
        self.raised: list[str] = []
        self.hangs: list[str] | None = None
        self.sleeps, self.calls = list[dict[str, Any]](), list[str]()
        self.tasks: list[tuple[str, str, float]] = []
        self.seconds: float | None = None
        self.after_main = 0.0
        self.pid, self.os_thread, self.missing, start = 0, "", "", 0.0
        printed = self.imported
        begun: dict[str, bytes] = {}  # by thread: prints of two do not mix
        note: dict[str, Any] = {"at": 0.0}

        def take(text: bytes, thread: str, os_thread: str = "") -> None:
            *whole, begun[thread] = (begun.pop(thread, b"") + text).split(
                b"\n"
            )
            for each in whole:
                found = each.removesuffix(b"\r")
                line = Line(found.decode("utf-8", "backslashreplace"))
                line.at = note["at"] - start
                line.thread, line.os_thread = thread, os_thread
                printed.append(line)

        end = 0
        for found in NOTE.finditer(out[:MOST]):
            take(out[end : found.start()], "")
            end = found.end()
            note = json.loads(found[1])
            match note["what"]:
                case "write":
                    text = note["text"].encode("latin-1")
                    take(text, note["thread"], note["os_thread"])
                case "main":
                    self.pid, self.os_thread = note["pid"], note["os_thread"]
                    start, self.lines = note["at"], []
                    printed = self.lines
                case "main ended":
                    self.seconds = note["at"] - start
                case "over":
                    self.after_main = note["at"] - start - self.seconds
                case "raised":
                    self.raised = note["kinds"]
                    self.missing = note["missing"]
                case "hangs":
                    self.hangs = note["where"]
                case "sleep":
                    self.sleeps.append(note)
                case "call":
                    self.calls.append(note["line"])
                case "task":
                    self.tasks.append(
                        (note["name"], note["end"], note["at"] - start)
                    )
        take(out[end:MOST], "")
        for thread in [name for name, text in begun.items() if text]:
            take(b"\n", thread)


def call(
    path: Path,
    expression: str,
    limit: float = 10,
    linger: float = 0,
    debug: bool = False,
    slow: str = "",
) -> Run:
    """Evaluate the expression in the program, which is imported for it.

    Args:
        path: The program.
        expression: A call of its main.
        limit: After so many seconds it hangs, and is killed.
        linger: How long the event loop goes on when main has ended, so that
            what is left running shows itself.
        debug: Whether asyncio's debug mode is on.
        slow: In tasks of this coroutine a sleep lasts five times as long.
    """
    # How this Python was started concerns the tests, not the program.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PYTHONPATH", "PYTHONHOME")
        or not name.startswith(("PYTHON", "FORCE_COLOR"))
    } | {"PYTHONUTF8": "1", "PYTHON_COLORS": "0", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [
            *[sys.executable, "-B", str(DRIVER), str(path.resolve())],
            *[expression, json.dumps([limit, linger, debug, slow])],
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    out, errors = bytearray(), bytearray()
    readers = [
        threading.Thread(target=read, args=(*pair, process), daemon=True)
        for pair in ((process.stdout, out), (process.stderr, errors))
    ]
    for reader in readers:
        reader.start()
    try:
        # It ends itself, and says where it stood. A machine may be slow.
        with suppress(subprocess.TimeoutExpired):
            process.wait(limit + 10)
        hangs = process.returncode is None
    finally:
        kill(process)
        process.wait()
        for reader in readers:
            reader.join(2)
    run = Run(bytes(out), bytes(errors), process.returncode)
    if hangs and run.hangs is None and not run.endless:
        run.hangs = []
    return run


def read(
    pipe: io.RawIOBase, into: bytearray, process: "subprocess.Popen[bytes]"
) -> None:
    """Read to the end, or as much as anybody would."""
    with pipe:
        while chunk := pipe.read(65536):
            if len(into) <= MOST:
                into += chunk
                if len(into) > MOST:
                    kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process, if it still runs, and those that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(tree, capture_output=True, check=False)


class Broken(AssertionError):
    """The program fails before anything can be compared."""


class Said(list[Line]):
    """The program's own lines, as they came; and all else that happened."""

    run: Run


class Call:
    """Calls `main` of the reader's program, and remembers what happened."""

    def __init__(self, path: Path, limit: float, checked: str) -> None:
        self.path, self.limit, self.checked = path, limit, checked
        self.records: list[str] = []

    def __call__(
        self, expression: str, *own: str, error: str = "", **options: object
    ) -> Said:
        """Evaluate the expression in the program.

        Args:
            expression: A call of its main.
            own: The lines that count, as patterns; others do not.
            error: The error that main has to raise.
            options: How to call it; see `call`.
        """
        limit = self.limit
        run = call(self.path, expression, limit, **options)  # type: ignore
        said = Said(x for x in run.lines if re.fullmatch("|".join(own), x))
        said.run = run
        self.records.append(record(expression, run, said))
        if run.missing in ("gevent", "aiohttp"):
            pytest.skip(f"needs {run.missing}: {install(run.missing)}")
        if problem := what_is_wrong(run, error, limit):
            guard = unguarded(self.path) if run.seconds is None else ""
            raise Broken(f"{guard}{problem}")
        return said


def what_is_wrong(run: Run, error: str, limit: float) -> str:
    """Say how main ended, if that is not how it has to."""
    if run.endless:
        return "It prints without end."
    if run.hangs is not None:
        where = [f"\n    {line}" for line in run.hangs]
        at_end = "main has ended; what it started has not.\n"
        return (
            f"{at_end * (run.seconds is not None)}It hangs: killed after "
            f"{limit:g} s{', while it was in' * bool(where)}{''.join(where)}"
        )
    if error in run.raised or (
        not run.raised and not run.status and not error
    ):
        return ""
    if run.raised:
        expected = f"{error} was expected" if error else "none was expected"
        what = "main raised" if run.pid else "Importing it raised"
        return f"{what} {run.raised[0]}; {expected}"
    if run.status or run.seconds is None:
        return f"The process ended with status {run.status}, in mid-air"
    return f"main must raise {error}, and raised nothing"


def record(expression: str, run: Run, said: Said) -> str:
    """Show what a call printed, and how it ended."""
    own = set(map(id, said))
    threads = [x.thread for x in [*run.imported, *run.lines] if x.thread]
    names = {
        thread: ascii_uppercase[n] if n < 26 else str(n + 1)
        for n, thread in enumerate(dict.fromkeys(threads))
    }
    rows = [f"{expression} printed (second, thread)"]
    rows += [f"  import    # {line}" for line in run.imported]
    for line in run.lines:
        mark = " " if id(line) in own else "#"
        name = names.get(line.thread, "")
        rows.append(f"  {line.at:5.2f} {name:2}{mark} {line}")
    if len(rows) > 40:
        rows[30:-8] = [f"  ... {len(rows) - 38} lines more"]
    if len(said) < len(run.lines) + len(run.imported):
        rows.append("  (# is not looked at)")
    if not run.imported and not run.lines:
        rows.append("  nothing")
    if errors := run.errors.splitlines():
        errors[30:-10] = ["..."] * (len(errors) > 40)
        rows += ["and on standard error", *[f"  {x}" for x in errors]]
    rows.append(f"and ended with status {run.status}")
    return "\n".join(rows)


def unguarded(path: Path) -> str:
    """Say where main is called by whoever imports the file."""
    with suppress(SyntaxError):
        for part in ast.parse(path.read_bytes()).body:
            for node in ast.walk(part) if isinstance(part, ast.Expr) else ():
                if isinstance(node, ast.Name) and node.id == "main":
                    return (
                        f"Line {node.lineno} calls main whenever the file is "
                        "imported, as the check does,\nand other processes "
                        'do. Put it below: if __name__ == "__main__":\n'
                    )
    return ""


def install(package: str) -> str:
    """Return how to install for this Python."""
    pip = "python -m" if importlib.util.find_spec("pip") else "uv"
    return f"{pip} pip install {package}"
