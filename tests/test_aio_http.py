"""Chapter 4: what the clients print, whatever the server does.

`{NAME}` in a command is a server of `programs/servers.py`: each {MODEL} counts
the requests of one client, on a host that has a name; {misbehaving} has an
IPv6 address where the system knows IPv6; at {nobody} nobody listens.
"""

import asyncio
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from unittest.mock import AsyncMock, Mock
from urllib.request import HTTPHandler, OpenerDirector, Request

import pytest
from helpers.commands import ROOT, Command, Result, begun, posix, runs
from helpers.screens import alike, drawn, plain

sys.path.insert(0, str(ROOT / "tests" / "programs"))
sys.path.insert(0, str(ROOT / "aio_http"))

import live
from servers import ANSWERS, BAD, MODELS, SLOW

# Four pages of a second, three at a time: the second in which each line comes,
# and a letter for each id. Whoever is free takes page 4.
THREADS = """
0.0 Hello 1 serve thread id = A OS thread = A
0.0 Hello 2 serve thread id = B OS thread = B
0.0 Hello 3 serve thread id = C OS thread = C
1.0 Bye.. 1
1.0 Bye.. 2
1.0 Bye.. 3
1.0 Hello 4 serve thread id = ? OS thread = ?
2.0 Bye.. 4
"""
ONE_AFTER_ANOTHER = """
0.0 Hello 1 serve thread id = A OS thread = A
1.0 Bye.. 1
1.0 Hello 2 serve thread id = A OS thread = A
2.0 Bye.. 2
2.0 Hello 3 serve thread id = A OS thread = A
3.0 Bye.. 3
3.0 Hello 4 serve thread id = A OS thread = A
4.0 Bye.. 4
"""
TIMELINES = {
    "thread": THREADS,
    "yield": re.sub("= [BC?]", "= A", THREADS),
    "async": re.sub("= [BC?]", "= A", THREADS),
    "sequential": ONE_AFTER_ANOTHER,
    "gevent": re.sub("OS thread = [BC?]", "OS thread = A", THREADS),
}
# Processes may or may not have the same thread id, and one that is slow to
# start may find its page taken. A greenlet takes one page, and may get the id
# of one that has ended.
CLOSING_LINES = """
== thread: 2.00 s | thread ids 3 | OS threads 3 | pages 4 | failed 0
== yield: 2.00 s | thread ids 1 | OS threads 1 | pages 4 | failed 0
== async: 2.00 s | thread ids 1 | OS threads 1 | pages 4 | failed 0
== sequential: 4.00 s | thread ids 1 | OS threads 1 | pages 4 | failed 0
== process: 2.00 s | thread ids ... | OS threads ... | pages 4 | failed 0
== gevent: 2.00 s | thread ids ... | OS threads 1 | pages 4 | failed 0
"""


def clients(line: str) -> list[Command]:
    """Return the command of each; MODEL in the line is its name."""
    return [Command(line.replace("MODEL", model)) for model in MODELS]


def get(url: str | Request) -> tuple[int, str]:
    """Return the status and the text of a page, whatever the status."""
    opener = OpenerDirector()
    opener.add_handler(HTTPHandler())
    with opener.open(url, timeout=30) as response:
        return response.status, response.read().decode()


# Clients of a server that is as it should be, or of none.

FOUR = "aio_http/MODEL_client.py --url {MODEL}/ --pages 4 --workers 3"


