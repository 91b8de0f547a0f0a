"""The import comes after the patch."""

from collections.abc import Sequence

import gevent
from gevent import monkey

monkey.patch_all()

from time import sleep  # noqa: E402


def hello(name: str) -> None:
    print(f"Hello {name}")
    sleep(0.3)
    print(f"Bye.. {name}")


def main(names: Sequence[str]) -> None:
    gevent.joinall([gevent.spawn(hello, name) for name in names])


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
