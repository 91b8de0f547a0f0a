"""Let the consumer of each model fail, in every way, and print how it ended.

A line for each of 150 runs: its options, what was raised, the items produced
and consumed, the seconds, and the threads and greenlets that were left.
"""

import gc
import io
import sys
import threading
import time
from contextlib import redirect_stdout
from itertools import product
from pathlib import Path

from gevent import Greenlet

sys.path.insert(0, str(Path(__file__).parents[2]))

import consumer_produce as demo

for model, item, consumers, size in product(
    demo.MODELS, range(1, 6), (1, 2, 5), (1, 2)
):
    options = demo.Options(
        seconds=0.01, consumers=consumers, queue_size=size, fail_on=item
    )
    start = time.perf_counter()
    with redirect_stdout(io.StringIO()):
        demo.run(model, options)
    seconds = time.perf_counter() - start
    greenlets = [x for x in gc.get_objects() if isinstance(x, Greenlet)]
    left = sum(not greenlet.dead for greenlet in greenlets)
    _, said = demo.failures.pop().split(": ", 1)
    print(
        f"{model} {item} {consumers} {size} | {said}"
        f" | {len(demo.produced)} {len(demo.consumed)} | {seconds:.3f}"
        f" | {threading.active_count() - 1} {left}",
        flush=True,
    )
