"""Let the consumer of each model fail, in every way, and print how it ended.

    python tests/programs/fail_on.py

A line for each of 150 runs: the model, the item failed on, the consumers, the
size of the queue, what was raised, the items produced and consumed, the
seconds, and how many threads and greenlets were left. What the demo prints is
left out.
"""

import gc
import io
import sys
import threading
import time
from contextlib import redirect_stdout
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import consumer_produce as demo


def greenlets() -> int:
    """Return how many greenlets have not ended."""
    if "gevent" not in sys.modules:
        return 0
    from gevent import Greenlet

    return sum(
        isinstance(thing, Greenlet) and not thing.dead
        for thing in gc.get_objects()
    )


for model, item, consumers, size in product(
    demo.MODELS, range(1, 6), (1, 2, 5), (1, 2)
):
    options = demo.Options(
        seconds=0.01, consumers=consumers, queue_size=size, fail_on=item
    )
    start = time.perf_counter()
    with redirect_stdout(io.StringIO()):
        demo.run(model, options)
    _, said = demo.failures.pop().split(": ", 1)
    print(
        f"{model} {item} {consumers} {size} | {said}"
        f" | {len(demo.produced)} {len(demo.consumed)}"
        f" | {time.perf_counter() - start:.3f}"
        f" | {threading.active_count() - 1} {greenlets()}",
        flush=True,
    )
