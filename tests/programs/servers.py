"""Run the servers that the tests of chapter 4 visit, all in one event loop.

    python tests/programs/servers.py

Prints a line of JSON, their addresses by name, and runs until it is killed or
until standard input ends. Each `MODEL` counts the requests of one client, and
`fine` those of nobody; its port is `taken`. At `nobody` nobody listens.
`misbehaving` gets it wrong, in another way for each page: it answers
`/hello/NUMBER` with that one of `ANSWERS`, which are counted from 1.
"""

import asyncio
import json
import re
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "aio_http"))

from aiohttp import web
from server import application, end_at_eof

PAUSE = 0.3  # seconds, where an answer has ~ in it
OK = "HTTP/1.1 200 OK\r\n"
HELLO = "Hello NUMBER now = 12:00:00 serve thread id = 7 OS thread = 7\n"


def whole(page: str) -> str:
    """Return the page with its headers; LENGTH becomes its length."""
    return f"{OK}Content-Length: LENGTH\r\n\r\n{page}"


# What a client may take for a page.
GOOD = [
    whole(HELLO),
    f"{OK}\r\n{HELLO}",  # until the connection ends
    whole(HELLO).replace("th", "~th", 2),
]
# What it may have no time for, though more of it always comes: six pauses.
SLOW = [
    whole(HELLO).replace("Content", "C~o~n~t~e~n~t"),
    whole(HELLO.replace(" ", "~ ", 6)),
]
# What it must not take.
BAD = [
    "SILENCE",  # until the client gives up
    "",
    f"{OK}Content-Le",
    f"{OK}Content-Length: 99\r\n\r\n{HELLO[:-20]}",
    f"{OK}Content-Length: -5\r\n\r\nHello\n",
    whole(""),
    whole(HELLO.replace("NUMBER", "99")),
    whole(HELLO.strip()),
    whole(HELLO + "\n"),
    whole("").replace("200 OK", "302 Found\r\nLocation: /hello/1?"),
    whole("Odd.\r\n").replace("200 OK", "400 Bad Request"),
    whole("").replace("200 OK", "500 Internal Server Error"),
    # No HTTP; it would turn a terminal red.
    "\x1b[31m\xff\0 rubbish\n\r\n\r\n" * 10,
]
# In this order, for those that take long begin first.
ANSWERS = [*SLOW, *BAD, *GOOD]


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Read a request, and answer it, piece by piece."""
    # The client may have had enough at any point.
    with suppress(OSError, EOFError):
        request = await reader.readuntil(b"\r\n\r\n")
        number = re.findall(rb"/(\d+)\?", request)[0].decode()
        text = ANSWERS[int(number) - 1].replace("NUMBER", number)
        length = len(text.partition("\r\n\r\n")[2].replace("~", ""))
        pieces = text.replace("LENGTH", str(length)).split("~")
        if pieces == ["SILENCE"]:
            await reader.read()
        else:
            for turn, piece in enumerate(pieces):
                await asyncio.sleep(PAUSE if turn else 0)
                writer.write(piece.encode("latin-1"))
    writer.close()


# The last three meet some servers in slow runs only.
MODELS = ["thread", "yield", "async", "sequential", "process", "gevent"]
# A name, which some systems look up as ::1 first. Windows then takes seconds
# to find that nobody listens there.
NAMED = "127.0.0.1" if sys.platform == "win32" else "localhost"


async def main() -> None:
    addresses = {}
    for name in [*MODELS, "fine"]:
        runner = web.AppRunner(application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host = "127.0.0.1" if name == "fine" else NAMED
        addresses[name] = f"http://{host}:{runner.addresses[0][1]}"
    for host in "127.0.0.1", "[::1]":
        with suppress(OSError):  # not every system knows IPv6
            server = await asyncio.start_server(answer, host.strip("[]"), 0)
            _, port, *_ = server.sockets[0].getsockname()
            addresses["misbehaving"] = f"http://{host}:{port}"
    addresses["taken"] = addresses["fine"].rpartition(":")[2]
    addresses["nobody"] = "http://127.0.0.1:1"
    print(json.dumps(addresses), flush=True)
    await asyncio.to_thread(end_at_eof)


if __name__ == "__main__":
    asyncio.run(main())
