"""Two rounds of guests, who all knock at once. The door lets one in at a time.

It should:   let a guest in when the one before has left, in both rounds.
Instead:     the first round goes well. In the second, a guest who has to
             wait at the door gets an error.
Read again:  chapter 2, `other_loop` in asyc_test.py.
"""

import asyncio
from collections.abc import Sequence

door = asyncio.Lock()


async def hello(name: str) -> None:
    print(f"Knock {name}")
    async with door:
        print(f"Hello {name}")
        await asyncio.sleep(0.1)
        print(f"Bye.. {name}")


async def guests(names: Sequence[str]) -> None:
    await asyncio.gather(*[hello(name) for name in names])


def main(rounds: Sequence[Sequence[str]]) -> None:
    for names in rounds:
        asyncio.run(guests(names))


if __name__ == "__main__":
    main([["Ann", "Bob"], ["Eve", "Joe"]])
