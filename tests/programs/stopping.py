"""Press Ctrl-C on a server that has two requests in flight, 1 s and 60 s.

Prints what the first gets, what another gets meanwhile, and what the second
gets; the server's exit status; and how many seconds it took to stop.
"""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

SERVER = Path(__file__).parents[2] / "aio_http" / "server.py"


def get(url: str) -> str:
    """Return the text of a page, or the name of the error."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=20) as response:
            return str(response.read().decode())
    except OSError as error:
        return type(error).__name__


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
    short, long = (
        pool.submit(get, f"{url}/hello/Ada?seconds={seconds}")
        for seconds in (1, 60)
    )
    while "2 now" not in get(url):
        time.sleep(0.02)
    server.send_signal(signal.SIGINT)
    start = time.perf_counter()
    print(short.result().split()[0])
    print(get(url))
    print(long.result())
    print(server.wait())
    print(time.perf_counter() - start)
