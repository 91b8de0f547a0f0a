"""A web server that gets it wrong, in another way for each page.

`/hello/NUMBER` picks the way from `ANSWERS`; whoever asks for all of its pages
meets them all.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\n"


def fine(client: socket.socket) -> None:
    """Answer as a server should."""
    client.sendall(OK + b"Content-Length: 6\r\n\r\nHello\n")


def until_close(client: socket.socket) -> None:
    """Let the end of the connection be the end of the page."""
    client.sendall(OK + b"\r\nHello\n")


def large(client: socket.socket) -> None:
    """Send a page that no socket's buffer holds, its headers in two parts."""
    client.sendall(OK + b"Content-Le")
    time.sleep(0.05)
    client.sendall(b"ngth: 9000000\r\n\r\n" + b"Hello...\n" * 1_000_000)


def cut_off(client: socket.socket) -> None:
    """Close in the middle of the page."""
    client.sendall(OK + b"Content-Length: 100\r\n\r\nHello")


def cut_off_headers(client: socket.socket) -> None:
    """Close in the middle of the headers."""
    client.sendall(OK + b"Content-Le")


def error_500(client: socket.socket) -> None:
    """Say that the server failed."""
    client.sendall(
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    )


def error_400(client: socket.socket) -> None:
    """Say that the request is wrong."""
    client.sendall(
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\nOdd.\r\n"
    )


def elsewhere(client: socket.socket) -> None:
    """Send the client to another address."""
    client.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: /hello/1\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def silent(client: socket.socket) -> None:
    """Never answer; wait until the client gives up."""
    while client.recv(1024):
        pass


def slow_headers(client: socket.socket) -> None:
    """Send a byte now and then, for ever, and get nowhere."""
    client.sendall(OK)
    while True:
        client.sendall(b"X")
        time.sleep(0.1)


def slow_page(client: socket.socket) -> None:
    """Send a page, a byte now and then."""
    client.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b"X")
        time.sleep(0.1)


def garbage(client: socket.socket) -> None:
    """Send what is no HTTP, and would turn a terminal red."""
    client.sendall(b"\x1b[31m\xff\0 rubbish\n\r\n\r\n" * 10)


def odd_length(client: socket.socket) -> None:
    """Give the page a length that is no number."""
    client.sendall(OK + b"Content-Length: -5\r\n\r\nHello\n")


def hang_up(client: socket.socket) -> None:
    """Close without a word."""


def reset(client: socket.socket) -> None:
    """Break the connection off."""
    client.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )


# What a client may take for a page, and what it must not.
GOOD = [fine, until_close, large]
BAD = [
    cut_off,
    cut_off_headers,
    error_500,
    error_400,
    elsewhere,
    silent,
    slow_headers,
    slow_page,
    garbage,
    odd_length,
    hang_up,
    reset,
]
ANSWERS = dict(enumerate([fine, *BAD, *GOOD], 1))


def answer(client: socket.socket) -> None:
    """Read a request and answer it in the way that it asks for."""
    # The client may have had enough at any point.
    with client, suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            chunk = client.recv(1024)
            if not chunk:
                return
            request += chunk
        number = request.split(b"?")[0].rsplit(b"/")[-1]
        ANSWERS[int(number)](client)


def accept(server: socket.socket) -> None:
    """Answer each connection in a thread of its own until the end."""
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(
                target=answer, args=(client,), daemon=True
            ).start()


@contextmanager
def misbehaving_server() -> Iterator[str]:
    """Run the server during the block; give its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
