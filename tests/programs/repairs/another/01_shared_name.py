"""A pool with a thread for each guest, and no shared name."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor


def hello(name: str) -> None:
    print(f"Hello {name}\n", end="")
    time.sleep(0.5)
    print(f"Bye.. {name}\n", end="")


def main(names: Sequence[str]) -> None:
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(hello, names))


if __name__ == "__main__":
    main(["Ann", "Bob", "Eve"])
