"""Three hellos in three greenlets: blocking code, after gevent's patch.

It should:   let the three wait at the same time: three Hellos, three Byes.
Instead:     each hello starts when the one before it has said goodbye.
Read again:  chapter 1, `gevent` in coroutine_test.py.
"""

from collections.abc import Sequence
from time import sleep

import gevent
from gevent import monkey

monkey.patch_all()


def hello(name: str) -> None:
    print(f"Hello {name}")
    sleep(0.3)
    print(f"Bye.. {name}")


def main(names: Sequence[str]) -> None:
    gevent.joinall([gevent.spawn(hello, name) for name in names])


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
