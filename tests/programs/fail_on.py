"""Let the consumer of one model fail, in every way, and print how it ended.

    python tests/fail_on.py MODEL

A line for each of 30 runs: the item failed on, the consumers, the size of the
queue, what was raised, the items produced and consumed, the seconds, and how
many threads and greenlets were left. What the demo prints is left out.
"""

import gc
import sys
import threading
import time
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

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


def main(model: str) -> None:
    """Run the model with each item, number of consumers and queue size."""
    say, demo.say = demo.say, lambda line: None
    for item, consumers, size in product(range(1, 6), (1, 2, 5), (1, 2)):
        start = time.perf_counter()
        try:
            demo.MODELS[model](
                seconds=0.01,
                consumers=consumers,
                queue_size=size,
                fail_on=item,
            )
            raised = "nothing"
        except demo.ConsumeError as error:
            raised = str(error)
        took = time.perf_counter() - start
        say(
            f"{item} {consumers} {size} | {raised} | {len(demo.produced)}"
            f" {len(demo.consumed)} | {took:.3f} |"
            f" {threading.active_count() - 1} {greenlets()}"
        )


if __name__ == "__main__":
    main(sys.argv[1])
