# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""A slow web server.

GET /hello/NAME?seconds=S   waits S seconds (default 1), then greets NAME;
                            meanwhile the others are served
GET /block/NAME?seconds=S   the same with time.sleep, wrong on purpose:
                            meanwhile nobody is served
GET /                       shows this, and counts the requests in flight;
                            in a browser, shows them live

python aio_http/server.py               serves on 127.0.0.1, port 8080
python aio_http/server.py --port 0      serves on any port that is free

Ctrl-C stops it; the requests in flight get five more seconds to end. A
blocked server hears nothing, Ctrl-C neither, until the block is over.
"""

import argparse
import asyncio
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web


def application() -> "web.Application":
    """Return the pages; `Live` counts the requests in flight."""
    from aiohttp import web
    from live import PAGE, Live

    async def hello(request: web.Request) -> web.Response:
        await asyncio.sleep(seconds_of(request))
        return web.Response(text=greeting(request))

    async def block(request: web.Request) -> web.Response:
        # Wrong on purpose: the event loop, and everybody in it, waits too.
        time.sleep(seconds_of(request))
        return web.Response(text=greeting(request))

    async def index(request: web.Request) -> web.StreamResponse:
        if "text/html" in request.headers.get("Accept", ""):
            return web.FileResponse(
                PAGE, headers={"Cache-Control": "no-cache"}
            )
        counts = f"{len(live.in_flight)} now, {live.most} at most"
        return web.Response(text=f"{__doc__}\nrequests in flight: {counts}\n")

    live = Live()
    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/hello/{name}", live.watched(hello))
    app.router.add_get("/block/{name}", live.watched(block))
    app.router.add_get("/events", live.events)
    app.cleanup_ctx.append(live.beating)
    app.on_shutdown.append(live.hang_up)
    return app


def seconds_of(request: "web.Request") -> float:
    """Return how long the request wants to wait; answer 400 if it is odd."""
    from aiohttp import web

    try:
        seconds = float(request.query.get("seconds", "1"))
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 60:
        raise web.HTTPBadRequest(text="seconds must be from 0 to 60\n")
    return seconds


def greeting(request: "web.Request") -> str:
    """Greet whom the request names; say when, and which thread serves it."""
    return (
        f"Hello {request.match_info['name']} now = {time.strftime('%H:%M:%S')}"
        f" serve thread id = {threading.get_ident()}"
        f" OS thread = {threading.get_native_id()}\n"
    )


# The rest opens a port, and reads the command line.


def open_files() -> int:
    """Let this process open more files, if it may; return how many.

    Each connection is one, and macOS starts with 256.
    """
    try:
        import resource
    except ModuleNotFoundError:
        return 512  # Windows, whose select() takes no more sockets
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(now, min(8192, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted


def serve(port: int) -> None:
    """Serve until Ctrl-C; print the address once the server answers."""
    from aiohttp import web

    open_files()
    with (
        socket.create_server(("127.0.0.1", port)) as sock,
        suppress(web.GracefulExit),  # a second Ctrl-C
    ):
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        web.run_app(
            application(),
            sock=sock,
            backlog=4096,
            shutdown_timeout=2.5,  # aiohttp waits so long twice
            access_log=None,
            print=lambda _: print(f"serving {url}", flush=True),
        )


def end_at_eof() -> None:
    """End with whoever started this, however that ends: it held our stdin."""
    os.read(0, 1)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--until-eof", action="store_true")
    args = parser.parse_args()
    if not 0 <= args.port <= 65535:
        parser.error("argument --port: not from 0 to 65,535")
    if args.until_eof:
        threading.Thread(target=end_at_eof, daemon=True).start()
    try:
        serve(args.port)
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is missing: pip install {error.name}")
    except OSError as error:
        sys.exit(f"cannot serve: {error.strerror}")
    except KeyboardInterrupt:
        pass
    sys.exit(130)


if __name__ == "__main__":
    main()
