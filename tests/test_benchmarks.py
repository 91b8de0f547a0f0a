"""What it costs: what the scripts in `benchmarks/` print, keep and draw."""

import json
import platform
import re
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.commands import ROOT, Command, Result, linux, posix, run, runs
from helpers.screens import alike

MISSING = " is missing: python -m pip install -r benchmarks/requirements.txt"
if not all(map(find_spec, ["gevent", "matplotlib", "psutil", "pyperf"])):
    pytest.skip(f"A package{MISSING}", allow_module_level=True)

BENCHMARKS = ROOT / "benchmarks"
PAGES = "README.md", "README.zh-CN.md"
TABLES = ["switch_cost", "many_sleepers", "producer_consumer", "compare"]
PICTURES = ["timelines", *TABLES[:3]]


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


@pytest.mark.slow
def test_rehearsal(tmp_path: Path) -> None:
    """One command makes all; on the pages it replaces the tables only."""
    line = f"benchmarks/redo.py --rehearse '{tmp_path}'"
    result = run(Command(line, dev=False, takes=30))
    assert (result.status, result.errors) == (0, "")
    assert "== 5 of 5: compare" in result.lines
    for page in PAGES:
        text = read(page)
        for name in (f"results/{x}.md" for x in TABLES):
            text = text.replace(read(name), read(name, tmp_path))
        assert read(page, tmp_path) == text
    for name in PICTURES:
        assert all(f"](results/{name}.svg)" in read(page) for page in PAGES)
        # A picture's text is text, says where it is from, and has no date.
        svg = read(f"results/{name}.svg", tmp_path)
        text = " ".join(ElementTree.fromstring(svg).itertext())
        assert [row for row in table(name) if row not in text] == []
        assert f", Python {platform.python_version()}, " in text
        assert "<dc:date>" not in svg
    # Five models share a thread, and `thread` has three. The legend has each.
    svg = read("results/timelines.svg", tmp_path)
    threads = "#0072b2", "#d55e00", "#009e73", "#aa3377"
    bars = [svg.count(f"fill: {colour}") for colour in threads]
    assert bars == [15 + 1, 1 + 1, 1 + 1, 1 + 1]

    # What is far apart everywhere is so here, too.
    switches, sleepers, items = (table(x, tmp_path) for x in TABLES[:3])
    _, send, _, _, *others = (row["ns"] for row in switches.values())
    assert send < min(others)
    kb = {model: row["memory each"] for model, row in sleepers.items()}
    assert kb["thread"] > kb["gevent"] > kb["async"] > kb["yield"] > 0
    assert max(items, key=lambda x: items[x]["1 consumer"]) == "yield"
    timelines = json.loads(read("results/timelines.json", tmp_path))
    for model, (one, two, three) in timelines["results"].items():
        overlap = one["ended"] > two["began"], two["ended"] > three["began"]
        assert overlap == (model != "sequential",) * 2


# Where the first has ended before the last begins, there is no time. That
# there are fewer than 500 threads is a result, too, and it goes on.
SLEEPERS = """
thread 12: did not all wait at once
thread 500: refused at ...
yield 12: ... ms beyond the wait, ... kB each
yield 500: ... ms beyond the wait, ... kB each
"""


@linux
@runs(
    "tests/programs/limited.py benchmarks/many_sleepers.py thread yield"
    " --workers 12 500 --seconds 1e-6 --repeat 3"
)
def test_sleepers(result: Result) -> None:
    assert (result.status, result.errors) == (0, "")
    assert alike(result.lines, SLEEPERS) == SLEEPERS


# A command, its status, and what the last line says.
WRONG = {
    "benchmarks/many_sleepers.py --workers 9 0": (2, "argument --workers: "),
    "benchmarks/timelines.py --nonsense": (2, "timelines.py: error: "),
    "benchmarks/redo.py NOTHING": (2, "argument NAME: "),
    "WITHOUT=pyperf benchmarks/switch_cost.py": (1, f"pyperf{MISSING}"),
    "WITHOUT=psutil benchmarks/many_sleepers.py": (1, f"psutil{MISSING}"),
    "WITHOUT=matplotlib benchmarks/redo.py": (1, f"matplotlib{MISSING}"),
}


@runs(*WRONG)
def test_what_is_wrong(result: Result) -> None:
    """One line says so, before anything is measured."""
    status, says = WRONG[result.command.line]
    assert (result.status, result.lines) == (status, [])
    assert says in result.errors.splitlines()[-1]
    assert "Traceback" not in result.errors


@posix
@runs(
    # A worker of pyperf may just begin, and Python itself would complain.
    Command("benchmarks/producer_consumer.py", "yield 1", group=False),
    Command("benchmarks/redo.py timelines", "sequential"),
    Command("benchmarks/many_sleepers.py --workers 5 --seconds 3", "thread"),
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 10  # they would run on for longer


# What the two pages say, and what was measured.


def say(english: str, chinese: str) -> None:
    """Check that the two pages say it."""
    for page, phrase in zip(PAGES, (english, chinese), strict=True):
        assert phrase in " ".join(read(page).split())


def test_what_the_pages_say_of_switches() -> None:
    switches = table("switch_cost")
    times = {x: switches[x]["times a function call"] for x in switches}
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
    kilobytes = {"thread": 16, "gevent": 8, "async": 1.6, "yield": 0.3}
    for model, kb in kilobytes.items():
        say(f"about {kb} kB", f"约占 {kb} kB")
        assert 0.75 < ms[model]["memory each"] / kb < 1.25


def test_what_the_pages_say_of_queues_and_clients() -> None:
    items = table("producer_consumer")
    queues = [[*row.values()] for x, row in items.items() if x != "yield"]
    say("tens or hundreds of thousands of items", "几万到几十万件")
    assert all(10_000 < x < 999_999 for queue in queues for x in queue)
    one = {model: row["1 consumer"] for model, row in items.items()}
    say("Coroutines have the fastest queue", "协程的队列最快")
    others = one["thread"], one["gevent"]
    assert min(one["asyncio"], one["async"]) > max(others)
    say("More consumers help little", "消费者再多也快不了多少")
    assert all(max(queue) < 2 * queue[0] for queue in queues)
    say("about a hundred times as many items", "asyncio 队列的一百倍")
    assert 50 < one["yield"] / one["async"] < 250
    took = dict(re.findall(r"== (\w+): (\S+) s", read("results/compare.txt")))
    say("need less than 3 seconds", "不到 3 秒就取完了")
    assert max(float(took[x]) for x in ("yield", "async", "gevent")) < 3
    say("takes about 10 seconds", "一共约需 10 秒")
    assert 9 < float(took["thread"]) < 13
