"""get returns what a greenlet returned, or raises what it raised."""

from collections.abc import Sequence

import gevent


def hello(name: str) -> None:
    if not name:
        raise ValueError("a hello needs a name")
    print(f"Hello {name}")
    gevent.sleep(0.1)
    print(f"Bye.. {name}")


def main(names: Sequence[str]) -> None:
    greenlets = [gevent.spawn(hello, name) for name in names]
    for greenlet in greenlets:
        greenlet.get()
    print("All went well")


if __name__ == "__main__":
    main(["Ann", "", "Eve"])
