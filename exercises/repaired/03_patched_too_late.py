"""Three hellos in three greenlets: blocking code, after gevent's patch.

Repaired: `time.sleep` looks the function up when it is called, after the
patch. `from time import sleep` had kept the one from before.
"""

import time
from collections.abc import Sequence

import gevent
from gevent import monkey

monkey.patch_all()


def hello(name: str) -> None:
    print(f"Hello {name}")
    time.sleep(0.3)
    print(f"Bye.. {name}")


def main(names: Sequence[str]) -> None:
    gevent.joinall([gevent.spawn(hello, name) for name in names])


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
