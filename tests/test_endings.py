"""How the scripts of chapters 1 to 4 end when something is wrong.

Each row is a command and what its test looks for. After `WITHOUT=PACKAGE` a
package is missing; `{fine}` is a server, and at `{nobody}` nobody listens.
"""

import re
import sys
from importlib import import_module

import pytest
from helpers.commands import ROOT, Command, Result, linux, matches, posix, runs

sys.path.insert(0, str(ROOT))

from asyc_test import STEPS


def rows(table: str) -> list[list[str]]:
    """Return the rows of a table, each split into its columns."""
    return [re.split(r" +\| ?", row) for row in table.strip().splitlines()]


def each(line: str, names: str) -> list[str]:
    """Return the line with each of the names where it has a NAME."""
    return [line.replace("NAME", name) for name in names.split()]


# A command, and what it has printed when Ctrl-C is pressed.
CTRL_C = """
coroutine_test.py                                   | == sequential
coroutine_test.py thread async                      | Hello 3
coroutine_test.py yield async                       | Hello 1
coroutine_test.py async gevent                      | Hello 2
coroutine_test.py gevent                            | Hello 3
consumer_produce.py thread --seconds 9              | Consuming 2
consumer_produce.py gevent --seconds 9              | Consuming 2
asyc_test.py blocking no_lock                       | == blocking
asyc_test.py no_stop no_lock                        | == no_stop
aio_http/thread_client.py --seconds 30              | Hello 5
aio_http/async_client.py --seconds 30 --url {fine}  | Hello 5
"""
# The same. Of three workers, each a process, one may have no page by then.
SLOW_CTRL_C = """
asyc_test.py blocking iterate                                  | broken_hello
asyc_test.py no_stop iterate                                   | main: Timeout
asyc_test.py cpu iterate                                       | threads
asyc_test.py cpu iterate                                       | processes
consumer_produce.py --seconds 9                                | == yield
consumer_produce.py async --seconds 9                          | Consuming 2
aio_http/sequential_client.py --seconds 30 --url {fine}        | Hello 1
aio_http/process_client.py --seconds 2 --pages 4 --workers 3   | Hello 4
aio_http/yield_client.py --seconds 30 --url {fine}             | Hello 5
aio_http/gevent_client.py --seconds 30                         | Hello 5
aio_http/compare.py process --seconds 30                       | 5 pages
aio_http/thread_client.py --seconds 0 --pages 5000             | Hello 99
aio_http/gevent_client.py --seconds 0 --pages 5000             | Hello 99
"""
# Only the first process hears it, as from `kill -INT`.
ONE_PROCESS = """
aio_http/async_client.py --seconds 30      | Hello 5
aio_http/compare.py process --seconds 30   | 5 pages
"""
# Here processes have just begun to import what they need.
START = (
    "-c 'import multiprocessing as mp, asyc_test; asyc_test.work = str;"
    ' mp.set_start_method("NAME"); asyc_test.main()\' cpu'
)
# Here a greenlet, not the main one, is in the middle of a line.
GREENLET = (
    "-c 'import os, {} as x; signals = iter({} * [0] + [2]); x.print ="
    " lambda *a, **b: (print(*a, **b), os.kill(0, next(signals, 0)));"
    " x.main()' gevent --seconds 9"
)
MANY = "aio_http/process_client.py --url {fine} --pages 200 --workers 200"


def closed(result: Result) -> list[str]:
    """Return the models or steps that have a closing line."""
    return [m[1] for m in matches(r"== (\w+): \d.*", result.lines)]


@posix
@runs(
    *(Command(line, at) for line, at in rows(CTRL_C)),
    GREENLET.format("coroutine_test", 1) + " 9",
    GREENLET.format("consumer_produce", 6),
    slow=[
        *(Command(line, at) for line, at in rows(SLOW_CTRL_C)),
        *(Command(line, at, group=False) for line, at in rows(ONE_PROCESS)),
        # A sleeper, tasks, a blocked loop, a thread, a loop elsewhere; on a
        # busy machine perhaps the step after that.
        *(Command(f"asyc_test.py {x} iterate", f"== {x}") for x in STEPS),
        *(Command(x, "threads") for x in each(START, "spawn forkserver")),
        Command(MANY, "== process", takes=15),
    ],
)
def test_ctrl_c(result: Result) -> None:
    """It ends at once, without a word, and with nothing like a result."""
    assert (result.status, result.errors) == (130, "")
    # Most would run on for long. Two hundred processes take longer to end.
    assert result.since_ctrl_c < max(3, result.command.takes)
    opened = [m[1] for m in matches(r"== (\w+)", result.lines)]
    assert closed(result) == opened[:-1]


# A command, and the models that run all the same, in the table's order.
MISSING = """
WITHOUT=gevent coroutine_test.py gevent async yield --seconds 0 | yield async
WITHOUT=gevent consumer_produce.py gevent yield --seconds 0     | yield
WITHOUT=gevent aio_http/gevent_client.py --url {nobody}         |
WITHOUT=aiohttp aio_http/async_client.py --url {nobody}         |
WITHOUT=aiohttp aio_http/thread_client.py                       |
WITHOUT=aiohttp aio_http/compare.py                             |
"""


