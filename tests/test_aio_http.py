"""Chapter 4: what the clients print, whatever the server does.

Three pages of 0.8 seconds: 2.4 one after another, 0.8 at once. `{NAME}` in a
command is a server of `programs/servers.py`: {MODEL} counts the requests of
one client, on a host that has a name; {misbehaving} has an IPv6 address where
the system knows IPv6.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.commands import (
    PROGRAMS,
    ROOT,
    SURE,
    Command,
    Result,
    kill_group,
    matches,
    runs,
    shell,
)
from helpers.screens import drawn

sys.path.insert(0, str(PROGRAMS))
sys.path.insert(0, str(ROOT / "aio_http"))

import server
from misbehaving import ANSWERS, BAD, LATE, SLOW
from yield_client import Waits, event_loop

# In the environment of all that is started here, to find what is left of it.
MARK = str(uuid4())
os.environ["AIO_HTTP_TESTS"] = MARK

# The second in which each line comes, the line, and a letter for each id.
ONE_AFTER_ANOTHER = """
0.0 Hello 1 serve thread id = A OS thread = A
0.8 Bye.. 1
0.8 Hello 2 serve thread id = A OS thread = A
1.6 Bye.. 2
1.6 Hello 3 serve thread id = A OS thread = A
2.4 Bye.. 3
"""
THREADS = """
0.0 Hello 1 serve thread id = A OS thread = A
0.0 Hello 2 serve thread id = B OS thread = B
0.0 Hello 3 serve thread id = C OS thread = C
0.8 Bye.. 1
0.8 Bye.. 2
0.8 Bye.. 3
"""
ONE_THREAD = re.sub("= [BC]", "= A", THREADS)
GREENLETS = re.sub("OS thread = [BC]", "OS thread = A", THREADS)
TIMELINES = {
    "sequential": ONE_AFTER_ANOTHER,
    "thread": THREADS,
    "yield": ONE_THREAD,
    "async": ONE_THREAD,
    "gevent": GREENLETS,
}

# How many thread ids, how many OS threads, and how many wait at once.
# Processes may or may not have the same thread id, and one that is slow to
# start may find its page taken.
EXPECTED = {
    "sequential": ([1], [1], [1]),
    "thread": ([3], [3], [3]),
    "process": ([1, 2, 3], [2, 3], [2, 3]),
    "yield": ([1], [1], [3]),
    "async": ([1], [1], [3]),
    "gevent": ([3], [1], [3]),
}

# For 500 pages: how many workers, and seconds a page.
MANY = {
    "sequential": (1, 0.0),
    "thread": (50, 0.1),
    "process": (5, 0.01),
    "yield": (250, 0.5),
    "async": (250, 0.5),
    "gevent": (250, 0.5),
}

TIMEOUT = 1.2  # seconds, for the pages of the misbehaving server
WHOLE_PAGE = ["yield", "async", "gevent"]  # what it bounds in these models

HELLO = (
    r"Hello (?P<page>\w+) now = [\d:]{8}"
    r" serve thread id = \d+ OS thread = \d+"
)
BYE = r"Bye\.\. (?P<page>\d+) now = [\d:]{8}"
CLOSING = (
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
    r" \| pages (?P<pages>\d+) \| failed (?P<failed>\d+)"
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")


def client(model: str, options: str = "") -> str:
    """Return the command that runs a client."""
    return f"aio_http/{model}_client.py {options}".rstrip()


def model_of(result: Result) -> str:
    """Return which client it was."""
    return result.command.line.partition("_client")[0].partition("/")[2]


def closing(result: Result) -> re.Match[str]:
    """Return the parts of the closing line, which is the last."""
    match = re.fullmatch(CLOSING, result.lines[-1])
    assert match, result
    return match


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of a page."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def in_flight(url: str) -> tuple[int, int]:
    """Return how many requests the server has in flight: now, and at most."""
    found = re.search(r"in flight: (\d+) now, (\d+) at most", get(url)[1])
    assert found
    return int(found[1]), int(found[2])


def listens(url: str) -> bool:
    """Return whether anybody listens there."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def soon(condition: Callable[[], bool]) -> bool:
    """Wait for it, five seconds at most; return whether it came true."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


# Clients of a server that is as it should be.


@runs(
    *(
        client(model, f"--url {{{model}}}/ --pages 3 --seconds 0.8")
        for model in EXPECTED
    )
)
def test_three_pages(result: Result, addresses: dict[str, str]) -> None:
    """All wait at once, unless they take turns; who comes first is open.

    The closing line counts what the lines show, and what the server saw.
    """
    assert (result.status, result.errors) == (0, "")
    model = model_of(result)
    heading, *lines, _ = result.lines
    assert heading == f"== {model}"
    if model == "process":  # who does what when is open
        words = sorted(line.split(" now")[0] for line in lines)
        assert words == [f"{x} {n}" for x in ("Bye..", "Hello") for n in "123"]
    else:
        if model != "sequential":
            lines = sorted(lines[:3]) + sorted(lines[3:])
        assert drawn(lines, TIMELINES[model]) == TIMELINES[model]
    end = closing(result)
    took = 2.4 if model == "sequential" else 0.8
    assert took * SURE <= float(end["seconds"]) < took + 1.5
    assert (end["model"], end["pages"], end["failed"]) == (model, "3", "0")
    most = in_flight(addresses[model])[1]
    counted = int(end["thread_ids"]), int(end["os_threads"]), most
    for count, expected in zip(counted, EXPECTED[model], strict=True):
        assert count in expected


@pytest.mark.slow
@runs(
    *(
        client(
            model,
            f"--url {{many_{model}}} --pages 500 --seconds {seconds}"
            f" --workers {workers}",
        )
        for model, (workers, seconds) in MANY.items()
    )
)
def test_five_hundred_pages(result: Result, addresses: dict[str, str]) -> None:
    """All come; the server itself saw as many in flight as there may be."""
    assert (result.status, result.errors) == (0, "")
    model = model_of(result)
    workers, seconds = MANY[model]
    end = closing(result)
    assert (end["pages"], end["failed"]) == ("500", "0")
    assert len(matches(BYE, result.lines)) == 500
    now, most = in_flight(addresses[f"many_{model}"])
    assert now == 0
    assert workers / 2 < most <= workers
    assert float(end["seconds"]) >= 500 / workers * seconds * SURE
    assert int(end["os_threads"]) == (
        workers if model in ("thread", "process") else 1
    )


@runs(client("yield", "--url {blocked} --block --pages 3 --seconds 0.3"))
def test_client_of_a_server_that_blocks(result: Result) -> None:
    """One blocking call in a coroutine, and all wait in a row."""
    assert (result.status, result.errors) == (0, "")
    assert float(closing(result)["seconds"]) >= 0.9


@pytest.mark.slow
@runs(
    Command(
        "aio_http/compare.py --block --pages 4 --seconds 1.2 --timeout 2.2"
        " async yield",
        takes=9,
    )
)
def test_compare(result: Result) -> None:
    """Two closing lines, in the table's order; a server for each client.

    The pages that `yield` gave up on still wait in its server, which would
    keep the first page of `async` waiting for more than its timeout.
    """
    assert result.status == 1
    assert result.lines[0].startswith("4 pages of 1.2 s, Python 3.")
    ends = matches(CLOSING, result.lines[1:])
    assert [end["model"] for end in ends] == ["yield", "async"]
    assert len(result.lines) == 3
    # One each, unless the machine is busy.
    assert all(end["pages"] in ("1", "2") for end in ends)
    assert all(int(end["pages"]) + int(end["failed"]) == 4 for end in ends)
    failed = sum(int(end["failed"]) for end in ends)
    assert len(re.findall("^page ", result.errors, re.M)) == failed


# Clients of a server that is not.


@runs(
    *(
        client(
            model,
            f"--url {{misbehaving}} --timeout {TIMEOUT} --workers 6"
            f" --pages {len(ANSWERS)}",
        )
        for model in EXPECTED
    )
)
def test_misbehaving_server(result: Result) -> None:
    """A page that goes wrong is told in a line; the others come.

    The timeout is for a whole page where a loop can see to it, for each wait
    elsewhere.
    """
    model = model_of(result)
    lines = [line.split(": ", 1) for line in result.errors.splitlines()]
    why = {int(page.removeprefix("page ")): reason for page, reason in lines}
    wrong = [*BAD, *SLOW] if model in WHOLE_PAGE else BAD
    failed = {n for n, answer in ANSWERS.items() if answer in wrong}
    assert {*why} == failed
    assert len(lines) == len(failed), "a page fails once"
    assert all(reason.isprintable() for reason in why.values())
    byes = {int(m["page"]) for m in matches(BYE, result.lines)}
    assert byes == {*ANSWERS} - failed
    end = closing(result)
    assert int(end["pages"]) == len(byes)
    assert int(end["failed"]) == len(failed)
    assert result.status == 1
    assert not result.left_running

    late = {"silent"}
    if model in WHOLE_PAGE:
        late |= {*SLOW}
    timed_out = {n for n, reason in why.items() if "Timeout" in reason}
    assert late == {ANSWERS[n] for n in timed_out}
    # One page after another, or the longest of them, and not much more.
    least = 2 * LATE + TIMEOUT if model == "sequential" else TIMEOUT
    assert least * SURE <= float(end["seconds"]) < least + 5


@pytest.mark.slow
@runs(
    *(
        Command(client(model, "--url {nobody} --pages 2"), dev=False)
        for model in ("sequential", "yield", "async", "gevent")
    )
)
def test_nobody_listens(result: Result) -> None:
    """Every page fails at once."""
    pages = re.findall(r"^page (\d): ", result.errors, re.M)
    assert (result.status, sorted(pages)) == (1, ["1", "2"])
    # Windows knocks for two seconds at each page before it gives up.
    most = 8.0 if sys.platform == "win32" else 3.0
    assert float(closing(result)["seconds"]) < most


# The end of a client, whatever brings it.


@contextmanager
def started(*options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the process client; give it once it has printed a line."""
    with subprocess.Popen(
        [sys.executable, "aio_http/process_client.py", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "== process\n"
            yield process
        finally:
            kill_group(process)


@pytest.mark.slow
@posix
def test_ctrl_c_while_workers_start(addresses: dict[str, str]) -> None:
    """Ctrl-C is not lost, and meets no worker that is not ready for it."""
    for milliseconds in 0, 10, 20, 30, 50, 80, 120, 200:
        with started("--seconds", "9", "--url", addresses["fine"]) as process:
            time.sleep(milliseconds / 1000)
            os.killpg(process.pid, signal.SIGINT)
            printed, errors = process.communicate(timeout=5)
        assert (process.returncode, errors) == (130, ""), milliseconds
        assert not re.search(CLOSING, printed)


@pytest.mark.slow
def test_all_ends_when_a_client_is_killed() -> None:
    """Its workers do at once; they are done with standard output then.

    So does its server, as the last test shows.
    """
    with started("--seconds", "30") as process:
        assert process.stdout
        for _ in range(5):
            assert re.fullmatch(HELLO + "\n", process.stdout.readline())
        process.kill()
        printed, _ = process.communicate(timeout=10)
    assert printed == ""


@pytest.mark.slow
@posix
@pytest.mark.parametrize("model", EXPECTED)
def test_a_closed_pipe(model: str, addresses: dict[str, str]) -> None:
    """`| head` takes its lines, and all ends without a word."""
    options = f"--url {addresses['fine']} --seconds 0.1"
    done = shell(f"python {client(model, options)} | head -n 2")
    assert re.fullmatch(rf"== {model}\n{HELLO}\n", done.stdout)
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("model", EXPECTED)
def test_own_error(
    model: str, tmp_path: Path, addresses: dict[str, str]
) -> None:
    """A mistake in the hello stops the client, and shows its place."""
    shutil.copy(ROOT / "aio_http" / "client.py", tmp_path)
    script = ROOT / "aio_http" / f"{model}_client.py"
    text = script.read_text("utf-8").replace("say_bye(number)", "1 / 0")
    (tmp_path / script.name).write_text(text, "utf-8")
    options = f"--url {addresses['fine']} --seconds 0.1"
    line = f"python {script.name} {options}"
    done = shell(line, folder=tmp_path, check=False)
    assert done.returncode == 1
    assert re.search(r"in hello\n.* 1 / 0\n", done.stderr)
    assert "ZeroDivisionError: division by zero\n" in done.stderr
    assert "page " not in done.stderr
    assert f"== {model}:" not in done.stdout


@pytest.mark.slow
@posix
def test_closed_standard_streams(addresses: dict[str, str]) -> None:
    """What goes to standard error goes nowhere, not between the pages."""
    line = f"python {client('async')} --url {addresses['nobody']} --pages 1"
    done = shell(f"{line} <&- 2>&-", check=False)
    heading, hello, end = done.stdout.splitlines()
    assert (done.returncode, heading) == (1, "== async")
    assert re.fullmatch(HELLO, hello)
    assert re.fullmatch(CLOSING, end)
    done = shell(f"{line} <&- >&-", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch("page 1: .*\n", done.stderr)


# The event loop of the model `yield`.


def test_event_loop_hands_errors_on() -> None:
    """What is no page's error stops the loop and reaches the caller."""

    def broken() -> Waits[None]:
        yield from ()
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        event_loop([broken()], timeout=1, workers=1)


def test_event_loop_goes_on_when_all_tasks_end_at_once() -> None:
    """Tasks that never wait leave room for those that come after."""
    log: list[int] = []

    def task(number: int) -> Waits[None]:
        log.append(number)
        yield from ()

    event_loop(map(task, range(5)), timeout=1, workers=2)
    assert log == [0, 1, 2, 3, 4]


# The server.


def test_server_greets(addresses: dict[str, str]) -> None:
    """A greeting says who served it, and comes after the time asked for."""
    for query, seconds in ("?seconds=0.2", 0.2), ("", 1):
        start = time.perf_counter()
        status, text = get(f"{addresses['fine']}/hello/Ada{query}")
        assert time.perf_counter() - start >= seconds * SURE
        assert status == 200
        assert re.fullmatch(HELLO + "\n", text)
        assert text.startswith("Hello Ada ")


@pytest.mark.parametrize("seconds", ["", "-1", "x", "nan", "inf", "60.1"])
def test_server_refuses_odd_seconds(
    seconds: str, addresses: dict[str, str]
) -> None:
    """Status 400 and a line that names what is odd."""
    for path in "hello", "block":
        url = f"{addresses['fine']}/{path}/Ada?seconds={seconds}"
        assert get(url) == (400, "seconds must be from 0 to 60\n")


def test_server_says_what_there_is(addresses: dict[str, str]) -> None:
    """The index is plain text."""
    status, text = get(addresses["fine"] + "/")
    assert status == 200
    assert "\nGET /hello/NAME?seconds=S " in text
    assert get(addresses["fine"] + "/elsewhere")[0] == 404


def test_block_freezes_the_others(addresses: dict[str, str]) -> None:
    """While /block waits nobody is served; while /hello waits, the others."""
    url = addresses["blocking"]

    def three(path: str) -> float:
        start = time.perf_counter()
        pages = [f"{url}/{path}/{n}?seconds=0.2" for n in range(3)]
        assert [status for status, _ in pool.map(get, pages)] == [200] * 3
        return time.perf_counter() - start

    with ThreadPoolExecutor() as pool:
        assert three("block") >= 0.6
        assert in_flight(url) == (0, 1)
        assert three("hello") >= 0.2 * SURE
        assert in_flight(url) in [(0, 2), (0, 3)]


def test_port_taken(
    addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so."""
    port = addresses["fine"].rsplit(":", 1)[1]
    monkeypatch.setattr(sys, "argv", ["server.py", "--port", port])
    with pytest.raises(SystemExit, match=rf"^cannot serve: .*\b{port}\b"):
        server.main()


@pytest.mark.slow
@posix
@runs("tests/programs/stopping.py")
def test_ctrl_c_lets_requests_in_flight_end(result: Result) -> None:
    """They get five seconds; meanwhile nobody else is let in."""
    assert (result.status, result.errors) == (0, "")
    short, other, long, status, seconds = result.lines
    assert short == "Hello"
    assert (other, long) == ("URLError", "RemoteDisconnected")
    assert status == "130"
    assert 4.0 < float(seconds) < 20.0


@pytest.mark.slow
@posix
def test_a_second_ctrl_c_ends_the_server_at_once() -> None:
    """It waits for nobody then, and says nothing."""
    with (
        ThreadPoolExecutor() as pool,
        subprocess.Popen(
            [sys.executable, "-Xdev", "aio_http/server.py", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process,
    ):
        try:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            page = pool.submit(get, url + "/hello/Ada?seconds=60")
            assert soon(lambda: in_flight(url)[0] == 1)
            process.send_signal(signal.SIGINT)
            assert soon(lambda: not listens(url))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=3)
        finally:
            process.kill()
    # By the system's own hand, which a shell shows as 130 as well.
    assert (process.returncode, errors) == (-signal.SIGINT, "")
    assert page.exception()


# At last, when all have ended.


def left() -> dict[int, str]:
    """Return what lives on of all that was started here."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_text(encoding="utf-8")
            # From Python 3.14 on pytest itself has a helper.
            ours = f"PPid:\t{os.getpid()}\n" in (process / "status").read_text(
                encoding="utf-8"
            )
            if MARK.encode() in environment and not ours:
                found[int(process.name)] = command
    return {
        pid: command
        for pid, command in found.items()
        if "aio_http/" in command or "multiprocessing" in command
    }


@pytest.mark.last
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left() -> None:
    """The servers of clients end too, which have sessions of their own."""
    soon(lambda: not left())
    pids = left()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert pids == {}
