"""Run the servers that the tests of chapter 4 visit, all in one process.

    python tests/programs/servers.py

Prints a line of JSON, their addresses by name, and runs until it is killed or
until standard input ends. `MODEL` and `many_MODEL` count the requests of one
client each; at `nobody` the port is taken, but nobody listens.
"""

import asyncio
import json
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "aio_http"))

from aiohttp import web
from misbehaving import misbehaving_server
from server import application, end_at_eof

# A name, which some systems look up as ::1 first. Windows then takes seconds
# to find that nobody listens there.
NAMED = "127.0.0.1" if sys.platform == "win32" else "localhost"
MODELS = ["sequential", "thread", "process", "yield", "async", "gevent"]


async def serve(sock: socket.socket) -> None:
    """Serve the application of chapter 4, with a count of its own."""
    runner = web.AppRunner(application())
    await runner.setup()
    await web.SockSite(runner, sock, backlog=1024).start()
    await asyncio.Event().wait()


def start(host: str = "127.0.0.1") -> str:
    """Start a server in a thread, so that no other waits when it blocks."""
    sock = socket.create_server(("127.0.0.1", 0))
    threading.Thread(
        target=asyncio.run, args=[serve(sock)], daemon=True
    ).start()
    return f"http://{host}:{sock.getsockname()[1]}"


with misbehaving_server() as misbehaving, socket.socket() as nobody:
    nobody.bind(("127.0.0.1", 0))
    addresses = {
        "misbehaving": misbehaving,
        "nobody": f"http://127.0.0.1:{nobody.getsockname()[1]}",
        **{name: start() for name in ("fine", "blocked")},
        **{model: start(NAMED) for model in MODELS},
        **{f"many_{model}": start() for model in MODELS},
    }
    print(json.dumps(addresses), flush=True)
    end_at_eof()
