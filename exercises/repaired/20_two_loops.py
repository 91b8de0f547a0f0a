"""Two rounds of guests, who all knock at once. The door lets one in at a time.

Repaired: each asyncio.run makes a new loop. A lock belongs to the loop in
which somebody first had to wait for it, so every round gets a door.
"""

import asyncio
from collections.abc import Sequence


async def hello(door: asyncio.Lock, name: str) -> None:
    print(f"Knock {name}")
    async with door:
        print(f"Hello {name}")
        await asyncio.sleep(0.1)
        print(f"Bye.. {name}")


async def guests(names: Sequence[str]) -> None:
    door = asyncio.Lock()
    await asyncio.gather(*[hello(door, name) for name in names])


def main(rounds: Sequence[Sequence[str]]) -> None:
    for names in rounds:
        asyncio.run(guests(names))


if __name__ == "__main__":
    main([["Ann", "Bob"], ["Eve", "Joe"]])
