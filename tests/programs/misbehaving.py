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

LATE = 2.0  # seconds, for a page that comes little by little


def greeting(number: int) -> bytes:
    """Return the page that the client wants."""
    page = b"Hello %d now = 12:00:00 serve thread id = 7 OS thread = 7\n"
    return page % number


def whole(page: bytes, status: bytes = b"200 OK") -> bytes:
    """Return the page with its headers."""
    head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(page))
    return head + page


def wrong(number: int) -> dict[str, bytes]:
    """Return what to send instead of the page, before closing."""
    page = greeting(number)
    return {
        "another": whole(greeting(number + 1)),
        "empty": whole(b""),
        "no_newline": whole(page[:-1]),
        "more": whole(page + b"\n"),
        "cut_off": whole(page)[:-20],
        "cut_off_headers": b"HTTP/1.1 200 OK\r\nContent-Le",
        "error_500": whole(b"", b"500 Internal Server Error"),
        "error_400": whole(b"Odd.\r\n", b"400 Bad Request"),
        "elsewhere": whole(b"", b"302 Found\r\nLocation: /hello/1?"),
        # What is no HTTP, and would turn a terminal red.
        "garbage": b"\x1b[31m\xff\0 rubbish\n\r\n\r\n" * 10,
        "odd_length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nHello\n",
        "hang_up": b"",
    }


# What a client may take for a page, what it may have no time for, and what
# it must not take.
GOOD = ["fine", "until_close", "in_parts"]
SLOW = ["slow_headers", "slow_page"]
BAD = [*wrong(1), "silent", "reset"]
ANSWERS = dict(enumerate(["fine", *SLOW, *BAD, *GOOD], 1))


def trickle(client: socket.socket, data: bytes, seconds: float) -> None:
    """Send the data in six parts, with a wait before each but the first."""
    size = -(-len(data) // 6)
    for start in range(0, len(data), size):
        if start:
            time.sleep(seconds / 5)
        client.sendall(data[start : start + size])


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
        page = greeting(number)
        head = whole(page).removesuffix(page)
        match ANSWERS[number]:
            case "fine":
                client.sendall(head + page)
            case "until_close":  # which is the end of the page
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + page)
            case "in_parts":
                trickle(client, head + page, 0.2)
            case "slow_headers":
                trickle(client, head[:-2], LATE)
                client.sendall(head[-2:] + page)
            case "slow_page":
                client.sendall(head)
                trickle(client, page, LATE)
            case "silent":  # until the client gives up
                while client.recv(1024):
                    pass
            case "reset":  # by whoever closes and does not linger
                option = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
            case name:
                client.sendall(wrong(number)[name])


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
