"""Compare sleepers of one second in chapter 1's `event_loop` and in asyncio.

    python tests/programs/sleepers.py 100000

A line each: the seconds that so many sleepers take, by the clock, which
counts the second that all of them sleep, and by the processor.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from coroutine_test import event_loop

SLEEPERS = int(sys.argv[1])


def yield_sleeper() -> Generator[float, None, None]:
    """Wait one second in `event_loop`."""
    yield 1


async def async_sleeper() -> None:
    """Wait one second in asyncio."""
    await asyncio.sleep(1)


def yield_test() -> None:
    """Run all the sleepers in `event_loop`."""
    event_loop(yield_sleeper() for _ in range(SLEEPERS))


def async_test() -> None:
    """Run all the sleepers in asyncio."""

    async def main() -> None:
        await asyncio.gather(*(async_sleeper() for _ in range(SLEEPERS)))

    # Dev mode would switch debug mode on.
    asyncio.run(main(), debug=False)


def measure(test: Callable[[], None]) -> None:
    """Run the test and print what it took, by the clock and the processor."""
    start, start_cpu = time.perf_counter(), time.process_time()
    test()
    took = time.perf_counter() - start
    took_cpu = time.process_time() - start_cpu
    print(f"{test.__name__}: {took:.3f} s | processor {took_cpu:.3f} s")


measure(yield_test)
measure(async_test)
