"""How many items a second pass through each model's own queue.

Runs chapter 3's own models with 1, 10 and 100 consumers, who take no time to
consume. `yield` has no queue, and one consumer: it hands each item over.

    python benchmarks/producer_consumer.py --plot producer_consumer.svg

pyperf measures each in five fresh processes. The table shows the median, and
± how far from it the values were, half of them nearer. Other options go to
pyperf: --rigorous, --fast, --output FILE, and what its manual says.
"""

import asyncio
import statistics
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import common

import consumer_produce

CONSUMERS = [1, 10, 100]
Result = dict[str, Any]


def ignore(*_: object) -> None:
    """Neither print nor wait: only the queue is measured."""


async def no_sleep(_: float) -> None:
    """Return at once, where asyncio.sleep(0) would let the others run."""


def consume(item: int, *_: object) -> str:
    """Return the reply at once; time.sleep(0) would take 50 microseconds."""
    return consumer_produce.finish(item)


def pass_items(model: str, consumers: int, items: int) -> float:
    """Run a model of chapter 3 in silence; return the seconds it took."""
    vars(consumer_produce).update(
        say=ignore,
        say_producing=ignore,
        say_queued=ignore,
        say_return=ignore,
        begin=ignore,
        consume=consume,
    )
    vars(asyncio).update(sleep=no_sleep)
    start = perf_counter()
    consumer_produce.MODELS[model](items, consumers)
    took = perf_counter() - start
    assert len(consumer_produce.consumed) == items
    return took


def plot(results: dict[str, list[Result]], path: Path, where: str) -> None:
    """Draw the items a second against the number of consumers."""
    picture, axes = common.figure(3.6)
    for model, measured in results.items():
        axes.loglog(
            [result["consumers"] for result in measured],
            [result["items"] for result in measured],
            label=model,
            **common.LOOKS[model],
        )
    axes.set_xticks(CONSUMERS)
    axes.set_xlabel("consumers")
    axes.set_title("Items a second through the queue")
    picture.legend(loc="outside upper left", ncols=5, frameon=False)
    common.plain_numbers(axes.xaxis, axes.yaxis)
    common.save_plot(picture, path, where)


def main() -> int:
    """Measure, print, draw; return the exit status."""
    # yield_test has one consumer, whatever it is told.
    runs = {
        f"{model}, {consumers} consumers": (model, consumers)
        for model in consumer_produce.MODELS
        for consumers in CONSUMERS[: 1 if model == "yield" else None]
    }
    args, where, benchmarks = common.measure(
        common.options(__doc__),
        {name: partial(pass_items, *run) for name, run in runs.items()},
        ["gevent", "pyperf"],
        min_time=0.5,
    )
    results: dict[str, list[Result]] = {}
    for (model, consumers), benchmark in zip(
        runs.values(), benchmarks, strict=True
    ):
        rates = [1 / seconds for seconds in benchmark.get_values()]
        results.setdefault(model, []).append(
            {
                "consumers": consumers,
                "items": statistics.median(rates),
                "spread": common.spread(rates),
            }
        )
    print(common.heading("items a second", "1 consumer", "10", "100"))
    for model, measured in results.items():
        cells = [f"{x['items']:,.0f} ± {x['spread']:,.0f}" for x in measured]
        cells += [""] * (len(CONSUMERS) - len(cells))
        print(common.row(model, *cells))
    if args.json:
        common.save_json(args.json, where, results)
    if args.plot:
        plot(results, args.plot, where)
    return 0


if __name__ == "__main__":
    sys.exit(common.run(main))
