"""Runs in a process of its own: imports a program, and calls its `main`.

    python exercises/driver.py PROGRAM "main([7, 8])" OPTIONS

calls.py starts it, and reads the notes that it writes among what is printed:
who wrote what and when, where somebody sleeps, how a task ended, how main did.
A note is a line of JSON behind a byte that no text contains.
"""

import _thread
import functools
import gc
import importlib
import inspect
import io
import json
import linecache
import os
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Awaitable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # At run time a program that imports gevent has to come first.
    from asyncio import Task as AnyTask

    Task = AnyTask[object]

real_sleep = time.sleep
tasks: "weakref.WeakSet[Task]" = weakref.WeakSet()
events = 1


def tell(what: str, **facts: object) -> None:
    """Write a note, at once and whole: it is shorter than a pipe's page."""
    note = {"what": what, "at": time.perf_counter(), "pid": os.getpid()}
    os.write(events, b"\x1e%b\n" % json.dumps(note | facts).encode())


def who() -> dict[str, str]:
    """Return the ids of the thread, or greenlet, that runs."""
    pid = os.getpid()
    return {
        "thread": f"{pid} {threading.get_ident()}",
        "os_thread": f"{pid} {threading.get_native_id()}",
    }


class Recorder(io.RawIOBase):
    """Stands where stdout's file stood, below the layer that encodes.

    So a program may keep `sys.stdout.write`, or reconfigure stdout, or write
    bytes to its buffer.
    """

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return events

    def write(self, buffer: bytes) -> int:  # type: ignore[override]
        data = bytes(buffer)
        for start in range(0, len(data), 400):
            text = data[start : start + 400].decode("latin-1")
            tell("write", text=text, **who())
        # Python may collect garbage at any moment. Here it does so after
        # every line, and no task without a reference survives by luck.
        if b"\n" in data:
            gc.collect()
        return len(data)


def loop_runs_here() -> bool:
    asyncio: Any = sys.modules.get("asyncio")
    return bool(asyncio and asyncio._get_running_loop())


def watch_sleeps(path: str) -> None:
    """Note who blocks its thread; gevent puts another sleep in its place."""

    @functools.wraps(real_sleep)
    def sleep(seconds: float) -> None:
        tell(
            "sleep",
            line=in_program(sys._getframe(1), path),
            loop=loop_runs_here(),
            threads=threading.active_count(),
            **who(),
        )
        real_sleep(seconds)

    time.sleep = sleep  # type: ignore


def watch_asyncio(path: str, slow: str) -> None:
    """Note how each task ends, and who calls a queue from outside."""
    asyncio: Any = importlib.import_module("asyncio")
    create = asyncio.BaseEventLoop.create_task
    put = asyncio.Queue.put_nowait
    real = asyncio.sleep

    @functools.wraps(create)
    def create_task(*args: object, **options: object) -> "Task":
        task: Task = create(*args, **options)
        tasks.add(task)
        task.add_done_callback(ended)
        return task

    def ended(task: "Task") -> None:
        end = "cancelled" if task.cancelled() else "returned"
        if not task.cancelled() and task._exception:
            end = "failed"
        if (name := name_of(task)) != watch.__name__:
            tell("task", name=name, end=end)

    @functools.wraps(put)
    def put_nowait(*args: object) -> None:
        main = threading.main_thread() is threading.current_thread()
        if not main and not loop_runs_here():
            tell("call", line=in_program(sys._getframe(1), path))
        put(*args)

    async def sleep(delay: float, *result: object) -> object:
        name = name_of(asyncio.current_task())
        times = 5 if name == slow else 1
        return await real(delay * times, *result)

    asyncio.BaseEventLoop.create_task = create_task
    asyncio.Queue.put_nowait = put_nowait
    if slow:
        asyncio.sleep = sleep


def name_of(task: "Task | None") -> str:
    return getattr(task and task.get_coro(), "__name__", "")


async def watch(main: Awaitable[object], linger: float) -> None:
    import asyncio

    asyncio.get_running_loop().slow_callback_duration = 0.05
    try:
        await main
    finally:
        tell("main ended")
        await asyncio.sleep(linger)


def in_program(frame: FrameType | None, path: str) -> str:
    """Return the innermost line that is the program's, or nothing."""
    while frame:
        code = frame.f_code
        if code.co_filename == path:
            text = linecache.getline(path, frame.f_lineno).strip()
            return f"line {frame.f_lineno}, in {code.co_name}: {text}"
        frame = frame.f_back
    return ""


def standing(path: str) -> list[str]:
    """Return the lines of the program where somebody stands."""
    found = [in_program(x, path) for x in sys._current_frames().values()]
    for task in list(tasks):
        lines = [""]
        coroutine: Any = task.get_coro()
        while coroutine and not task.done():
            for kind in ("cr", "gi", "ag"):
                if frame := getattr(coroutine, f"{kind}_frame", None):
                    lines.append(in_program(frame, path))
                    break
            coroutine = getattr(coroutine, "cr_await", None) or getattr(
                coroutine, "gi_yieldfrom", None
            )
        found += [line for line in lines if line][-1:]
    if greenlet := sys.modules.get("greenlet"):
        for each in gc.get_objects():
            if isinstance(each, greenlet.greenlet):
                found.append(in_program(each.gr_frame, path))
    return [line for line in dict.fromkeys(found) if line][:12]


def end_in_time(limit: float, path: str) -> None:
    real_sleep(limit)
    tell("hangs", where=standing(path))
    os._exit(1)


def kinds(error: BaseException | None) -> Iterator[str]:
    """Return the types of an error, of its causes, of those in a group."""
    if error:
        yield from [kind.__name__ for kind in type(error).__mro__]
        for each in [error.__cause__, *getattr(error, "exceptions", ())]:
            yield from kinds(each)


def explain(error: BaseException, path: str) -> None:
    """Print the error as Python does, from the program's own line on."""
    missing = isinstance(error, ModuleNotFoundError) and error.name
    tell("raised", kinds=[*kinds(error)], missing=missing or "")
    place = error.__traceback__
    while place and place.tb_frame.f_code.co_filename != path:
        place = place.tb_next
    traceback.print_exception(error.with_traceback(place))


def main(path: str, expression: str, options: str) -> int:
    """Import the program, and evaluate the expression in it."""
    limit, linger, debug, slow = json.loads(options)
    recorder: Any = Recorder()
    out = io.TextIOWrapper(recorder, encoding="utf-8", write_through=True)
    sys.stdout = sys.__stdout__ = out  # type: ignore
    # gevent's patch takes over the threads that `threading` knows.
    _thread.start_new_thread(end_in_time, (limit, path))
    watch_sleeps(path)
    sys.argv = [path]
    sys.path[0] = str(Path(path).parent)
    gc.freeze()
    try:
        program = importlib.import_module(Path(path).stem)
        if "asyncio" in sys.modules:
            watch_asyncio(path, slow)
        tell("main", **who())
        result = eval(expression, vars(program))
        if inspect.isawaitable(result):
            import asyncio

            asyncio.run(watch(result, linger), debug=debug)
            tell("over")
        else:
            tell("main ended")
    except BaseException as error:
        explain(error, path)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
