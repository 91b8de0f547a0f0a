"""How the lines of a program are compared with what they should be."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from calls import Broken, Call, Line, Said


def timed(test: Callable[[Call], None]) -> Callable[[Call], None]:
    """Try again before you believe it: the machine may have been busy."""

    @functools.wraps(test)
    def twice(call: Call) -> None:
        try:
            test(call)
        except Broken:
            raise
        except AssertionError:
            call.records.clear()
            test(call)

    return twice


def expect(lines: Sequence[str], *groups: Sequence[str]) -> None:
    """Compare with groups of lines; within a group the order is free."""
    rest, rows = list(lines), list[tuple[str, str]]()
    for group in groups:
        came, rest = rest[: len(group)], rest[len(group) :]
        missing = [*(Counter(group) - Counter(came)).elements()]
        odd = Counter(came) - Counter(group)
        for line in came:
            wrong = odd[line] > 0
            odd[line] -= wrong
            rows.append((missing.pop(0) if wrong else line, line))
        rows += [(line, "") for line in missing]
    rows += [("", line) for line in rest]
    if any(expected != came for expected, came in rows):
        if len(rows) > 30:
            rows = [row for row in rows if row[0] != row[1]][:10]
        width = max(len(expected) for expected, _ in rows) + 4
        raise AssertionError(
            f"  {'expected':{width}}came"
            + "".join(f"\n{'> '[x == y]} {x:{width}}{y}" for x, y in rows)
        )


def together(lines: Sequence[Line]) -> None:
    """All wait at the same time, so they come at the same time."""
    first, *_, last = lines
    assert last.at - first.at < 0.2, (
        f"{first!r} came at {first.at:.2f} s, {last!r} at {last.at:.2f} s: "
        "they have not waited at the same time."
    )


def nothing_blocks(said: Said) -> None:
    """Nobody sleeps in a thread that others need."""
    for sleep in said.run.sleeps:
        here = sleep["loop"] or sleep["os_thread"] == said.run.os_thread
        assert not here, f"All the others have to wait here: {sleep['line']}"


def numbers(lines: Sequence[str]) -> list[int]:
    return [int(number) for x in lines for number in re.findall(r"\d+", x)]


class Server(ThreadingHTTPServer):
    """Counts the connections."""

    connections = 0


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # in which a connection stays open
    server: Server

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        text = f"Hello from the check, {self.path.rpartition('/')[2]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass
