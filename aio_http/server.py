# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""A slow web server.

GET /hello/NAME?seconds=S   waits S seconds (default 1), then greets NAME;
                            meanwhile the others are served
GET /block/NAME?seconds=S   the same with time.sleep, wrong on purpose:
                            meanwhile nobody is served
GET /flaky/NAME?seconds=S   fails the first time that NAME is asked for: status
                            503, or the end comes in the middle
GET /                       shows this, and counts the requests in flight;
                            in a browser, shows them live

python aio_http/server.py               serves on 127.0.0.1, port 8080
python aio_http/server.py --port 0      serves on any port that is free

Ctrl-C stops it; the requests in flight get five more seconds to end. A
blocked server hears nothing, Ctrl-C neither, until the block is over.
"""

import argparse
import asyncio
import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

# Python leaves this folder out where PYTHONSAFEPATH is set.
sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from aiohttp import web


async def hello(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def block(seconds: float) -> None:
    # Wrong on purpose: the event loop, and everybody in it, waits too.
    time.sleep(seconds)


def application() -> "web.Application":
    """Return the pages; `Live` shows the requests in flight."""
    from aiohttp import web
    from live import PAGE, Live

    live = Live()
    failed: set[str] = set()

    async def greet(request: web.Request) -> web.StreamResponse:
        wait = block if request.match_info["wait"] == "block" else hello
        try:
            seconds = float(request.query.get("seconds", "1"))
        except ValueError:
            seconds = -1
        if not 0 <= seconds <= 60:
            raise web.HTTPBadRequest(text="seconds must be from 0 to 60\n")
        async with live.shown(request):
            await wait(seconds)
        return web.Response(
            text=f"Hello {request.match_info['name']}"
            f" now = {time.strftime('%H:%M:%S')}"
            f" serve thread id = {threading.get_ident()}"
            f" OS thread = {threading.get_native_id()}\n"
        )

    async def flaky(request: web.Request) -> web.StreamResponse:
        if request.match_info["name"] in failed:
            return await greet(request)
        failed.add(request.match_info["name"])
        if len(failed) % 2:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
        # Not before anything has come, or aiohttp's client would ask again
        # by itself, and nobody would see that this has failed.
        half = web.StreamResponse(headers={"Content-Length": "10"})
        await half.prepare(request)
        await half.write(b"Hello")
        if request.transport:
            request.transport.close()
        return half

    async def index(request: web.Request) -> web.StreamResponse:
        if "text/html" in request.headers.get("Accept", ""):
            return web.FileResponse(PAGE)
        counts = f"{len(live.in_flight)} now, {live.most} at most"
        return web.Response(text=f"{__doc__}\nrequests in flight: {counts}\n")

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/{wait:hello|block}/{name}", greet)
    app.router.add_get("/{wait:flaky}/{name}", flaky)
    app.router.add_get("/events", live.events)
    app.on_startup.append(live.begin)
    app.on_shutdown.append(live.hang_up)
    return app


# The rest opens a port, and reads the command line.


def raise_file_limit() -> None:
    # Each connection is an open file, and macOS starts with 256.
    if sys.platform != "win32":
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = max(now, min(8192, most))
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def end_at_eof() -> None:
    """End with whoever started this, however that ends: it held our stdin."""
    os.read(0, 1)
    # Even where the loop is blocked: no handler of Python's is in the way.
    signal.raise_signal(signal.SIGTERM)


async def serve(app: "web.Application", port: int) -> None:
    """Serve until Ctrl-C; print the address once the server answers."""
    from aiohttp import web

    # aiohttp waits so long twice for what is in flight.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
        host, port = runner.addresses[0]
        print(f"serving http://{host}:{port}", flush=True)
        await asyncio.Event().wait()
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:  # the port is taken, the disk is full
        sys.exit(f"cannot serve: {error.strerror}")
    finally:
        # Whoever presses Ctrl-C again does not want to wait.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        await runner.cleanup()
        signal.signal(signal.SIGINT, before)


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit("Python 3.11 or newer is needed")
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
    raise_file_limit()
    try:
        asyncio.run(serve(application(), args.port))
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        pip = "python -m" if importlib.util.find_spec("pip") else "uv"
        sys.exit(f"aiohttp is missing: {pip} pip install aiohttp")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
