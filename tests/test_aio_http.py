"""Chapter 4: what the clients print, whatever the server does.

A run of a client is a parameter of the fixture `result_at`, which puts the
addresses of the servers that this page starts into its arguments.
"""

import json
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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from uuid import uuid4

import pytest
from demo import ROOT, Demo, Result, demo, run
from misbehaving import ANSWERS, BAD

sys.path.insert(0, str(ROOT / "aio_http"))

import gevent_client
import sequential_client
import thread_client
from compare import main as compare_main
from server import fetch, run_client
from server import main as server_main
from yield_client import Waits, event_loop

AT_ONCE = 16
MARK = "AIO_HTTP_TESTS"  # in the environment of all that is started here
TIMEOUT = 1.5  # seconds, for the pages of the misbehaving server

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
MODELS = list(EXPECTED)
COUNTING = {model: f"counting {model}" for model in MODELS}
BLOCK = "counting block"
WELL_BEHAVED = ("--url", "well-behaved")
COMPARED = ["yield", "async", "process", "sequential"]

# For 500 pages: how many workers, and seconds a page.
MANY = {
    "sequential": (1, 0.0),
    "thread": (50, 0.1),
    "process": (5, 0.01),
    "yield": (250, 0.5),
    "async": (250, 0.5),
    "gevent": (250, 0.5),
}

# Why a page failed, where all the clients can say it in the same words.
REASONS = {
    "error_500": "500",
    "error_400": "400",
    "elsewhere": "302",
    "silent": "TimeoutError: timed out",
    "slow_headers": "TimeoutError: timed out",
    "slow_page": "TimeoutError: timed out",
    "reset": "Connection reset|forcibly closed",
}

HELLO = re.compile(
    r"Hello (?P<page>\d+) now = \d\d:\d\d:\d\d"
    r" serve thread id = (?P<thread_id>\d+) OS thread = (?P<os_thread>\d+)"
)
BYE = re.compile(r"Bye\.\. (?P<page>\d+) now = \d\d:\d\d:\d\d")
CLOSING = re.compile(
    r"== (?P<model>\w+): (?P<seconds>\d+\.\d\d) s"
    r" \| thread ids (?P<thread_ids>\d+) \| OS threads (?P<os_threads>\d+)"
    r" \| pages (?P<pages>\d+) \| failed (?P<failed>\d+)"
)


def client(model: str) -> str:
    """Return the path of a client."""
    return f"aio_http/{model}_client.py"


def each_model(runs: dict[str, Demo]) -> pytest.MarkDecorator:
    """Run a test on a run of each model."""
    return pytest.mark.parametrize(
        ("model", "result_at"),
        list(runs.items()),
        indirect=["result_at"],
        ids=list(runs),
    )


# These need no address, and the README shows some of them too.
alone = pytest.mark.parametrize(
    ("model", "result"),
    [(model, demo(client(model))) for model in MODELS],
    indirect=["result"],
    ids=MODELS,
)
FIVE_HUNDRED = {
    model: demo(
        "-E",
        client(model),
        *("--pages", "500", "--seconds", str(seconds)),
        *(("--workers", str(workers)) if workers > 1 else ()),
        *("--url", COUNTING[model]),
    )
    for model, (workers, seconds) in MANY.items()
}
MISLED = {
    model: demo(
        client(model),
        *("--pages", str(len(ANSWERS)), "--timeout", str(TIMEOUT)),
        *("--url", "misbehaving"),
    )
    for model in MODELS
}
NOBODY_THERE = {
    model: demo("-E", client(model), "--url", "nobody") for model in MODELS
}
# Threads and processes have a server of their own, for they end in a way of
# their own. Four processes have nothing to do when Ctrl-C comes.
INTERRUPTED = {
    model: Demo(
        (client(model), "--seconds", "30", *WELL_BEHAVED),
        ctrl_c_at="Hello 1" if model == "sequential" else "Hello 5",
        group=model != "yield",
    )
    for model in ("sequential", "yield", "async", "gevent")
} | {
    "thread": Demo((client("thread"), "--seconds", "30"), "Hello 5"),
    "process": Demo(
        (client("process"), "--seconds=2", "--pages=6", "--workers=5"),
        ctrl_c_at="Hello 6",
    ),
    "compare": Demo(
        ("aio_http/compare.py", "process", "--seconds", "30", *WELL_BEHAVED),
        ctrl_c_at="5 pages",
    ),
}


