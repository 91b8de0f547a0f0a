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
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers.commands import ROOT, Command, Result, matches, run, runs

MISSING = "python -m pip install -r benchmarks/requirements.txt"
if not all(map(find_spec, ["gevent", "matplotlib", "psutil", "pyperf"])):
    pytest.skip(MISSING, allow_module_level=True)

BENCHMARKS = ROOT / "benchmarks"
PAGES = "README.md", "README.zh-CN.md"
PLACE = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", re.DOTALL)
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


def benchmark(line: str, **how: Any) -> Command:  # noqa: ANN401
    return Command(f"benchmarks/{line}", dev=False, **how)


def read(name: str, folder: Path = BENCHMARKS) -> str:
    return (folder / name).read_text(encoding="utf-8")


def table(name: str, folder: Path = BENCHMARKS) -> dict[str, dict[str, float]]:
    """Return the first number in each cell, by its row and its column."""
    text = read(f"results/{name}.md", folder)
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    (_, *columns), *rows = (re.split(r" *\| *", line) for line in lines)
    return {
        row: {
            column: float(re.findall(r"[\d,.]+", cell)[0].replace(",", ""))
            for column, cell in zip(columns, cells, strict=True)
            if cell
        }
        for row, *cells in rows
    }


def pages_show_results(folder: Path) -> None:
    """Check that tables and pictures are those that redo.py has kept."""
    for page in PAGES:
        places = PLACE.findall(read(page, folder))
        assert len(places) == 4  # of the timelines it has the picture only
        for name, shown in places:
            assert shown == f"\n{read(f'results/{name}.md', folder)}\n"
        for name in ROWS:
            assert f"](results/{name}.svg)" in read(page, folder)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run all benchmarks, tiny; return the folder of what they have made."""
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
    for name, rows in ROWS.items():
        assert [*table(name, rehearsed)] == rows
    pages_show_results(rehearsed)
    for page in PAGES:
        before, after = read(page), read(page, rehearsed)
        assert PLACE.sub("", before) == PLACE.sub("", after)


@pytest.mark.slow
def test_pictures(rehearsed: Path) -> None:
    """Their text is text; they say where they are from, and have no date."""
    for name, rows in ROWS.items():
        svg = read(f"results/{name}.svg", rehearsed)
        tree = ElementTree.fromstring(svg)
        texts = ["".join(x.itertext()) for x in tree.iter() if "text" in x.tag]
        assert all(any(row in text for text in texts) for row in rows)
        python = platform.python_version()
        assert re.search(f"CPUs, .*, Python {python}, ", "\n".join(texts))
        assert not list(tree.iter("{http://purl.org/dc/elements/1.1/}date"))
    # Five models share a thread, and `thread` has three; the legend has each.
    svg = read("results/timelines.svg", rehearsed)
    bars = [svg.count(f"fill: {x}") for x in ("#0072b2", "#d55e00", "#009e73")]
    assert bars == [15 + 1, 1 + 1, 1 + 1]


@pytest.mark.slow
def test_what_was_measured(rehearsed: Path) -> None:
    """What is far apart everywhere is so here, too."""
    ns = {x: row["ns"] for x, row in table("switch_cost", rehearsed).items()}
    assert ns["generator send"] < min([*ns.values()][4:])
    sleepers = table("many_sleepers", rehearsed)
    models = ["thread", "gevent", "async", "yield"]
    memory = [sleepers[model]["memory each"] for model in models]
    assert memory == sorted(memory, reverse=True)
    assert memory[-1] > 0
    items = table("producer_consumer", rehearsed)
    assert max(items, key=lambda x: items[x]["1 consumer"]) == "yield"
    timelines = json.loads(read("results/timelines.json", rehearsed))
    for model, (one, two, three) in timelines["results"].items():
        for bar, wait in (one, 0.2), (two, 0.1), (three, 0.2):
            assert bar["ended"] - bar["began"] > wait - 0.05
        overlap = one["ended"] > two["began"], two["ended"] > three["began"]
        assert overlap == (model != "sequential",) * 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@runs(
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


@runs(
    benchmark("many_sleepers.py thread --workers 99 --seconds 1e-6 --repeat 1")
)
def test_all_have_to_wait_at_once(result: Result) -> None:
    """Where the first has ended before the last begins, there is no time."""
    assert (result.status, result.errors) == (0, "")
    assert result.lines == ["thread 99: did not all wait at once"]


@runs(
    benchmark("many_sleepers.py --workers 9 0"),
    benchmark("timelines.py --seconds -1"),
    benchmark("redo.py NAME"),
)
def test_bad_arguments(result: Result) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    option = re.findall(r"--\w+|NAME", result.command.line)[0]
    assert re.search(rf"error: argument \S*{option}: ", result.errors)


@runs(
    Command("WITHOUT=pyperf benchmarks/switch_cost.py", dev=False),
    Command("WITHOUT=psutil benchmarks/many_sleepers.py", dev=False),
    Command("WITHOUT=matplotlib benchmarks/redo.py", dev=False),
)
def test_missing_package(result: Result) -> None:
    """One line says what to install, before anything is measured."""
    assert (result.status, result.lines) == (1, [])
    assert result.errors == f"{result.command.without} is missing: {MISSING}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@runs(
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


def say(english: str, chinese: str) -> None:
    """Check that the two pages say it."""
    for page, phrase in zip(PAGES, (english, chinese), strict=True):
        assert phrase in " ".join(read(page).split())


def test_what_the_pages_say_of_switches() -> None:
    pages_show_results(BENCHMARKS)
    switches = table("switch_cost").items()
    times = {x: row["times a function call"] for x, row in switches}
    say("about as long as a plain function call", "和普通的函数调用差不多")
    assert 0.5 < times["generator send"] < 2
    say("some dozens of times as much in `event_loop`", "一次是它的几十倍")
    assert 12 < times["event_loop"] < 99
    say("about a hundred times as much in asyncio", "asyncio 大约是一百倍")
    assert 50 < times["asyncio.sleep(0)"] < 250
    say("costs hundreds of times as much", "开销是函数调用的几百倍")
    assert 100 < times["thread hand-over"] < 5000
    assert 100 < times["process hand-over"] < 5000


def test_what_the_pages_say_of_sleepers() -> None:
    ms = table("many_sleepers")
    say("With 10 workers you will not notice", "这些开销你都感觉不到")
    assert max(row["10"] for row in ms.values()) < 50
    say("several times as long as coroutines", "协程的好几倍")
    assert 2 < ms["thread"]["1,000"] / ms["async"]["1,000"] < 50
    say("some tens of thousands of threads", "几万个线程")
    assert 10_000 < ms["thread"]["100,000"] < 99_999  # refused
    say("take a few seconds beyond the wait", "等待之外的时间只有几秒")
    assert ms["async"]["100,000"] < 9_000
    say("`yield` is the fastest", "`yield` 最快")
    assert ms["yield"]["10,000"] == min(x["10,000"] for x in ms.values())
    for model, kb in ("thread", 16), ("gevent", 8), ("async", 1.6):
        say(f"about {kb} kB", f"约占 {kb} kB")
        assert 0.75 < ms[model]["memory each"] / kb < 1.25
    say("about 0.3 kB", "约占 0.3 kB")
    assert 0.25 < ms["yield"]["memory each"] < 0.45


def test_what_the_pages_say_of_queues_and_clients() -> None:
    items = table("producer_consumer")
    queues = [[*items[model].values()] for model in MODELS if model != "yield"]
    say("tens or hundreds of thousands of items", "几万到几十万件")
    assert all(10_000 < x < 999_999 for queue in queues for x in queue)
    one = {model: row["1 consumer"] for model, row in items.items()}
    say("Coroutines have the fastest queue", "协程的队列最快")
    assert min(one["asyncio"], one["async"]) > max(
        one["thread"], one["gevent"]
    )
    say("More consumers help little", "消费者再多也快不了多少")
    assert all(max(queue) < 2 * queue[0] for queue in queues)
    say("about a hundred times as many items", "asyncio 队列的一百倍")
    assert 50 < one["yield"] / one["async"] < 250
    clients = re.findall(r"== (\w+): (\S+) s", read("results/compare.txt"))
    took = {model: float(seconds) for model, seconds in clients}
    say("need less than 3 seconds", "不到 3 秒就取完了")
    assert max(took["yield"], took["async"], took["gevent"]) < 3
    say("takes about 10 seconds", "一共约需 10 秒")
    assert 9 < took["thread"] < 13