@runs(*clients(FOUR))
def test_four_pages(result: Result, addresses: dict[str, str]) -> None:
    """Three wait at once, unless they take turns; who comes first is open."""
    assert (result.status, result.errors) == (0, "")
    heading, *lines, end = result.lines
    model = heading.removeprefix("== ")
    if model == "process":  # who does what when is open
        words = sorted(line.split(" now")[0] for line in lines)
        assert words == [x + n for x in ("Bye.. ", "Hello ") for n in "1234"]
    else:
        if model != "sequential":
            lines = sorted(lines[:3]) + sorted(lines[3:7]) + lines[7:]
        [free] = re.findall("Hello 4 .* id = (.)", plain(lines, "ABC"))
        timeline = TIMELINES[model].replace("?", free)
        assert drawn(lines, timeline) == timeline
    [line] = re.findall(f"{heading}: .*", CLOSING_LINES)
    assert alike([end], line, late=1.5) == line
    # The server itself saw as many as there may be.
    most = {"sequential": "1", "process": "[23]"}.get(model, "3")
    _, text = get(addresses[model])
    assert re.search(f"in flight: 0 now, {most} at most", text)


# The screen, standard error at its end. Only the first three are not slow: a
# server that blocks, pages that fail before they wait, a port that is taken.
# Of `compare.py`, each client has a server of its own: the pages that `yield`
# gave up on still wait in its one, and would keep the first page of `async`
# waiting for more than its timeout.
SCREEN = """
$ yield_client.py --block --pages 3 --seconds 0.3
...
== yield: 0.90 s | thread ids 1 | OS threads 1 | pages 3 | failed 0

$ yield_client.py --url http://255.255.255.255 --pages 2 --workers 1
...
== yield: 0.00 s | thread ids 1 | OS threads 1 | pages 0 | failed 2
page 1: ...
page 2: ...

$ server.py --port {taken}
cannot serve: ...ddress already in use

$ compare.py async yield --block --pages 3 --seconds 2 --timeout 3
3 pages of 2 s, Python ..., ... cores
== yield: 3.00 s | thread ids 1 | OS threads 1 | pages 1 | failed 2
== async: 3.00 s | thread ids 1 | OS threads 1 | pages 1 | failed 2
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...
page ...: ...Timeout...

$ async_client.py --url {nobody} --pages 1 <&- 2>&-
== async
Hello 1 serve thread id = A OS thread = A
== async: 0.00 s | thread ids 1 | OS threads 1 | pages 0 | failed 1
"""
SCREENS = dict(re.findall(r"^\$ (.+)\n((?:.+\n)+)", SCREEN, re.MULTILINE))
LINES = [f"aio_http/{line}" for line in SCREENS]


@posix
@runs(*LINES[:3], slow=LINES[3:])
def test_screen(result: Result) -> None:
    """What fails is on standard error, and the status tells as well."""
    page = SCREENS[result.command.line.removeprefix("aio_http/")]
    screen = [*result.lines, *sorted(result.errors.splitlines())]
    assert alike(screen, page, late=2) == page
    assert result.status == bool(re.search("failed [1-9]|^cannot", page))


# Clients of a server that is not as it should be.

MISBEHAVING = clients(
    "aio_http/MODEL_client.py --url {misbehaving} --workers 6"
    f" --timeout 1.2 --pages {len(ANSWERS)}"
)


@runs(*MISBEHAVING[:3], slow=MISBEHAVING[3:])
def test_misbehaving_server(result: Result) -> None:
    """A page that goes wrong is told in a line; the others come."""
    heading, *lines, end = result.lines
    told = result.errors.splitlines()
    late = ["SILENCE"]
    if heading.endswith(("yield", "async", "gevent")):
        late += SLOW  # a loop sees to the time of a whole page
    for number, answer in enumerate(ANSWERS, 1):
        of_page = rf"(page|Bye\.\.) {number}\b"
        [line] = [x for x in [*lines, *told] if re.match(of_page, x)]
        assert line.startswith("page") == (answer in [*late, *BAD])
        assert ("Timeout" in line) == (answer in late)
        assert line.isprintable()
    page = (
        f"{heading}: 1.20 s | thread ids ... | OS threads ..."
        f" | pages {len(ANSWERS) - len(told)} | failed {len(told)}"
    )
    # The most is for `sequential`, which also waits for the slow ones.
    assert alike([end], page, late=9) == page
    assert result.status == 1