def client_main() -> int:
    """Run a client that has workers, on its command line."""
    return run_client(thread_client.thread_client, "", workers=100)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """Start the servers; return their addresses by name."""
    names = ["well-behaved", BLOCK, *COUNTING.values()]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(
            [sys.executable, "tests/servers.py", *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        ) as process,
        socket.socket() as nobody,
    ):
        assert process.stdout
        addresses = json.loads(process.stdout.readline())
        # Bound, so that nobody else takes the port, but nobody listens.
        nobody.bind(("127.0.0.1", 0))
        patch.setenv(MARK, str(uuid4()))
        # A proxy is no way to reach this machine.
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
        yield addresses | {
            "nobody": f"http://127.0.0.1:{nobody.getsockname()[1]}"
        }
        process.kill()


@pytest.fixture(scope="session", autouse=True)
def results(
    request: pytest.FixtureRequest, servers: dict[str, str]
) -> Iterator[dict[Demo, Future[Result]]]:
    """Start the runs that the chosen tests look at, many at once."""
    started: dict[Demo, Future[Result]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for item in request.session.items:
            callspec = getattr(item, "callspec", None)
            wanted = callspec.params.get("result_at") if callspec else None
            if wanted is not None and wanted not in started:
                args = tuple(servers.get(arg, arg) for arg in wanted.args)
                started[wanted] = pool.submit(run, replace(wanted, args=args))
        try:
            yield started
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.fixture
def result_at(
    request: pytest.FixtureRequest, results: dict[Demo, Future[Result]]
) -> Result:
    """Return what came out of the run, once it has ended."""
    return results[request.param].result()


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


def answers(url: str) -> bool:
    """Return whether anybody listens there."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def matches(pattern: re.Pattern[str], result: Result) -> list[re.Match[str]]:
    """Return the lines of that form as they came."""
    return [m for line in result.lines if (m := pattern.fullmatch(line))]


def closing(result: Result) -> re.Match[str]:
    """Return the parts of the closing line, which is the last."""
    match = CLOSING.fullmatch(result.lines[-1])
    assert match, result
    return match


def failed_pages(result: Result) -> dict[int, str]:
    """Return why each page failed, by its number."""
    lines = [line.split(": ", 1) for line in result.errors.splitlines()]
    reasons = {int(page.removeprefix("page ")): why for page, why in lines}
    assert len(reasons) == len(lines), "a page fails once"
    return reasons


def test_server_greets(servers: dict[str, str]) -> None:
    """A greeting says who served it, and comes after the time asked for."""
    start = time.perf_counter()
    status, text = get(servers["well-behaved"] + "/hello/Ada?seconds=0.2")
    assert time.perf_counter() - start >= 0.2
    assert status == 200
    assert re.fullmatch(
        r"Hello Ada now = \d\d:\d\d:\d\d serve thread id = \d+"
        r" OS thread = \d+\n",
        text,
    )
    start = time.perf_counter()
    assert get(servers["well-behaved"] + "/hello/Bob")[0] == 200
    assert time.perf_counter() - start >= 1


@pytest.mark.parametrize("path", ["hello", "block"])
@pytest.mark.parametrize("seconds", ["", "-1", "x", "nan", "inf", "60.1"])
def test_server_refuses_odd_seconds(
    path: str, seconds: str, servers: dict[str, str]
) -> None:
    """Status 400 and a sentence."""
    url = f"{servers['well-behaved']}/{path}/Ada?seconds={seconds}"
    status, text = get(url)
    assert status == 400
    assert text == f"seconds: {seconds!r} is no number from 0 to 60\n"


def test_server_says_what_there_is(servers: dict[str, str]) -> None:
    """The index is plain text."""
    status, text = get(servers["well-behaved"] + "/")
    assert status == 200
    assert text.startswith("GET /hello/NAME?seconds=S ")
    assert get(servers["well-behaved"] + "/elsewhere")[0] == 404


def test_block_freezes_the_others(servers: dict[str, str]) -> None:
    """While /block waits nobody is served; while /hello waits, the others."""
    url = servers[BLOCK]

    def three(path: str) -> float:
        start = time.perf_counter()
        pages = [f"{url}/{path}/{n}?seconds=0.2" for n in range(3)]
        assert [status for status, _ in pool.map(get, pages)] == [200] * 3
        return time.perf_counter() - start

    with ThreadPoolExecutor() as pool:
        assert three("block") >= 0.6
        assert in_flight(url) == (0, 1)
        assert three("hello") >= 0.2
        assert in_flight(url) in [(0, 2), (0, 3)]


def test_port_taken(
    servers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line says so."""
    port = servers["well-behaved"].rsplit(":", 1)[1]
    monkeypatch.setattr(sys, "argv", ["server.py", "--port", port])
    assert server_main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"cannot serve: .* in use .*\n", printed.err)


