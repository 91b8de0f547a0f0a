"""Chapter 4: what the clients print, whatever the server does.

`{NAME}` in a command is a server of `programs/servers.py`: {MODEL} counts the
requests of one client, on a host that has a name; {misbehaving} has an IPv6
address where the system knows IPv6.
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
from itertools import accumulate
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

sys.path.insert(0, str(PROGRAMS))
sys.path.insert(0, str(ROOT / "aio_http"))

import compare
import gevent_client
import sequential_client
import server
import thread_client
from client import fetch, run_client
from misbehaving import ANSWERS, BAD, LATE, SLOW
from yield_client import Waits, event_loop

# In the environment of all that is started here, to find what is left of it.
MARK = ("AIO_HTTP_TESTS", str(uuid4()))
os.environ.update([MARK])

# For five pages: thread ids, OS threads, and how many wait at once. Processes
# may or may not have the same thread id, and one that is slow to start may
# find its page taken.
EXPECTED = {
    "sequential": ([1], [1], [1]),
    "thread": ([5], [5], [5]),
    "process": ([1, 2, 3, 4, 5], [2, 3, 4, 5], [2, 3, 4, 5]),
    "yield": ([1], [1], [5]),
    "async": ([1], [1], [5]),
    "gevent": ([5], [1], [5]),
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
    r"Hello (?P<page>\d+) now = \d\d:\d\d:\d\d"
    r" serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
)
BYE = r"Bye\.\. (?P<page>\d+) now = \d\d:\d\d:\d\d"
CLOSING = (
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
    r" \| pages (?P<pages>\d+) \| failed (?P<failed>\d+)"
)


def client(model: str, options: str = "") -> str:
    """Return the command that runs a client."""
    return f"aio_http/{model}_client.py {options}".rstrip()


# Each has a server of its own in the last run of `compare`, below.
five_pages = runs(
    *(client(model, f"--url {{{model}}}/") for model in EXPECTED)
)
many_pages = runs(
    *(
        client(
            model,
            f"--url {{many_{model}}} --pages 500 --seconds {seconds}"
            + f" --workers {workers}" * (workers > 1),
        )
        for model, (workers, seconds) in MANY.items()
    )
)
misled = runs(
    *(
        client(
            model,
            f"--url {{misbehaving}} --timeout {TIMEOUT} --workers 6"
            f" --pages {len(ANSWERS)}",
        )
        for model in EXPECTED
    )
)


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
    _, text = get(url)
    found = re.search(r"in flight: (\d+) now, (\d+) at most", text)
    assert found, text
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


def model_of(result: Result) -> str:
    """Return which client it was."""
    return result.command.line.partition("_client")[0].partition("/")[2]


def closing(result: Result) -> re.Match[str]:
    """Return the parts of the closing line, which is the last."""
    match = re.fullmatch(CLOSING, result.lines[-1])
    assert match, result
    return match


def failed_pages(result: Result) -> dict[int, str]:
    """Return why each page failed, by its number."""
    lines = [line.split(": ", 1) for line in result.errors.splitlines()]
    reasons = {int(page.removeprefix("page ")): why for page, why in lines}
    assert len(reasons) == len(lines), "a page fails once"
    return reasons


# The server.


def test_server_greets(addresses: dict[str, str]) -> None:
    """A greeting says who served it, and comes after the time asked for."""
    start = time.perf_counter()
    status, text = get(addresses["fine"] + "/hello/Ada?seconds=0.2")
    assert time.perf_counter() - start >= 0.2 * SURE
    assert status == 200
    assert re.fullmatch(HELLO.replace(r"\d+", "Ada", 1) + "\n", text)
    start = time.perf_counter()
    assert get(addresses["fine"] + "/hello/Bob")[0] == 200
    assert time.perf_counter() - start >= 1 * SURE


@pytest.mark.parametrize("path", ["hello", "block"])
@pytest.mark.parametrize("seconds", ["", "-1", "x", "nan", "inf", "60.1"])
def test_server_refuses_odd_seconds(
    path: str, seconds: str, addresses: dict[str, str]
) -> None:
    """Status 400 and a line that names what is odd."""
    url = f"{addresses['fine']}/{path}/Ada?seconds={seconds}"
    status, text = get(url)
    assert status == 400
    assert re.fullmatch(r".*seconds.*\n", text)


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


def test_own_server_ends_when_its_client_is_killed() -> None:
    """It watches its standard input, which ends with the client."""
    script = (
        "import os, signal, sys; sys.path.insert(0, 'aio_http')\n"
        "from client import own_server\n"
        "with own_server() as url:\n"
        "    print(url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    url = done.stdout.strip()
    assert url.startswith("http://127.0.0.1:")
    assert soon(lambda: not listens(url))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs("tests/programs/stopping.py")
def test_ctrl_c_lets_requests_in_flight_end(result: Result) -> None:
    """They get five seconds; meanwhile nobody else is let in."""
    assert (result.status, result.errors) == (0, "")
    short, other, long, status, seconds = result.lines
    assert short == "Hello"
    assert (other, long) == ("URLError", "RemoteDisconnected")
    assert status == "130"
    assert 4.0 < float(seconds) < 20.0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
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


# Clients of a server that is as it should be.


@five_pages
def test_prints_every_line_once(result: Result) -> None:
    """A heading, a Hello and a Bye for each page, a closing line."""
    assert (result.status, result.errors) == (0, "")
    model = model_of(result)
    assert result.lines[0] == f"== {model}"
    end = closing(result)
    assert (end["model"], end["pages"], end["failed"]) == (model, "5", "0")
    for pattern in (HELLO, BYE):
        pages = [m["page"] for m in matches(pattern, result.lines)]
        assert sorted(pages) == ["1", "2", "3", "4", "5"]
    assert len(result.lines) == 12


@five_pages
def test_how_many_wait_at_once(
    result: Result, addresses: dict[str, str]
) -> None:
    """One page after another in the baseline, all five in other models."""
    expected = EXPECTED[model_of(result)][2]
    steps = [1 if x.startswith("Hello") else -1 for x in result.lines[1:-1]]
    waiting = list(accumulate(steps))
    assert min(waiting) >= 0
    assert max(waiting) in expected
    # The server itself saw so many.
    now, most = in_flight(addresses[model_of(result)])
    assert now == 0
    assert most in expected


@five_pages
def test_thread_ids_and_os_threads(result: Result) -> None:
    """The Hello lines and the closing line agree, and are as they must be."""
    thread_ids, os_threads, _ = EXPECTED[model_of(result)]
    hellos = matches(HELLO, result.lines)
    for kind, expected in ("thread_id", thread_ids), ("os_thread", os_threads):
        count = len({m[kind] for m in hellos})
        assert count in expected
        assert int(closing(result)[kind + "s"]) == count


@five_pages
def test_waits_add_up_or_overlap(result: Result) -> None:
    """Five pages of a second take five, or not much more than one."""
    seconds = float(closing(result)["seconds"])
    if model_of(result) == "sequential":
        assert 5.0 * SURE <= seconds < 7.0
    else:
        assert 1.0 * SURE <= seconds < 4.5


@five_pages
def test_lines_arrive_when_they_happen(result: Result) -> None:
    """Hello comes before the page is asked for, Bye when it is there."""
    at = {str(line): line.at for line in result.lines}
    said = {m["page"]: at[m[0]] for m in matches(HELLO, result.lines)}
    for bye in matches(BYE, result.lines):
        assert at[bye[0]] - said[bye["page"]] > 0.2


@pytest.mark.slow
@many_pages
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
    # Whoever has fewer workers than pages says what that costs.
    rounds = f"500 pages by {workers} workers: {500 // workers} rounds of"
    assert (f"{rounds} {seconds:g} s" in result.lines) == (workers > 1)


@runs(client("yield", "--url {blocked} --block --pages 3 --seconds 0.3"))
def test_client_of_a_server_that_blocks(result: Result) -> None:
    """One blocking call in a coroutine, and all wait in a row."""
    assert (result.status, result.errors) == (0, "")
    assert float(closing(result)["seconds"]) >= 0.9


@runs(
    Command(
        "aio_http/compare.py async yield"
        " --block --pages 4 --seconds 1.2 --timeout 2.2",
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


def test_client_stands_alone(
    tmp_path: Path, addresses: dict[str, str]
) -> None:
    """Copied elsewhere with nothing but what it imports, it still works."""
    for name in ("yield_client.py", "client.py", "server.py"):
        shutil.copy(ROOT / "aio_http" / name, tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "yield_client.py", "--seconds", "0"),
            *("--url", addresses["fine"]),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.count("Bye.. ") == 5


def test_the_blocking_hello_is_the_same() -> None:
    """Threads run the sequential hello, and greenlets fetch as it does."""
    code = sequential_client.hello.__code__
    assert thread_client.hello.__code__.co_code == code.co_code
    assert thread_client.hello.__code__.co_names == code.co_names
    for module in (sequential_client, thread_client, gevent_client):
        assert vars(module)["fetch"] is fetch


# Clients of a server that is not.


@misled
def test_misbehaving_server(result: Result) -> None:
    """A page that goes wrong is told in a line; the others come."""
    model = model_of(result)
    why = failed_pages(result)
    wrong = [*BAD, *SLOW] if model in WHOLE_PAGE else BAD
    failed = {n for n, answer in ANSWERS.items() if answer in wrong}
    assert {*why} == failed
    byes = {int(m["page"]) for m in matches(BYE, result.lines)}
    assert byes == {*ANSWERS} - failed
    assert all(reason.isprintable() for reason in why.values())
    end = closing(result)
    assert int(end["pages"]) == len(byes)
    assert int(end["failed"]) == len(failed)
    assert result.status == 1
    assert not result.left_running


@misled
def test_timeout(result: Result) -> None:
    """For a whole page where a loop can see to it, for each wait elsewhere."""
    model = model_of(result)
    late = {"silent"}
    if model in WHOLE_PAGE:
        late |= {answer.__name__ for answer in SLOW}
    reasons = failed_pages(result).items()
    assert late == {ANSWERS[n].__name__ for n, x in reasons if "Timeout" in x}
    # One page after another, or the longest of them, and not much more.
    least = 2 * LATE + TIMEOUT if model == "sequential" else TIMEOUT
    assert least * SURE <= float(closing(result)["seconds"]) < least + 5


@runs(
    *(
        Command(client(model, "--url {nobody} --pages 2"), dev=False)
        for model in EXPECTED
    )
)
def test_nobody_listens(result: Result) -> None:
    """Every page fails at once."""
    assert {*failed_pages(result)} == {1, 2}
    end = closing(result)
    assert (end["pages"], end["failed"]) == ("0", "2")
    # Windows knocks for two seconds at each page before it gives up.
    assert float(end["seconds"]) < (8.0 if sys.platform == "win32" else 3.0)
    assert result.status == 1


# The end of a client, whatever brings it.


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
    # Threads and processes have a server of their own, for they end in a way
    # of their own. Some processes have nothing to do when Ctrl-C comes.
    Command(client("sequential", "--seconds 30 --url {fine}"), "Hello 1"),
    Command(client("thread", "--seconds 30"), "Hello 5"),
    Command(client("process", "--seconds 2 --pages 4 --workers 3"), "Hello 4"),
    Command(client("yield", "--seconds 30 --url {fine}"), "Hello 5", False),
    Command(client("async", "--seconds 30 --url {fine}"), "Hello 5"),
    Command(client("gevent", "--seconds 30 --url {fine}"), "Hello 5"),
    Command("aio_http/compare.py process --seconds 30", "5 pages"),
    Command("aio_http/compare.py process --seconds 30", "5 pages", False),
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C while pages are awaited ends it at once, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 2
    assert not matches(CLOSING, result.lines)
    hellos, byes = (len(matches(x, result.lines)) for x in (HELLO, BYE))
    assert byes < hellos or "compare" in result.command.line
    assert not result.left_running


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
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize("milliseconds", [0, 10, 20, 30, 50, 80, 120, 200])
def test_ctrl_c_while_workers_start(
    milliseconds: int, addresses: dict[str, str]
) -> None:
    """Ctrl-C is not lost, and meets no worker that is not ready for it."""
    with started("--seconds", "9", "--url", addresses["fine"]) as process:
        time.sleep(milliseconds / 1000)
        os.killpg(process.pid, signal.SIGINT)
        printed, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (130, "")
    assert not re.search(CLOSING, printed)


def test_workers_end_when_their_parent_is_killed(
    addresses: dict[str, str],
) -> None:
    """However it ends; they are done with standard output then."""
    with started("--seconds", "30", "--url", addresses["fine"]) as process:
        assert process.stdout
        for _ in range(5):
            assert re.fullmatch(HELLO + "\n", process.stdout.readline())
        process.kill()
        printed, _ = process.communicate(timeout=10)
    assert printed == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no head")
@pytest.mark.parametrize(
    "model",
    [
        model
        if model in ("process", "gevent")
        else pytest.param(model, marks=pytest.mark.slow)
        for model in EXPECTED
    ],
)
def test_a_closed_pipe_is_no_error(
    model: str, addresses: dict[str, str]
) -> None:
    """`| head` takes its lines, and all processes end without a word."""
    command = client(model, f"--url {addresses['fine']} --seconds 0.2")
    done = shell(f"'{sys.executable}' {command} | head -n 2")
    assert re.fullmatch(rf"== {model}\n{HELLO}\n", done.stdout)
    assert done.stderr == ""


@runs(
    Command(client("thread"), without="aiohttp"),
    Command(client("async", "--url {nobody}"), without="aiohttp"),
    Command(client("gevent", "--url {nobody}"), without="gevent"),
)
def test_package_missing(result: Result) -> None:
    """One line says what to install."""
    assert (result.status, result.lines) == (1, [])
    package = result.command.without
    assert f"pip install {package}\n" in result.errors
    assert result.errors.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a limit for Linux")
@runs(
    "tests/programs/limited.py aio_http/thread_client.py --url {fine}"
    " --pages 500 --workers 500 --seconds 30"
)
def test_no_more_threads(result: Result) -> None:
    """Where the system refuses a thread, a line says so, at once.

    The limit is one of memory, which pages under way may lack as well.
    """
    assert result.status == 1
    assert result.errors.splitlines()[-1].startswith("thread: ")
    assert not matches(CLOSING, result.lines)
    assert result.seconds < 15


@pytest.mark.skipif(sys.platform == "win32", reason="no limit to set")
def test_few_open_files(addresses: dict[str, str]) -> None:
    """Where the system is strict, a client says so and takes fewer workers."""
    command = client("yield", f"--url {addresses['fine']}")
    done = shell(
        f"ulimit -n 100; '{sys.executable}' {command}"
        " --pages 200 --seconds 0 | tail -n 1"
    )
    assert re.fullmatch(r".*open files.* 50 workers\n", done.stderr)
    assert done.stdout.endswith("| pages 200 | failed 0\n")


def client_main() -> None:
    run_client(thread_client.thread_client, "", workers=100)


@pytest.mark.parametrize(
    ("main", "arguments", "name"),
    [
        (server.main, "--port -1", "--port"),
        (server.main, "--port x", "--port"),
        (compare.main, "x", "MODEL"),
        (compare.main, "--pages 0", "--pages"),
        (compare.main, "--url http://127.0.0.1:8080/hello", "--url"),
        (client_main, "--pages 1.5", "--pages"),
        (client_main, "--workers -2", "--workers"),
        (client_main, "--workers 0", "--workers"),
        (client_main, "--seconds nan", "--seconds"),
        (client_main, "--seconds 61", "--seconds"),
        (client_main, "--timeout 0", "--timeout"),
        (client_main, "--url ftp://127.0.0.1", "--url"),
        (client_main, "--url 127.0.0.1:8080", "--url"),
        (client_main, "--url http://", "--url"),
        (client_main, "--url http://[::1", "--url"),
        (client_main, "--url http://127.0.0.1:99999", "--url"),
        (client_main, "--url http://127.0.0.1:8080/nothing", "--url"),
        (client_main, "--url http://127.0.0.1:8080/?seconds=1", "--url"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments(
    main: Callable[[], None],
    arguments: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    monkeypatch.setattr(sys, "argv", ["script", *arguments.split()])
    with pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"script: error: argument {name}: " in printed.err


def test_no_more_workers_than_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that forks starts all its workers at once."""
    line = "script --pages 5 --workers 20 --url http://127.0.0.1:1"
    monkeypatch.setattr(sys, "argv", line.split())
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    given = []
    with pytest.raises(SystemExit):
        run_client(lambda *to: given.append(to[-1]), "", workers=100)
    assert given == [5]


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


# At last, when all have ended.


@pytest.fixture
def left() -> Iterator[dict[int, bytes]]:
    """Find what lives on of all that was started here; kill it."""

    def find() -> dict[int, bytes]:
        mark = "=".join(MARK).encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes()
                status = (process / "status").read_text(encoding="utf-8")
                # From Python 3.14 on pytest itself has such a helper.
                if f"PPid:\t{os.getpid()}\n" in status:
                    continue
                if mark in (process / "environ").read_bytes() and (
                    b"aio_http/" in command or b"multiprocessing" in command
                ):
                    found[int(process.name)] = command
        return found

    soon(lambda: not find())
    pids = find()
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.last
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left(left: dict[int, bytes]) -> None:
    """The servers of clients end too, which have sessions of their own."""
    assert left == {}
