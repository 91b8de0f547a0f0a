"""Chapter 4: what the clients print, whatever the server does.

`{NAME}` in a command is a server of `programs/servers.py`: {MODEL} counts the
requests of one client, on a host that has a name; {misbehaving} has an IPv6
address where the system knows IPv6; at {nobody} nobody listens.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.commands import (
    PROGRAMS,
    ROOT,
    Command,
    Result,
    begun,
    matches,
    posix,
    runs,
)
from helpers.screens import alike, drawn

sys.path.insert(0, str(PROGRAMS))
sys.path.insert(0, str(ROOT / "aio_http"))

import server
from client import opener
from misbehaving import ANSWERS, BAD, LATE, SLOW
from yield_client import Waits, event_loop

# The last three take part in the slow runs only, but for three pages.
MODELS = ["thread", "yield", "async", "sequential", "process", "gevent"]

# Three pages of a second, one after another or at once; thirty of 0.3
# seconds, ten at a time. Processes may or may not have the same thread id, and
# one that is slow to start may find its page taken.
CLOSING_LINES = """
== thread: 1.00 s | thread ids 3 | OS threads 3 | pages 3 | failed 0
== yield: 1.00 s | thread ids 1 | OS threads 1 | pages 3 | failed 0
== async: 1.00 s | thread ids 1 | OS threads 1 | pages 3 | failed 0
== sequential: 3.00 s | thread ids 1 | OS threads 1 | pages 3 | failed 0
== process: 1.00 s | thread ids ... | OS threads ... | pages 3 | failed 0
== gevent: 1.00 s | thread ids 3 | OS threads 1 | pages 3 | failed 0

== thread: 0.90 s | thread ids 10 | OS threads 10 | pages 30 | failed 0
== yield: 0.90 s | thread ids 1 | OS threads 1 | pages 30 | failed 0
== async: 0.90 s | thread ids 1 | OS threads 1 | pages 30 | failed 0
== sequential: 9.00 s | thread ids 1 | OS threads 1 | pages 30 | failed 0
== process: 0.90 s | thread ids ... | OS threads ... | pages 30 | failed 0
== gevent: 0.90 s | thread ids ... | OS threads 1 | pages 30 | failed 0
"""

# Three pages: the second in which each line comes; a letter for each id.
ONE_AFTER_ANOTHER = """
0.0 Hello 1 serve thread id = A OS thread = A
1.0 Bye.. 1
1.0 Hello 2 serve thread id = A OS thread = A
2.0 Bye.. 2
2.0 Hello 3 serve thread id = A OS thread = A
3.0 Bye.. 3
"""
THREADS = """
0.0 Hello 1 serve thread id = A OS thread = A
0.0 Hello 2 serve thread id = B OS thread = B
0.0 Hello 3 serve thread id = C OS thread = C
1.0 Bye.. 1
1.0 Bye.. 2
1.0 Bye.. 3
"""
ONE_THREAD = re.sub("= [BC]", "= A", THREADS)
GREENLETS = re.sub("OS thread = [BC]", "OS thread = A", THREADS)

BYE = r"Bye\.\. (\d+) now = [\d:]{8}"


def clients(options: str) -> list[Command]:
    """Return the command of each; MODEL in the options is its name."""
    return [
        Command(f"aio_http/{x}_client.py {options.replace('MODEL', x)}")
        for x in MODELS
    ]


def model_of(result: Result) -> str:
    return result.command.line.partition("_client")[0].partition("/")[2]


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of a page."""
    with opener.open(url, timeout=30) as response:
        return response.status, response.read().decode()


def in_flight(url: str) -> tuple[int, int]:
    """Return how many requests the server has in flight: now, and at most."""
    found = re.search(r"in flight: (\d+) now, (\d+) at most", get(url)[1])
    assert found
    return int(found[1]), int(found[2])


