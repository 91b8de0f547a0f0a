"""What it costs: what the scripts in `benchmarks/` print, keep and draw.

All at tiny sizes, in one rehearsal of `redo.py`, and no absolute time is
asserted. They need more packages than requirements.txt has:

    python -m pip install -r benchmarks/requirements.txt
    python -m pytest -m "slow or not slow" tests/test_benchmarks.py
"""

import json
import platform
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers.commands import ROOT, Command, Result, matches, run, runs

INSTALLED = all(map(find_spec, ["gevent", "matplotlib", "psutil", "pyperf"]))
MISSING = "python -m pip install -r benchmarks/requirements.txt"
BENCHMARKS = ROOT / "benchmarks"
PAGES = "README.md", "README.zh-CN.md"

MODELS = ["thread", "yield", "asyncio", "async", "gevent"]
# The first column of each table.
ROWS = {
    "timelines": ["sequential", *MODELS],
    "switch_cost": [
        "function call",
        "generator send",
        "greenlet switch",
        "event_loop",
        "gevent.sleep(0)",
        "asyncio.sleep(0)",
        "thread hand-over",
        "process hand-over",
    ],
    "many_sleepers": MODELS,
    "producer_consumer": ["yield", "thread", "asyncio", "async", "gevent"],
}


def measured(*commands: Command) -> pytest.MarkDecorator:
    """Run these where the packages are; elsewhere, start nothing at all."""
    return runs(*commands) if INSTALLED else pytest.mark.skip(MISSING)


def benchmark(line: str, **how: Any) -> Command:  # noqa: ANN401
    return Command(f"benchmarks/{line}", dev=False, **how)