@pytest.mark.parametrize(
    ("result", "others"),
    [(Command(line), others) for line, others in rows(MISSING)],
    indirect=["result"],
)
def test_package_missing(result: Result, others: str) -> None:
    """One line says what to install."""
    assert result.status == 1
    name = result.command.without
    install = f"{name} is missing: python -m pip install {name}\n"
    assert result.errors == install
    # Of several, the closing lines are repeated in the end.
    once = others.split()
    assert closed(result) == once * (1 + (len(once) > 1))


@pytest.mark.slow
@runs(
    "WITHOUT=greenlet coroutine_test.py gevent",
    "WITHOUT=greenlet consumer_produce.py gevent",
    "WITHOUT=multidict aio_http/async_client.py --url {nobody}",
    "WITHOUT=live aio_http/server.py",
)
def test_what_is_no_package_to_install(result: Result) -> None:
    """Python says itself which module is missing, and where."""
    assert result.status == 1
    assert f"of {result.command.without} halted" in result.errors
    assert "pip install" not in result.errors


# In each of them is a mistake: a function is missing, or, of a client's pages,
# the last has an address that is no text.
HELLO = "-c 'import coroutine_test as x; del x.say_bye; x.main()' NAME"
CONSUMER = (
    "-c 'import consumer_produce as x; del x.say_consumed; x.main()' NAME"
)
PAGE = (
    "-c 'from aio_http import NAME_client as x; x.run_client("
    "lambda urls, *rest: x.NAME_client([*urls, 5], *rest), None, 9)'"
    " --url {fine} --pages 2 --seconds 0.1"
)


@runs(
    *each(f"{HELLO} --seconds 0", "thread yield asyncio async gevent"),
    *each(f"{CONSUMER} --seconds 0", "thread"),
    slow=each(f"{CONSUMER} --seconds 0", "yield asyncio async gevent")
    + each(PAGE, "sequential thread process yield async gevent"),
)
def test_own_error(result: Result) -> None:
    """It has its traceback, in whatever it happens, and ends the run."""
    assert result.status == 1
    assert re.search(r", in (\w*hello|consumer?)\n", result.errors)
    assert re.search(r"\b(Name|Attribute|Type)Error: ", result.errors)
    assert not closed(result)


LIMITED = "tests/programs/limited.py"


@linux
@runs(
    f"{LIMITED} coroutine_test.py thread async --seconds" + 300 * " 9",
    f"{LIMITED} consumer_produce.py thread async --consumers 300",
    f"{LIMITED} aio_http/thread_client.py --url {{fine}} --pages 500"
    " --workers 500 --seconds 30",
)
def test_system_refuses_a_thread(result: Result) -> None:
    """Python's own error, at once."""
    assert result.status == 1
    assert "\nRuntimeError: can't start new thread\n" in result.errors
    assert not closed(result)
    assert result.seconds < 15


BAD_ARGUMENTS = """
coroutine_test threads           | MODEL: invalid choice: 'threads'
coroutine_test --seconds 0 asink | --seconds: invalid float value: 'asink'
coroutine_test --seconds 1 nan   | --seconds: must be from 0 to 3600
asyc_test pickle awaits          | STEP: invalid choice: 'awaits'
consumer_produce --items 0       | --items: must be from 1 to 100000
consumer_produce --consumers 1001  | --consumers: must be from 1 to 1000
consumer_produce --seconds nan   | --seconds: must be from 0 to 3600
consumer_produce --fail-on 6     | --fail-on: must be from 0 to 5
server --port -1                 | --port: not from 0 to 65,535
compare --pages 0                | --pages: must be from 1 to 100000
compare --timeout 0              | --timeout: must be from 0.001 to 3600
compare --url ftp://[::1]        | --url: invalid address value
compare --url 127.0.0.1:8080     | --url: invalid address value
compare --url http://            | --url: invalid address value
compare --url http://[::1        | --url: invalid address value
compare --url http://[::1]:99999 | --url: invalid address value
compare --url http://[::1]:8/a   | --url: invalid address value
compare --url http://a..b        | --url: invalid address value
download --limit 0               | --limit: must be from 1 to 100
download --url ftp://127.0.0.1   | --url: invalid address value
download --folder README.md      | --folder:
download /no/such/file           | FILE:
download /dev/null               | FILE:
download /bin/sh                 | FILE:
"""


@pytest.mark.parametrize(("line", "message"), rows(BAD_ARGUMENTS))
def test_bad_arguments(
    line: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    name, *arguments = line.split()
    monkeypatch.syspath_prepend(ROOT / "aio_http")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        import_module(name).main()
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert re.search(rf"error: argument {re.escape(message)}(?!\d)", errors)
