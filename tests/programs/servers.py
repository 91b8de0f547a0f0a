"""Run the servers that the tests of chapter 4 visit, all in one process.

    python tests/servers.py NAME ...

Prints a line of JSON, their addresses by name: one that counts its requests
for each NAME, and the misbehaving one. They run until standard input ends.
"""

import asyncio
import json
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "aio_http"))

from aiohttp import web
from misbehaving import misbehaving_server
from server import application, end_at_eof


async def start(name: str) -> str:
    """Start the application that counts for `name`; return its address."""
    runner = web.AppRunner(application())
    await runner.setup()
    sock = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, sock, backlog=1024).start()
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


async def main(names: list[str]) -> None:
    """Start the servers and let them run."""
    with misbehaving_server() as misbehaving:
        addresses = {name: await start(name) for name in names}
        print(
            json.dumps({"misbehaving": misbehaving, **addresses}), flush=True
        )
        await asyncio.Event().wait()


threading.Thread(target=end_at_eof, daemon=True).start()
asyncio.run(main(sys.argv[1:]))