def table(name: str, folder: Path = BENCHMARKS) -> dict[str, list[str]]:
    """Return the cells of each row of a table, by the first one."""
    text = (folder / "results" / f"{name}.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.split("\n") if "|" in line]
    return {row[0].strip(): [x.strip() for x in row[1:]] for row in rows[2:]}


def number(cell: str) -> float:
    """Return the first number in a cell."""
    return float(re.findall(r"[\d,.]+", cell)[0].replace(",", ""))


def places(page: str) -> dict[str, str]:
    """Return what stands in the place of each benchmark on a page."""
    found = re.findall(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", page, re.S)
    assert len(found) == 4  # of the timelines it has the picture only
    return dict(found)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run all benchmarks, tiny; return the folder of what they have made."""
    if not INSTALLED:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("rehearsed")
    result = run(benchmark(f"redo.py --rehearse '{folder}'", takes=30))
    assert (result.status, result.errors) == (0, "")
    told = matches(r"== (\d) of 5: (\w+)", result.lines)
    assert [m[2] for m in told] == [*ROWS, "compare"]
    assert not result.left_running
    return folder


@pytest.mark.slow
def test_tables(rehearsed: Path) -> None:
    """One command measures all; on the pages it replaces the tables only."""
    for name in ROWS:
        rows = table(name, rehearsed)
        assert [*rows] == ROWS[name]
        assert all(number(x) >= 0 for row in rows.values() for x in row if x)
    for page in PAGES:
        before = (BENCHMARKS / page).read_text(encoding="utf-8")
        after = (rehearsed / page).read_text(encoding="utf-8")
        for name, shown in places(after).items():
            kept = rehearsed / "results" / f"{name}.md"
            assert shown == f"\n{kept.read_text(encoding='utf-8')}\n"
            assert shown != places(before)[name]
            before = before.replace(places(before)[name], shown)
        assert before == after


@pytest.mark.slow
def test_pictures(rehearsed: Path) -> None:
    """Their text is text; they say where they are from, and have no date."""
    fills = {}
    for name, rows in ROWS.items():
        svg = (rehearsed / f"results/{name}.svg").read_text(encoding="utf-8")
        tree = ElementTree.fromstring(svg)
        texts = ["".join(x.itertext()) for x in tree.iter() if "text" in x.tag]
        assert all(any(row in text for text in texts) for row in rows)
        python = platform.python_version()
        assert re.search(f"CPUs, .*, Python {python}, ", "\n".join(texts))
        assert not list(tree.iter("{http://purl.org/dc/elements/1.1/}date"))
        fills[name] = re.findall(r"<(?:use|path) [^>]*fill: (#\w+)", svg)
    blue, orange, green = "#0072b2", "#d55e00", "#009e73"
    dots = [x for x in fills["switch_cost"] if x in (blue, orange)]
    assert dots == [blue] * 6 + [orange] * 2
    # Five models share a thread, and `thread` has three; the legend has each.
    bars = [fills["timelines"].count(x) for x in (blue, orange, green)]
    assert bars == [15 + 1, 1 + 1, 1 + 1]


@pytest.mark.slow
def test_what_was_measured(rehearsed: Path) -> None:
    """What is far apart everywhere is so here, too."""
    first, last = itemgetter(0), itemgetter(-1)

    def column(
        name: str, cell: Callable[[list[str]], str]
    ) -> dict[str, float]:
        rows = table(name, rehearsed).items()
        return {row: number(cell(cells)) for row, cells in rows}

    switches = column("switch_cost", first)
    assert switches["generator send"] < min([*switches.values()][4:])
    memory = column("many_sleepers", last)
    assert memory["thread"] > memory["gevent"] > memory["async"]
    assert memory["async"] > memory["yield"] > 0
    items = column("producer_consumer", first)
    assert items["yield"] == max(items.values())
    text = (rehearsed / "results/timelines.json").read_text(encoding="utf-8")
    for model, (one, two, three) in json.loads(text)["results"].items():
        for bar, wait in (one, 0.2), (two, 0.1), (three, 0.2):
            assert bar["ended"] - bar["began"] > wait - 0.05
        overlap = one["ended"] > two["began"], two["ended"] > three["began"]
        assert overlap == (model != "sequential",) * 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@measured(
    Command(
        "tests/programs/limited.py benchmarks/many_sleepers.py"
        " thread yield --workers 5 500 --repeat 1 --seconds 0.1",
        dev=False,
    )
)
def test_refused_threads_are_a_result(result: Result) -> None:
    """How many there were stands in the line, and it goes on."""
    assert (result.status, result.errors) == (0, "")
    (refused,) = matches(r"thread 500: refused at (\d+)", result.lines)
    assert 5 < int(refused[1]) < 500
    ended = matches(r"(\w+ \d+): \S+ ms beyond .*, \S+ kB each", result.lines)
    assert [m[1] for m in ended] == ["thread 5", "yield 5", "yield 500"]


@measured(
    benchmark("many_sleepers.py thread --workers 99 --seconds 1e-6 --repeat 1")
)
def test_all_have_to_wait_at_once(result: Result) -> None:
    """Where the first has ended before the last begins, there is no time."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["thread 99: did not all wait at once"]


@measured(
    benchmark("many_sleepers.py --workers 9 0"),
    benchmark("many_sleepers.py --seconds nan"),
    benchmark("timelines.py --seconds -1"),
    benchmark("switch_cost.py --values x"),
    benchmark("redo.py NAME"),
)
def test_bad_arguments(result: Result) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    option = re.findall(r"--\w+|NAME", result.command.line)[0]
    assert re.search(rf"error: argument \S*{option}: ", result.errors)


@measured(
    benchmark("switch_cost.py", without="pyperf"),
    benchmark("many_sleepers.py", without="psutil"),
    benchmark("redo.py", without="matplotlib"),
)
def test_missing_package(result: Result) -> None:
    """One line says what to install, before anything is measured."""
    assert (result.status, result.lines) == (1, [])
    assert result.errors == f"{result.command.without} is missing: {MISSING}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@measured(
    # A worker of pyperf may just begin, and Python itself would complain.
    benchmark("producer_consumer.py", ctrl_c_at="yield 1", group=False),
    benchmark("redo.py timelines", ctrl_c_at="sequential"),
    benchmark("many_sleepers.py --workers 5 6 --seconds 3", ctrl_c_at="th"),
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 10  # they would run on for longer
    assert not result.left_running


# What the two pages say, and what was measured.


def ms(model: str, workers: int) -> float:
    sizes = [10, 100, 1_000, 10_000, 100_000]
    return number(table("many_sleepers")[model][sizes.index(workers)])


def kilobytes(model: str) -> float:
    return number(table("many_sleepers")[model][-1])


def times(switch: str) -> float:
    return number(table("switch_cost")[switch][-1])


def items(model: str) -> list[float]:
    return [number(x) for x in table("producer_consumer")[model] if x]


def client(model: str) -> float:
    text = (BENCHMARKS / "results/compare.txt").read_text(encoding="utf-8")
    return float(re.findall(rf"== {model}: (\S+) s", text)[0])


def say(english: str, chinese: str) -> None:
    """Check that the two pages say it."""
    for page, phrase in zip(PAGES, (english, chinese), strict=True):
        text = (BENCHMARKS / page).read_text(encoding="utf-8")
        assert phrase in " ".join(text.split())


def test_what_the_pages_say_of_switches() -> None:
    say("about as long as a plain function call", "和普通的函数调用差不多")
    assert 0.5 < times("generator send") < 2
    say("some dozens of times as much in `event_loop`", "一次是它的几十倍")
    assert 12 < times("event_loop") < 99
    say("about a hundred times as much in asyncio", "asyncio 大约是一百倍")
    assert 50 < times("asyncio.sleep(0)") < 250
    say("costs hundreds of times as much", "开销是函数调用的几百倍")
    assert (
        100 < min(map(times, ["thread hand-over", "process hand-over"])) < 5000
    )


def test_what_the_pages_say_of_sleepers() -> None:
    say("With 10 workers you will not notice", "这些开销你都感觉不到")
    assert max(ms(model, 10) for model in MODELS) < 50
    say("several times as long as coroutines", "协程的好几倍")
    assert 2 < ms("thread", 1000) / ms("async", 1000) < 50
    say("some tens of thousands of threads", "几万个线程")
    assert 10_000 < ms("thread", 100_000) < 99_999
    say("take a few seconds beyond the wait", "等待之外的时间只有几秒")
    assert ms("async", 100_000) < 9_000
    say("`yield` is the fastest", "`yield` 最快")
    assert ms("yield", 10_000) == min(ms(x, 10_000) for x in MODELS)
    for model, kb in ("thread", 16), ("gevent", 8), ("async", 1.6):
        say(f"about {kb} kB", f"约占 {kb} kB")
        assert 0.75 < kilobytes(model) / kb < 1.25
    say("about 0.4 kB", "约占 0.4 kB")
    assert 0.3 < kilobytes("yield") < 0.5


def test_what_the_pages_say_of_queues_and_clients() -> None:
    say("tens or hundreds of thousands of items", "几万到几十万件")
    queues = [model for model in MODELS if model != "yield"]
    assert all(10_000 < x < 999_999 for model in queues for x in items(model))
    say("gevent is the slowest", "gevent 最慢")
    assert items("gevent")[0] == min(items(model)[0] for model in queues)
    say("make no model faster", "哪种模型也不会更快")
    assert all(max(items(x)) < 1.5 * items(x)[0] for x in queues)
    say("dozens of times as many items", "asyncio 队列的几十倍")
    assert 24 < items("yield")[0] / items("async")[0] < 300
    say("need less than 3 seconds", "不到 3 秒就取完了")
    assert max(map(client, ["yield", "async", "gevent"])) < 3
    say("takes about 10 seconds", "一共约需 10 秒")
    assert 9 < client("thread") < 13


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_the_results(page: str) -> None:
    """Tables and pictures are those that redo.py has kept."""
    text = (BENCHMARKS / page).read_text(encoding="utf-8")
    for name, shown in places(text).items():
        kept = BENCHMARKS / "results" / f"{name}.md"
        assert shown == f"\n{kept.read_text(encoding='utf-8')}\n"
    assert all(f"](results/{name}.svg)" in text for name in ROWS)
