"""Press Ctrl-C on a server that has two requests in flight, 1 s and 60 s.

Prints the status of the first; why the second failed; whether a third got in
meanwhile; the server's exit status; and how many seconds it took to stop.
"""

import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

SERVER = Path(__file__).parents[2] / "aio_http" / "server.py"
direct = build_opener(ProxyHandler({}))


def get(url: str) -> str:
    """Return the text of a page."""
    with direct.open(url, timeout=20) as response:
        return str(response.read().decode())


def outcome(page: "Future[str]") -> str:
    """Return the first word of a page, or the name of its error."""
    error = page.exception()
    return type(error).__name__ if error else page.result().split()[0]


with (
    subprocess.Popen(
        [sys.executable, SERVER, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server,
    ThreadPoolExecutor() as pool,
):
    assert server.stdout
    url = server.stdout.readline().split()[-1]
    short = pool.submit(get, url + "/hello/Ada?seconds=1")
    long = pool.submit(get, url + "/hello/Bob?seconds=60")
    while "2 now" not in get(url):
        time.sleep(0.02)
    server.send_signal(signal.SIGINT)
    start = time.perf_counter()
    print(outcome(short))
    print(outcome(pool.submit(get, url)))
    print(outcome(long))
    print(server.wait())
    print(time.perf_counter() - start)
