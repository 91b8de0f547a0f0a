"""Let the consumer of each model fail, on whichever item, of however many.

Each of 150 runs has to end, with the error, and to leave no thread behind;
after gevent's patch its greenlets count as threads.
"""

import sys
import threading
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import consumer_produce as demo

for model, item, consumers, queue_size in product(
    demo.MODELS, range(1, 6), (1, 2, 5), (1, 2)
):
    demo.run(model, demo.Options(5, consumers, queue_size, 0.01, item))
    said = f"{model}: item {item}: the consumer was told to fail on it"
    assert demo.failures.pop() == said
    assert item <= len(demo.produced) <= 5
    assert len(demo.consumed) < len(demo.produced)
    assert threading.active_count() == 1