def soon(condition: Callable[[], bool]) -> bool:
    """Wait for it, five seconds at most; return whether it came true."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


# Clients of a server that is as it should be, or of none.


@runs(*clients("--url {MODEL}/ --pages 3"))
def test_three_pages(result: Result, addresses: dict[str, str]) -> None:
    """All wait at once, unless they take turns; who comes first is open."""
    assert (result.status, result.errors) == (0, "")
    model = model_of(result)
    heading, *lines, end = result.lines
    assert heading == f"== {model}"
    if model == "process":  # who does what when is open
        words = sorted(line.split(" now")[0] for line in lines)
        assert words == [f"{x} {n}" for x in ("Bye..", "Hello") for n in "123"]
    else:
        if model != "sequential":
            lines = sorted(lines[:3]) + sorted(lines[3:])
        timeline = {
            "thread": THREADS,
            "sequential": ONE_AFTER_ANOTHER,
            "gevent": GREENLETS,
        }.get(model, ONE_THREAD)
        assert drawn(lines, timeline) == timeline
    [line] = re.findall(f"== {model}: .* pages 3 .*", CLOSING_LINES)
    assert alike([end], line, late=1.5) == line
    _, most = in_flight(addresses[model])
    assert most in {"sequential": [1], "process": [2, 3]}.get(model, [3])


THIRTY = clients("--url {many_MODEL} --pages 30 --seconds 0.3 --workers 10")


@runs(*THIRTY[:3], slow=THIRTY[3:])
def test_thirty_pages(result: Result, addresses: dict[str, str]) -> None:
    """All come; the server itself saw as many in flight as there may be."""
    assert (result.status, result.errors) == (0, "")
    model = model_of(result)
    [line] = re.findall(f"== {model}: .* pages 30 .*", CLOSING_LINES)
    assert alike(result.lines[-1:], line, late=30) == line
    pages = sorted(int(m[1]) for m in matches(BYE, result.lines))
    assert pages == [*range(1, 31)]
    now, most = in_flight(addresses[f"many_{model}"])
    assert now == 0
    assert (most == 1) if model == "sequential" else (5 < most <= 10)


@runs(
    "aio_http/yield_client.py --url {blocked} --block --pages 3 --seconds 0.3"
)
def test_blocking_server(result: Result, addresses: dict[str, str]) -> None:
    """One blocking call in a coroutine, and all wait in a row."""
    line = (
        "== yield: 0.90 s | thread ids 1 | OS threads 1 | pages 3 | failed 0"
    )
    assert alike(result.lines[-1:], line) == line
    assert in_flight(addresses["blocked"]) == (0, 1)


# The screen, standard error at its end. Of `compare.py`, each client has a
# server of its own: the pages that `yield` gave up on still wait in its one,
# and would keep the first page of `async` waiting for more than its timeout.
SCREENS = """
$ compare.py async yield --block --pages 4 --seconds 2 --timeout 3
4 pages of 2 s, Python ..., ... cores
== yield: 3.00 s | thread ids 1 | OS threads 1 | pages 1 | failed 3
== async: 3.00 s | thread ids 1 | OS threads 1 | pages 1 | failed 3
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...

$ yield_client.py --url {nobody} --pages 2
...
== yield: 0.00 s | thread ids 1 | OS threads 1 | pages 0 | failed 2
page 1: ...
page 2: ...

$ gevent_client.py --url {nobody} --pages 2
...
== gevent: 0.00 s | thread ids 2 | OS threads 1 | pages 0 | failed 2
page 1: ...
page 2: ...

$ async_client.py --url {nobody} --pages 1 <&- 2>&-
== async
Hello 1 serve thread id = A OS thread = A
== async: 0.00 s | thread ids 1 | OS threads 1 | pages 0 | failed 1

$ async_client.py --url {nobody} --pages 1 <&- >&-
page 1: ...
"""
# `head` takes its lines, and all ends without a word.
for model in MODELS:
    SCREENS += f"""
