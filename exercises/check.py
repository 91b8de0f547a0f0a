"""Tell which of the broken programs you have repaired.

You repair copies, in exercises/mine. Each is checked in a process of its own.

    python exercises/check.py               all, up to the first to repair
    python exercises/check.py 7             the seventh
    python exercises/check.py lost_update   the one of that name
    python exercises/check.py --all         all
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import checks

HERE = Path(__file__).resolve().parent
EXERCISES = sorted(HERE.glob("[0-9][0-9]_*.py"))
AT_ONCE = 4  # they sleep more than they work


async def verdict(path: Path, limit: float) -> tuple[int, list[str]]:
    """Check the program; return an exit status of checks.py, and its report.

    It ends by itself when the time is over. Should it not, or is this
    cancelled, it is killed, with all processes that it has started.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as report:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-B", "-Wignore", "-Xutf8"],
            *[str(HERE / "checks.py"), name_of(path), str(path), str(limit)],
            stdin=subprocess.DEVNULL,
            stdout=report,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), limit + 0.8)
            hangs = process.returncode is None
        finally:
            kill(process)
            status = await process.wait()
        report.seek(0)
        # What follows is where each thread stood when the time was over.
        text, *where = re.split(r"(?m)^Timeout \(", report.read())
    lines = text.splitlines()
    if len(lines) > 24:
        lines[18:-4] = ["| ..."]
    if hangs or where:
        lines.append(f"It hangs: killed after {limit:g} s.")
        if found := re.search(rf'{path.name}", line (\d+)', "".join(where)):
            lines.append(f"It was in line {found[1]}.")
    return status, lines or ["It ended without a word."]


def kill(process: asyncio.subprocess.Process) -> None:
    """Kill the process, if it still runs, and those that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(tree, capture_output=True, check=False)


async def check(paths: Sequence[Path], limit: float, stop: bool) -> int:
    """Check some at a time, print the verdicts in order; count the good."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(path: Path) -> tuple[int, list[str]]:
        async with turn:
            return await verdict(path, limit)

    repaired = 0
    verdicts = [asyncio.create_task(one(path)) for path in paths]
    try:
        for path, coming in zip(paths, verdicts, strict=True):
            status, lines = await coming
            name = name_of(path)
            works = getattr(checks, name).__doc__
            heading = f"{path.stem[:2]} {name:18}"
            if status == checks.REPAIRED:
                repaired += 1
                print(f"{heading} ok: {works}", flush=True)
            elif status == checks.PACKAGE_MISSING:
                print(f"{heading} {lines[-1]}", flush=True)
            else:
                print(f"{heading} not repaired yet", *lines, sep="\n   ")
                print(f"   Expected: {works}")
                print(f"   {read_again(path)}", flush=True)
                if stop:
                    print(f"Repair {shown(path)}", flush=True)
                    break
    finally:
        for each in verdicts:
            each.cancel()
        await asyncio.gather(*verdicts, return_exceptions=True)
    return repaired


def name_of(path: Path) -> str:
    return path.stem[3:]


def shown(path: Path) -> Path:
    """Return the path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def read_again(path: Path) -> str:
    """Return what to read, as the docstring of the exercise says."""
    source = (HERE / path.name).read_text(encoding="utf-8")
    found = re.search(r"Read again:.*?(?=Hint:)", source, re.DOTALL)
    return " ".join(found[0].split()) if found else ""


# The rest reads the command line.


def exercise(text: str) -> Path:
    """Return the exercise of that number, name or file name."""
    for path in EXERCISES:
        if Path(text).stem in (name_of(path), path.stem):
            return path
        if text.isdigit() and int(text) == int(path.stem[:2]):
            return path
    raise argparse.ArgumentTypeError(f"there is no exercise {text!r}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("EXERCISE", nargs="*", type=exercise)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--limit", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--folder", type=Path, default=HERE / "mine")
    args = parser.parse_args()
    if not 0.1 <= args.limit <= 3600:
        parser.error("--limit must be from 0.1 to 3600")
    folder = args.folder.resolve()
    paths = [folder / path.name for path in args.EXERCISE or EXERCISES]
    missing = [path for path in paths if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            shutil.copy(HERE / path.name, path)
    except OSError as error:
        parser.error(f"--folder: {error}")
    stop = not (args.all or args.EXERCISE)
    try:
        if missing:
            print(f"programs copied to {shown(folder)}: {len(missing)}")
        repaired = asyncio.run(check(paths, args.limit, stop))
        bar = "#" * repaired + "-" * (len(paths) - repaired)
        print(f"[{bar}] {repaired} of {len(paths)} repaired", flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(0 if repaired == len(paths) else 1)


if __name__ == "__main__":
    main()
