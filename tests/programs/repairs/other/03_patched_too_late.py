"""gevent has a sleep of its own."""

from collections.abc import Sequence

import gevent
from gevent import monkey

monkey.patch_all()


def hello(name: str) -> None:
    print(f"Hello {name}")
    gevent.sleep(0.3)
    print(f"Bye.. {name}")


def main(names: Sequence[str]) -> None:
    gevent.joinall([gevent.spawn(hello, name) for name in names])


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