# The end of a client, whatever brings it.


@pytest.mark.slow
def test_all_ends_when_a_client_is_killed() -> None:
    """Its workers do, and its server: nobody holds its output open."""
    with begun("aio_http/process_client.py --seconds 30") as (process, _):
        assert process.stdout
        for _ in range(5):
            assert process.stdout.readline().startswith("Hello ")
        process.kill()
        printed, _ = process.communicate(timeout=10)
        assert printed == ""


# The server.

# A path and headers; the status and the seconds; the text. Browsers get the
# page, which may see the events, if it asks for a WebSocket; pages of other
# sites may not, nor a name of somebody else's that leads to this machine.
ANSWERED = """
/hello/Ada             | 200: 1.00 s | Hello Ada serve thread id = A OS ...
/hello/Bo?seconds=1.5  | 200: 1.50 s | Hello Bo serve thread id = A OS ...
/hello/Ada?seconds=    | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=-1  | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=nan | 400: 0.00 s | seconds must be from 0 to 60
/hello/Ada?seconds=60.1 | 400: 0.00 s | seconds must be from 0 to 60
/elsewhere             | 404: 0.00 s | 404: Not Found
/                      | 200: 0.00 s | A slow web server. GET /hello/NAME?...
/ Accept:text/html,*/* | 200: 0.00 s | <!doctype html> <html lang="en"> ...
/events Origin:{fine}  | 400: 0.00 s | ...
/events Origin:null    | 403: 0.00 s | only for this server's own page
/events Origin:http://example.org | 403: 0.00 s | only for this ...
/events Origin:http://example.org Host:example.org | 403: 0.00 s | only ...
"""


@pytest.mark.parametrize("row", ANSWERED.strip().splitlines())
def test_server_answers(row: str, addresses: dict[str, str]) -> None:
    """Hello after the time asked for, one second if none is; or why not."""
    asked, expected = re.split(r" +\| ", row.format(**addresses), maxsplit=1)
    path, *headers = asked.split()
    pairs = dict(header.split(":", 1) for header in headers)
    start = time.perf_counter()
    status, text = get(Request(addresses["fine"] + path, headers=pairs))
    seconds = time.perf_counter() - start
    answer = f"{status}: {seconds:.2f} s | {' '.join(text.split())}"
    assert alike([answer], expected, late=5) == expected


def test_a_stuck_page_is_hung_up_on() -> None:
    """Nobody waits for it, and the server keeps little for it."""
    page, transport = AsyncMock(), Mock()
    transport.get_write_buffer_size.return_value = live.UNREAD + 1
    shown = live.Live()
    shown.pages[page] = transport
    asyncio.run(shown.send(live.event("beat")))
    transport.abort.assert_called_once_with()
    page.send_str.assert_not_called()


@pytest.mark.slow
@posix
@pytest.mark.parametrize("again", [False, True])
def test_ctrl_c_ends_the_server(again: bool) -> None:
    """Requests in flight get five seconds; meanwhile nobody else is let in.

    At a second Ctrl-C it waits for nobody.
    """
    with (
        ThreadPoolExecutor() as pool,
        begun("aio_http/server.py --port 0") as (process, line),
    ):
        url = line.split()[-1]
        short = pool.submit(get, f"{url}/hello/Ada?seconds=1")
        pool.submit(get, f"{url}/hello/Bob?seconds=60")
        while " 2 now" not in get(url)[1]:
            time.sleep(0.02)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # until nobody is let in
            while get(url):
                time.sleep(0.02)
        if again:
            process.send_signal(signal.SIGINT)
        else:
            assert short.result()[0] == 200
        _, errors = process.communicate(timeout=20)
        seconds = time.perf_counter() - start
    # The second is by the system's own hand; a shell shows it as 130, too.
    assert (process.returncode, errors) == (-2 if again else 130, "")
    assert seconds < 3 if again else 4 < seconds < 20
