"""Compare sleepers of one second in chapter 1's `event_loop` and in asyncio.

    python tests/programs/sleepers.py 100000

A line each: the seconds that so many sleepers take, by the clock, which
counts the second that all of them sleep, and by the processor.
"""

import asyncio
import sys
import time
from collections.abc import Generator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from coroutine_test import event_loop

SLEEPERS = range(int(sys.argv[1]))


def yield_sleeper() -> Generator[float, None, None]:
    yield 1


async def async_sleeper() -> None:
    await asyncio.sleep(1)


async def gather() -> None:
    await asyncio.gather(*(async_sleeper() for _ in SLEEPERS))


start, start_cpu = time.perf_counter(), time.process_time()
event_loop(yield_sleeper() for _ in SLEEPERS)
middle, middle_cpu = time.perf_counter(), time.process_time()
# Dev mode would switch debug mode on.
asyncio.run(gather(), debug=False)
end, end_cpu = time.perf_counter(), time.process_time()
print(f"{middle - start:.3f} s | processor {middle_cpu - start_cpu:.3f} s")
print(f"{end - middle:.3f} s | processor {end_cpu - middle_cpu:.3f} s")
