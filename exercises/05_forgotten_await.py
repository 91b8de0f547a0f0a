"""Three hellos, then the end.

It should:   print a Hello and a Bye for each name, then "The end".
Instead:     it prints "The end", and Python warns of something.
Read again:  chapter 2, `run` in asyc_test.py.
"""

import asyncio
from collections.abc import Sequence


async def hello(name: str) -> None:
    print(f"Hello {name}")
    await asyncio.sleep(0.1)
    print(f"Bye.. {name}")


async def main(names: Sequence[str]) -> None:
    for name in names:
        hello(name)
    print("The end")


if __name__ == "__main__":
    asyncio.run(main(["Ann", "Bob", "Eve"]))