def test_own_server_ends_when_its_client_is_killed() -> None:
    """It watches its standard input, which ends with the client."""
    script = (
        "import os, signal, sys; sys.path.insert(0, 'aio_http')\n"
        "from server import own_server\n"
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
    deadline = time.monotonic() + 5
    while (listening := answers(url)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not listening


def test_client_stands_alone(tmp_path: Path, servers: dict[str, str]) -> None:
    """Copied elsewhere with nothing but server.py, it still works."""
    for name in ("yield_client.py", "server.py"):
        shutil.copy(ROOT / "aio_http" / name, tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "yield_client.py", "--seconds", "0"),
            *("--url", servers["well-behaved"]),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.count("Bye.. ") == 5


@alone
def test_prints_every_line_once(model: str, result: Result) -> None:
    """A heading, a Hello and a Bye for each page, a closing line."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines[0] == f"== {model}"
    end = closing(result)
    assert (end["model"], end["pages"], end["failed"]) == (model, "5", "0")
    for pattern in (HELLO, BYE):
        pages = [m["page"] for m in matches(pattern, result)]
        assert sorted(pages) == ["1", "2", "3", "4", "5"]
    assert len(result.lines) == 12


@alone
def test_how_many_wait_at_once(model: str, result: Result) -> None:
    """One page after another in the baseline, all five in other models."""
    waiting = list(
        accumulate(
            1 if line.startswith("Hello") else -1
            for line in result.lines[1:-1]
        )
    )
    assert min(waiting) >= 0
    assert max(waiting) in EXPECTED[model][2]


@alone
def test_thread_ids_and_os_threads(model: str, result: Result) -> None:
    """The Hello lines and the closing line agree, and are as they must be."""
    for kind, expected in zip(
        ("thread_id", "os_thread"), EXPECTED[model], strict=False
    ):
        count = len({m[kind] for m in matches(HELLO, result)})
        assert count in expected
        assert int(closing(result)[kind + "s"]) == count


@alone
def test_waits_add_up_or_overlap(model: str, result: Result) -> None:
    """Five pages of a second take five, or not much more than one."""
    seconds = float(closing(result)["seconds"])
    if model == "sequential":
        assert 5.0 <= seconds < 7.0
    else:
        assert 1.0 <= seconds < 3.0


@alone
def test_lines_arrive_when_they_happen(model: str, result: Result) -> None:
    """Hello comes before the page is asked for, Bye when it is there."""
    arrived = dict(zip(result.lines, result.at, strict=True))
    said = {m["page"]: arrived[m.string] for m in matches(HELLO, result)}
    for bye in matches(BYE, result):
        assert arrived[bye.string] - said[bye["page"]] > 0.2


@pytest.mark.slow
@each_model(FIVE_HUNDRED)
def test_five_hundred_pages(
    model: str, result_at: Result, servers: dict[str, str]
) -> None:
    """All come; the server itself saw as many in flight as there may be."""
    assert (result_at.status, result_at.errors) == (0, "")
    workers, seconds = MANY[model]
    end = closing(result_at)
    assert (end["pages"], end["failed"]) == ("500", "0")
    assert len(matches(BYE, result_at)) == 500
    now, most = in_flight(servers[COUNTING[model]])
    assert now == 0
    assert workers / 2 < most <= workers
    assert float(end["seconds"]) >= 500 / workers * seconds
    assert int(end["os_threads"]) == (
        workers if model in ("thread", "process") else 1
    )
    # Whoever has fewer workers than pages says what that costs.
    rounds = f"500 pages by {workers} workers: {500 // workers} rounds of"
    costs = f"{rounds} {seconds:g} s"
    assert result_at.lines.count(costs) == (workers > 1)


@each_model(MISLED)
def test_misbehaving_server(model: str, result_at: Result) -> None:
    """A page that goes wrong is told in a line; the others come."""
    why = failed_pages(result_at)
    bad = {n for n, answer in ANSWERS.items() if answer in BAD}
    assert {*why} == bad
    byes = {int(m["page"]) for m in matches(BYE, result_at)}
    assert byes == {*ANSWERS} - bad
    for number in bad:
        name = ANSWERS[number].__name__
        assert re.search(REASONS.get(name, "."), why[number]), name
        assert why[number].isprintable()
    end = closing(result_at)
    assert int(end["pages"]) == len(ANSWERS)
    assert int(end["failed"]) == len(bad)
    assert result_at.status == 1
    # Three pages are never whole: the timeout is for all of a page.
    late = 3 if model == "sequential" else 1
    assert late * TIMEOUT <= float(end["seconds"]) < late * TIMEOUT + 5
    assert not result_at.left_running


@each_model(NOBODY_THERE)
def test_nobody_listens(model: str, result_at: Result) -> None:
    """Every page fails at once."""
    assert {*failed_pages(result_at)} == {1, 2, 3, 4, 5}
    end = closing(result_at)
    assert (end["pages"], end["failed"]) == ("5", "5")
    assert float(end["seconds"]) < 3.0
    assert result_at.status == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@each_model(INTERRUPTED)
def test_ctrl_c(model: str, result_at: Result) -> None:
    """Ctrl-C while pages are awaited ends it at once, without a word."""
    assert (result_at.status, result_at.errors) == (130, "")
    assert result_at.since_ctrl_c < 2
    hellos, byes = (len(matches(x, result_at)) for x in (HELLO, BYE))
    assert byes < hellos or model == "compare"
    assert not result_at.left_running


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "result_at", [demo("tests/stopping.py")], indirect=True
)
def test_ctrl_c_lets_requests_in_flight_end(result_at: Result) -> None:
    """They get five seconds; meanwhile nobody else is let in."""
    assert (result_at.status, result_at.errors) == (0, "")
    short, other, long, status, seconds = result_at.lines
    assert short == "Hello"
    assert (other, long) == ("URLError", "RemoteDisconnected")
    assert status == "130"
    assert 4.0 < float(seconds) < 20.0


@pytest.mark.parametrize(
    "result_at",
    [
        demo(
            *("aio_http/compare.py", *COMPARED),
            *("--pages", "2", "--seconds", "0.2"),
        )
    ],
    indirect=True,
    ids=["four models"],
)
def test_compare(result_at: Result) -> None:
    """A closing line for each model as it ends, then the table."""
    assert (result_at.status, result_at.errors) == (0, "")
    assert result_at.lines[0].startswith("2 pages of 0.2 s, Python 3.")
    ends = [CLOSING.fullmatch(line) for line in result_at.lines[1:5]]
    assert [end and end["model"] for end in ends] == COMPARED
    head, rule, *rows = result_at.lines[5:]
    assert head == (
        "| model | seconds | pages a second | OS threads | peak memory |"
    )
    assert rule == "|---|--:|--:|--:|--:|"
    for end, row in zip(ends, rows, strict=True):
        assert end
        start = f"| {end['model']} | {end['seconds']} | "
        assert row.startswith(start)
        rate, os_threads, memory = row.removeprefix(start)[:-2].split(" | ")
        assert float(rate) == pytest.approx(
            2 / float(end["seconds"]), abs=0.06
        )
        assert os_threads == end["os_threads"]
        assert memory.endswith(" MB")


@pytest.mark.parametrize(
    ("package", "result_at"),
    [
        ("aiohttp", Demo((client("thread"),), without=True)),
        (
            "aiohttp",
            Demo((client("async"), "--url", "nobody"), without=True),
        ),
        (
            "gevent",
            Demo((client("gevent"), "--url", "nobody"), without=True),
        ),
    ],
    indirect=["result_at"],
    ids=["server", "async", "gevent"],
)
def test_package_missing(package: str, result_at: Result) -> None:
    """One line says what to install."""
    assert (result_at.status, result_at.lines) == (1, [])
    assert result_at.errors == (
        f"{package} is not installed: python -m pip install {package}\n"
    )


@pytest.mark.parametrize(
    ("main", "arguments", "complaint"),
    [
        (server_main, "--port -1", "--port: '-1' is no number from 0 to 65,"),
        (compare_main, "x", "MODEL: invalid choice: 'x'"),
        (compare_main, "--pages 0", "--pages: '0' is no number from 1 to"),
        (client_main, "--pages 1.5", "--pages: '1.5' is no number from 1 to"),
        (
            client_main,
            "--workers -2",
            "--workers: '-2' is no number from 1 to",
        ),
        (client_main, "--seconds nan", "--seconds: 'nan' is no number from 0"),
        (
            client_main,
            "--seconds 61",
            "--seconds: '61' is no number from 0 to",
        ),
        (client_main, "--timeout 0", "--timeout: '0' is no number from 0.001"),
        (client_main, "--url ftp://x", "--url: 'ftp://x' is no http://"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments(
    main: Callable[[], int],
    arguments: str,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    monkeypatch.setattr(sys, "argv", ["script", *arguments.split()])
    with pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"script: error: argument {complaint}" in printed.err


@pytest.mark.parametrize(
    "result_at",
    [
        demo(
            "-c",
            "import sys, threading; sys.path.insert(0, 'aio_http');"
            "import server, compare, sequential_client, thread_client,"
            " process_client, yield_client, async_client, gevent_client;"
            "print({'gevent', 'aiohttp'} & {*sys.modules},"
            " threading.active_count())",
        )
    ],
    indirect=True,
    ids=["import"],
)
def test_import_starts_nothing(result_at: Result) -> None:
    """Importing prints nothing, starts no thread, needs no package."""
    assert (result_at.status, result_at.errors) == (0, "")
    assert result_at.lines == ["set() 1"]


@pytest.mark.parametrize(
    "result_at",
    [
        demo(
            *("-E", client("yield"), *WELL_BEHAVED),
            *("--block", "--pages", "3", "--seconds", "0.3"),
        )
    ],
    indirect=True,
    ids=["yield"],
)
def test_client_of_a_server_that_blocks(result_at: Result) -> None:
    """One blocking call in a coroutine, and all wait in a row."""
    assert (result_at.status, result_at.errors) == (0, "")
    assert float(closing(result_at)["seconds"]) >= 0.9


@pytest.mark.skipif(sys.platform == "win32", reason="no limit to set")
def test_few_open_files(servers: dict[str, str]) -> None:
    """Where the system is strict, a client says so and takes fewer workers."""
    command = f"{client('yield')} --url {servers['well-behaved']}"
    done = subprocess.run(
        f"ulimit -n 100; '{sys.executable}' {command}"
        " --pages 200 --seconds 0 | tail -n 1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == "open files are limited: 50 workers\n"
    assert done.stdout.endswith("| pages 200 | failed 0\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no head")
def test_a_closed_pipe_is_no_error(servers: dict[str, str]) -> None:
    """`| head -n 1` takes its line, and all processes end without a word."""
    command = f"{client('process')} --url {servers['well-behaved']}"
    done = subprocess.run(
        f"'{sys.executable}' {command} | head -n 1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "== process\n"
    # From Python 3.14 on multiprocessing says that it tidied up after us.
    tidied = r".*resource_tracker: There appear to be .*\n  warnings.warn\(\n"
    assert re.sub(tidied, "", done.stderr) == ""


def test_the_blocking_hello_is_the_same() -> None:
    """Threads, and greenlets after the patch, run the sequential hello."""
    code = sequential_client.hello.__code__
    for other in (thread_client, gevent_client):
        assert other.hello.__code__.co_code == code.co_code
        assert other.hello.__code__.co_names == code.co_names
        assert other.hello.__globals__["fetch"] is fetch


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left(results: dict[Demo, Future[Result]]) -> None:
    """Once all runs have ended, no process of theirs lives on."""
    for result in results.values():
        result.result()
    mark = f"{MARK}={os.environ[MARK]}".encode()

    def left() -> list[int]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes()
                if mark in (process / "environ").read_bytes() and (
                    b"aio_http" in command or b"multiprocessing" in command
                ):
                    found.append(int(process.name))
        return found

    deadline = time.monotonic() + 5
    while left() and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = left()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert not pids
