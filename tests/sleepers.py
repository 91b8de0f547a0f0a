"""Compare 100,000 sleepers of one second in `event_loop` and in asyncio.

Prints the seconds that each takes, then the seconds of processor time.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from coroutine_test import event_loop

SLEEPERS = 100_000


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

    asyncio.run(main())


def measure(test: Callable[[], None]) -> None:
    """Run the test and print what it took, by the clock and the processor."""
    start, start_cpu = time.perf_counter(), time.process_time()
    test()
    print(time.perf_counter() - start, time.process_time() - start_cpu)


measure(yield_test)
measure(async_test)
