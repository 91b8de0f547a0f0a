"""Three hellos in three greenlets; one of them has no name, and fails.

It should:   end with the error of that hello: main raises it.
Instead:     gevent prints a traceback, and main says that all went well.
Read again:  chapter 1, `gevent` in coroutine_test.py.
"""

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
    gevent.joinall(greenlets)
    print("All went well")


if __name__ == "__main__":
    main(["Ann", "", "Eve"])
