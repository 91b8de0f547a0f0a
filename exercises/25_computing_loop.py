"""Primes are counted while a clock ticks.

It should:   tick twenty times a second, whatever is computed.
Instead:     the clock stands still until the last prime is counted.
Read again:  chapter 2, `blocking` and `cpu` in asyc_test.py.
"""

import asyncio
from collections.abc import Sequence


def primes(limit: int) -> int:
    """Count the primes below a limit: nothing but work for the CPU."""
    return sum(
        all(number % divisor for divisor in range(2, number))
        for number in range(2, limit)
    )


async def clock() -> None:
    while True:
        print("Tick")
        await asyncio.sleep(0.05)


async def main(limits: Sequence[int]) -> None:
    ticking = asyncio.create_task(clock())
    for limit in limits:
        print(f"Primes below {limit}: {primes(limit)}")
    ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main([10_000, 12_000, 14_000]))