$ {model}_client.py --url {{fine}} --seconds 0.1 | head -n 2
== {model}
Hello ... serve thread id = A OS thread = A
"""
SCREEN = dict(re.findall(r"^\$ (.+)\n((?:.+\n)+)", SCREENS, re.MULTILINE))


@pytest.mark.slow
@posix
@runs(*(f"aio_http/{line}" for line in SCREEN))
def test_screen(result: Result) -> None:
    """What fails is on standard error, and the status tells as well."""
    page = SCREEN[result.command.line.removeprefix("aio_http/")]
    screen = [*result.lines, *sorted(result.errors.splitlines())]
    assert alike(screen, page, late=2) == page
    assert result.status == bool(re.search("failed [1-9]|^page", page))


# Clients of a server that is not as it should be.

TIMEOUT = 1.2  # seconds; for a whole page where a loop can see to it
MISBEHAVING = clients(
    f"--url {{misbehaving}} --timeout {TIMEOUT} --workers 6"
    f" --pages {len(ANSWERS)}"
)


@runs(*MISBEHAVING[:3], slow=MISBEHAVING[3:])
def test_misbehaving_server(result: Result) -> None:
    """A page that goes wrong is told in a line; the others come."""
    model = model_of(result)
    slow = SLOW if model in ("yield", "async", "gevent") else []
    late = {n for n, x in ANSWERS.items() if x in slow or x == "silent"}
    failed = late | {n for n, x in ANSWERS.items() if x in BAD}
    told = sorted(x.split(": ", 1) for x in result.errors.splitlines())
    assert [page for page, _ in told] == sorted(f"page {n}" for n in failed)
    assert all(reason.isprintable() for _, reason in told)
    timed_out = {page for page, reason in told if "Timeout" in reason}
    assert timed_out == {f"page {n}" for n in late}
    byes = sorted(int(m[1]) for m in matches(BYE, result.lines))
    assert byes == sorted({*ANSWERS} - failed)
    # One page after another, or the longest of them, and not much more.
    least = 2 * LATE + TIMEOUT if model == "sequential" else TIMEOUT
    line = (
        f"== {model}: {least:.2f} s | thread ids ... | OS threads ..."
        f" | pages {len(byes)} | failed {len(failed)}"
    )
    assert alike(result.lines[-1:], line, late=5) == line
    assert result.status == 1


# The end of a client, whatever brings it.


def own_error(model: str) -> str:
    """Return the command of a client with a page whose address is no text."""
    return (
        '-c \'import sys; sys.path.insert(0, "aio_http");'
        f" import client, {model}_client as demo; client.run_client("
        f"lambda urls, *rest: demo.{model}_client([*urls, 5], *rest), None, 9)"
        "' --url {fine} --pages 2 --seconds 0.1"
    )


@pytest.mark.slow
@runs(*map(own_error, MODELS))
def test_own_error(result: Result) -> None:
    """A mistake in the hello stops the client, and shows its place."""
    assert result.status == 1
    assert re.search(r"in hello\n", result.errors)
    assert re.search(r"\b(Attribute|Type)Error: ", result.errors)
    assert "page 3" not in result.errors
    assert not matches("== .*: .*", result.lines)


@pytest.mark.slow
@posix
def test_ctrl_c_while_workers_start(addresses: dict[str, str]) -> None:
    """Ctrl-C is not lost, and meets no worker that is not ready for it."""
    line = f"aio_http/process_client.py --seconds 9 --url {addresses['fine']}"
    for milliseconds in 0, 10, 20, 30, 50, 80, 120, 200:
        with begun(line) as (process, _):
            time.sleep(milliseconds / 1000)
            os.killpg(process.pid, signal.SIGINT)
            printed, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (130, ""), milliseconds
        assert "== process:" not in printed


@pytest.mark.slow
def test_all_ends_when_a_client_is_killed() -> None:
    """Its workers do, and its server: nobody holds its output open."""
    with begun("aio_http/process_client.py --seconds 30") as (process, _):
        assert process.stdout
        for _ in range(5):
            assert process.stdout.readline().startswith("Hello ")
        process.kill()
        assert process.communicate(timeout=10) == ("", "")


# The event loop of the model `yield`.


def test_event_loop() -> None:
    """Tasks that never wait make room for the next; an error stops it."""
    log: list[int] = []

    def task(number: int) -> Waits[None]:
        log.append(number)
        if number == 5:
            raise KeyError("broken")
        yield from ()

    with pytest.raises(KeyError, match="broken"):
        event_loop(map(task, range(9)), timeout=1, workers=2)
    assert log == [0, 1, 2, 3, 4, 5]


# The server.

# A path; the status and the seconds; the text.
ANSWERED = """
/hello/Ada             | 200: 1.00 s | Hello Ada serve thread id = A OS ...
/hello/Bo?seconds=2    | 200: 2.00 s | Hello Bo serve thread id = A OS ...
/hello/Ada?seconds=    | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=-1  | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=nan | 400: 0.00 s | seconds must be from 0 to 60
/block/Ada?seconds=inf | 400: 0.00 s | seconds must be from 0 to 60
/block/Ada?seconds=x   | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=60.1 | 400: 0.00 s | seconds must be from 0 to 60
/                      | 200: 0.00 s | A slow web server. GET /hello/NAME?...
/elsewhere             | 404: 0.00 s | 404: Not Found
"""


@pytest.mark.parametrize("row", ANSWERED.strip().splitlines())
def test_server_answers(row: str, addresses: dict[str, str]) -> None:
    """It greets after the time asked for, one second if none is."""
    path, expected = re.split(r" +\| ", row, maxsplit=1)
    start = time.perf_counter()
    status, text = get(addresses["fine"] + path)
    seconds = time.perf_counter() - start
    answer = f"{status}: {seconds:.2f} s | {' '.join(text.split())}"
    assert alike([answer], expected, late=5) == expected


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
@pytest.mark.parametrize(
    ("times", "status", "least", "most"),
    # The second by the system's own hand, which a shell shows as 130 as well.
    [(1, 130, 4, 20), (2, -2, 0, 3)],
)
def test_ctrl_c_ends_the_server(
    times: int, status: int, least: float, most: float
) -> None:
    """Requests in flight get five seconds; meanwhile nobody else is let in.

    At a second Ctrl-C it waits for nobody.
    """
    with (
        ThreadPoolExecutor() as pool,
        begun("aio_http/server.py --port 0") as (process, line),
    ):
        url = line.split()[-1]
        short = pool.submit(get, f"{url}/hello/Ada?seconds=1")
        long = pool.submit(get, f"{url}/hello/Bob?seconds=60")
        assert soon(lambda: in_flight(url)[0] == 2)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert soon(lambda: bool(pool.submit(get, url).exception()))
        if times == 2:
            process.send_signal(signal.SIGINT)
        else:
            assert short.result()[0] == 200
        _, errors = process.communicate(timeout=20)
        seconds = time.perf_counter() - start
    assert long.exception()
    assert (process.returncode, errors) == (status, "")
    assert least < seconds < most
