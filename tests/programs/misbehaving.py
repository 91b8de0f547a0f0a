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
LATE = 2.0  # seconds, for a page that comes little by little


def greeting(number: int) -> bytes:
    """Return the page that the client wants."""
    line = f"Hello {number} now = 12:00:00 serve thread id = 7 OS thread = 7\n"
    return line.encode()


def whole(page: bytes) -> bytes:
    """Return the page with its headers."""
    return OK + b"Content-Length: %d\r\n\r\n" % len(page) + page


def little_by_little(
    client: socket.socket, data: bytes, seconds: float
) -> None:
    """Send the data in six parts, with a wait before each but the first."""
    size = -(-len(data) // 6)
    for start in range(0, len(data), size):
        if start:
            time.sleep(seconds / 5)
        client.sendall(data[start : start + size])


def fine(client: socket.socket, number: int) -> None:
    """Answer as a server should."""
    client.sendall(whole(greeting(number)))


def until_close(client: socket.socket, number: int) -> None:
    """Let the end of the connection be the end of the page."""
    client.sendall(OK + b"\r\n" + greeting(number))


def in_parts(client: socket.socket, number: int) -> None:
    """Send the headers and the page in several parts."""
    little_by_little(client, whole(greeting(number)), 0.2)


def slow_headers(client: socket.socket, number: int) -> None:
    """Take long for the headers, but never long for the next part."""
    head, end, page = whole(greeting(number)).partition(b"\r\n\r\n")
    little_by_little(client, head, LATE)
    client.sendall(end + page)


def slow_page(client: socket.socket, number: int) -> None:
    """Take long for the page, but never long for the next part."""
    head, end, page = whole(greeting(number)).partition(b"\r\n\r\n")
    client.sendall(head + end)
    little_by_little(client, page, LATE)


def another(client: socket.socket, number: int) -> None:
    """Send the page that somebody else wants."""
    client.sendall(whole(greeting(number + 1)))


def empty(client: socket.socket, number: int) -> None:
    """Send a page with nothing in it."""
    client.sendall(whole(b""))


def no_newline(client: socket.socket, number: int) -> None:
    """Send all of the page but its last character."""
    client.sendall(whole(greeting(number)[:-1]))


def more(client: socket.socket, number: int) -> None:
    """Send the page, and something after it."""
    client.sendall(whole(greeting(number) + b"\n"))


def cut_off(client: socket.socket, number: int) -> None:
    """Close in the middle of the page."""
    client.sendall(whole(greeting(number))[:-20])


def cut_off_headers(client: socket.socket, number: int) -> None:
    """Close in the middle of the headers."""
    client.sendall(OK + b"Content-Le")


def error_500(client: socket.socket, number: int) -> None:
    """Say that the server failed."""
    client.sendall(
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    )


def error_400(client: socket.socket, number: int) -> None:
    """Say that the request is wrong."""
    client.sendall(
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\nOdd.\r\n"
    )


def elsewhere(client: socket.socket, number: int) -> None:
    """Send the client to another address."""
    client.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: /hello/1\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def silent(client: socket.socket, number: int) -> None:
    """Never answer; wait until the client gives up."""
    while client.recv(1024):
        pass


def garbage(client: socket.socket, number: int) -> None:
    """Send what is no HTTP, and would turn a terminal red."""
    client.sendall(b"\x1b[31m\xff\0 rubbish\n\r\n\r\n" * 10)


def odd_length(client: socket.socket, number: int) -> None:
    """Give the page a length that is no number."""
    client.sendall(OK + b"Content-Length: -5\r\n\r\nHello\n")


def hang_up(client: socket.socket, number: int) -> None:
    """Close without a word."""


def reset(client: socket.socket, number: int) -> None:
    """Break the connection off."""
    client.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )


# What a client may take for a page, what it may have no time for, and what
# it must not take.
GOOD = [fine, until_close, in_parts]
SLOW = [slow_headers, slow_page]
BAD = [
    another,
    empty,
    no_newline,
    more,
    cut_off,
    cut_off_headers,
    error_500,
    error_400,
    elsewhere,
    silent,
    garbage,
    odd_length,
    hang_up,
    reset,
]
ANSWERS = dict(enumerate([fine, *SLOW, *BAD, *GOOD], 1))


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
        number = int(request.split(b"?")[0].rsplit(b"/")[-1])
        ANSWERS[number](client, number)


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
    """Run the server during the block; give its address, on IPv6 if it can."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
        host = "[::1]"
    except OSError:
        server = socket.create_server(("127.0.0.1", 0))
        host = "127.0.0.1"
    with server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://{host}:{server.getsockname()[1]}"
