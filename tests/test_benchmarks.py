"""What it costs: what the scripts in `benchmarks/` print, write and draw.

At tiny sizes, and no absolute time is asserted. They need more packages than
requirements.txt has: python -m pip install -r benchmarks/requirements.txt
"""

import atexit
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers.commands import ROOT, Command, Result, runs

INSTALLED = all(map(find_spec, ["gevent", "matplotlib", "psutil"]))
RESULTS = ROOT / "benchmarks" / "results"
PAGES = {
    name: (ROOT / "benchmarks" / name).read_text(encoding="utf-8")
    for name in ("README.md", "README.zh-CN.md")
}
WRITTEN = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, WRITTEN, ignore_errors=True)

MODELS = ["sequential", "thread", "yield", "asyncio", "async", "gevent"]
SWITCHES = [
    "function call",
    "generator send",
    "greenlet switch",
    "event_loop",
    "gevent.sleep(0)",
    "asyncio.sleep(0)",
    "thread hand-over",
    "process hand-over",
]
WORKERS = 200
CONSUMERS = [1, 10, 100]
SLEEPS = [0.2, 0.1, 0.2]

# Each script at a small size, and the first column of its table.
SMALL = {
    "switch_cost": ("--repeat 1 --seconds 0.01", SWITCHES),
    "many_sleepers": (
        f"--workers {WORKERS} --repeat 1 --seconds 0.3",
        MODELS[1:],
    ),
    "producer_consumer": (
        "--repeat 1 --seconds 0.05",
        ["yield", "thread", "asyncio", "async", "gevent"],
    ),
    "timelines": ("--seconds 0.2 0.1 0.2", MODELS),
}


def measured(*commands: Command) -> pytest.MarkDecorator:
    """Run these where the packages are; elsewhere, start nothing at all."""
    if INSTALLED:
        return runs(*commands)
    return pytest.mark.skip("benchmarks/requirements.txt is not installed")


def benchmark(name: str, options: str = "", **how: Any) -> Command:  # noqa: ANN401
    return Command(f"benchmarks/{name}.py {options}".strip(), **how)


def small(*names: str) -> pytest.MarkDecorator:
    """Run these benchmarks at their small sizes."""
    save = f" --save '{WRITTEN}'"
    return measured(
        *(benchmark(x, SMALL[x][0] + save, dev=False) for x in names)
    )


def name_of(result: Result) -> str:
    return Path(result.command.line.split()[0]).stem


def table(result: Result) -> list[list[str]]:
    """Return the cells of the rows that were printed, without the heading."""
    lines = [line for line in result.lines if line.startswith("|")]
    heading, line, *rows = lines
    assert re.fullmatch(r"\|---(\|--:)+\|", line)
    assert {x.count("|") for x in (heading, *rows)} == {line.count("|")}
    return [[x.strip() for x in row.split("|")[1:-1]] for row in rows]


def numbers(results: object) -> list[float]:
    """Return all the numbers in a JSON value."""
    if isinstance(results, dict):
        return numbers(list(results.values()))
    if isinstance(results, list):
        return [number for part in results for number in numbers(part)]
    return [results] if isinstance(results, int | float) else []


def saved(name: str, folder: Path = WRITTEN) -> Any:  # noqa: ANN401
    """Return the results in the JSON that a benchmark wrote."""
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)["results"]


def picture(name: str) -> str:
    return (WRITTEN / f"{name}.svg").read_text(encoding="utf-8")


@small(*SMALL)
def test_table_has_every_row(result: Result) -> None:
    """Where it ran, then a table that Markdown takes, and nothing else."""
    rows = SMALL[name_of(result)][1]
    assert (result.status, result.errors) == (0, "")
    assert re.search(r" \d+ CPUs, ", result.lines[0])
    version = ".".join(map(str, sys.version_info[:3]))
    assert f" Python {version}" in result.lines[0]
    assert result.lines[1] == ""
    assert [row[0] for row in table(result)] == rows
    assert len(result.lines) == 4 + len(rows)
    assert not result.left_running


@small(*SMALL)
def test_numbers_are_finite(result: Result) -> None:
    """In the JSON, and in the table; what was measured is above zero."""
    assert result.status == 0
    name = name_of(result)
    found = numbers(saved(name))
    assert len(found) >= len(SMALL[name][1])
    assert all(math.isfinite(number) and number >= 0 for number in found)
    for row in table(result):
        assert all(re.match(r"\d[\d,]*(\.\d)?", x) or not x for x in row[1:])


@small(*SMALL)
def test_picture_says_where_it_is_from(result: Result) -> None:
    """Its text is text: every row, and the caption; and it has no date."""
    name = name_of(result)
    svg = ElementTree.fromstring(picture(name))
    texts = ["".join(x.itertext()) for x in svg.iter() if "text" in x.tag]
    joined = "\n".join(texts)
    for text in [*SMALL[name][1], result.lines[0]]:
        assert text in joined
    assert not list(svg.iter("{http://purl.org/dc/elements/1.1/}date"))


@small("switch_cost")
def test_switches(result: Result) -> None:
    """A generator's and a call cost least; what is compared is far apart."""
    cost = {x["switch"]: x["ns"] for x in saved("switch_cost")}
    for cheap in SWITCHES[:2]:
        for dear in SWITCHES[4:]:
            assert cost[cheap] < cost[dear]
    for row in table(result):
        ns, _, times = (float(x.replace(",", "")) for x in row[1:])
        assert ns == pytest.approx(cost[row[0]], abs=0.051)
        expected = cost[row[0]] / cost["function call"]
        assert times == pytest.approx(expected, abs=0.051)


@small("switch_cost")
def test_colours_of_switches(result: Result) -> None:
    """The dots have the two colours that the title names."""
    assert result.status == 0
    fills = re.findall(r"<use [^>]*fill: (#\w+)", picture("switch_cost"))
    blue, orange = "#0072b2", "#d55e00"
    dots = [x for x in fills if x in (blue, orange)]
    assert sorted(dots) == [blue] * 6 + [orange] * 2
    assert "Blue: " in picture("switch_cost")
    assert "Orange: " in picture("switch_cost")


@small("many_sleepers")
def test_sleepers(result: Result) -> None:
    """A thread takes more memory than any coroutine or greenlet."""
    memory = {}
    for model, (found,) in saved("many_sleepers").items():
        assert found["workers"] == WORKERS
        assert found["waited"] >= 0.3
        assert found["beyond"] > 0
        memory[model] = found["memory"]
    assert min(memory.values()) > 0
    assert max(memory.values()) == memory["thread"]
    for row in table(result):
        assert row[2] == f"{memory[row[0]] / 1000:,.1f} kB"


@small("producer_consumer")
def test_queues(result: Result) -> None:
    """Every model at 1, 10 and 100 consumers; `yield` has but one."""
    results = saved("producer_consumer")
    for row in table(result):
        found = results[row[0]]
        expected = CONSUMERS[:1] if row[0] == "yield" else CONSUMERS
        assert [x["consumers"] for x in found] == expected
        assert [
            float(x.split()[0].replace(",", "")) for x in row[1:] if x
        ] == [round(x["items"]) for x in found]
    # No queue at all is the fastest.
    rates = [x["items"] for model in results for x in results[model]]
    assert max(rates) == results["yield"][0]["items"]


@small("timelines")
def test_timelines(result: Result) -> None:
    """A bar is as long as its wait; all but the sequential ones overlap."""
    for bars in saved("timelines").values():
        assert [float(x["name"]) for x in bars] == SLEEPS
        for bar in bars:
            assert bar["ended"] - bar["began"] > float(bar["name"]) - 0.05
    for model, bars in saved("timelines").items():
        overlaps = [a["ended"] > b["began"] for a, b in pairwise(bars)]
        assert overlaps == [model != "sequential"] * 2
    assert [row[-1] for row in table(result)] == ["1", "3", "1", "1", "1", "1"]


@small("timelines")
def test_colour_is_the_thread(result: Result) -> None:
    """Five models share a thread, and so a colour; three threads have three.

    Each colour has one more field, in the legend.
    """
    assert result.status == 0
    threads = {
        model: {bar["thread"] for bar in bars}
        for model, bars in saved("timelines").items()
    }
    three = threads.pop("thread")
    (shared,) = set.union(*threads.values())
    assert len(three - {shared}) == 3
    fills = re.findall(r"<path [^>]*fill: (#\w+)", picture("timelines"))
    counts = [fills.count(x) for x in ("#0072b2", "#d55e00", "#009e73")]
    assert counts == [15 + 1, 1 + 1, 1 + 1]
    assert picture("timelines").count(">hello 0.1<") == len(MODELS)
    for thread in (shared, *three):
        assert f">OS thread {thread}<" in picture("timelines")


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@measured(
    Command(
        "tests/programs/limited.py benchmarks/many_sleepers.py"
        " thread yield --workers 5 500 --repeat 1 --seconds 0.1"
    )
)
def test_refused_threads_are_a_result(result: Result) -> None:
    """How many there were stands in the table, and it goes on."""
    assert (result.status, result.errors) == (0, "")
    threads, generators = table(result)
    refused = re.fullmatch(r"refused at (\d+)", threads[2])
    assert refused
    assert 5 < int(refused[1]) < 500
    assert threads[3].endswith(" kB")
    assert "refused" not in generators[2]


@measured(
    benchmark(
        "many_sleepers", "yield --workers 10 --memory-limit 5 --seconds 60"
    )
)
def test_memory_limit_stops_a_run(result: Result) -> None:
    """A process that takes more is stopped, and that is a result."""
    assert (result.status, result.errors) == (0, "")
    assert table(result) == [["yield", "stopped at 5 MB", ""]]
    assert result.seconds < 30
    assert not result.left_running


@measured(
    benchmark(
        "many_sleepers",
        "thread --workers 50 --repeat 1 --seconds 0.0001"
        f" --save '{WRITTEN / 'at_once'}'",
    )
)
def test_waits_until_all_wait_at_once(result: Result) -> None:
    """Fifty threads take longer to start than the first would wait."""
    assert (result.status, result.errors) == (0, "")
    (found,) = saved("many_sleepers", WRITTEN / "at_once")["thread"]
    assert found["waited"] >= 0.0004


(WRITTEN / "at_once").mkdir()


def main_of(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., object]:
    """Return what runs a benchmark in this process, given its options."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    main = import_module(name).main

    def run(*options: str) -> object:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *options])
        return main()

    return run


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("switch_cost", "--save no/x", "argument --save: 'no/x'"),
        ("switch_cost", "--repeat 0", "argument --repeat: "),
        ("switch_cost", "--bogus", "arguments: --bogus"),
        ("producer_consumer", "--seconds x", "argument --seconds: "),
        ("producer_consumer", "--seconds nan", "argument --seconds: "),
        ("many_sleepers", "threads", "argument MODEL: invalid choice:"),
        ("many_sleepers", "--workers 9 0", "argument --workers: "),
        ("many_sleepers", "--memory-limit x", "argument --memory-limit: "),
        ("redo", "cost", "argument NAME: invalid choice: 'cost'"),
    ],
)
def test_bad_arguments(
    name: str,
    options: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Argparse's own error names what is wrong; nothing runs."""
    main = main_of(name, monkeypatch)
    with pytest.raises(SystemExit) as stopped:
        main(*options.split())
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"error: {message}" in printed.err.replace("unrecognized ", "")


@measured(benchmark("timelines", "--seconds -1", dev=False))
def test_bad_arguments_of_chapter_1(result: Result) -> None:
    """What timelines.py hands on is checked where it arrives."""
    assert (result.status, result.lines) == (2, [])
    assert "argument --seconds" in result.errors


@pytest.mark.parametrize("name", [*SMALL, "redo"])
def test_help(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`-h` needs no package, and gives a command to type."""
    for package in ("gevent", "matplotlib", "psutil"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as stopped:
        main_of(name, monkeypatch)("-h")
    assert not stopped.value.code
    printed = capsys.readouterr().out
    assert f"    python benchmarks/{name}.py" in printed
    if name != "redo":
        assert "--save FOLDER" in printed


@measured(
    benchmark("switch_cost", without="gevent", dev=False),
    benchmark("producer_consumer", without="gevent", dev=False),
    benchmark("many_sleepers", without="psutil", dev=False),
    benchmark("timelines", "--save tests", without="matplotlib", dev=False),
)
def test_missing_package(result: Result) -> None:
    """One line says what to install, before anything is measured."""
    assert (result.status, result.lines) == (1, [])
    assert result.errors == (
        f"{result.command.without} is not installed: python -m pip install"
        " -r benchmarks/requirements.txt\n"
    )


def test_error_in_a_fresh_process_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What went wrong there ends the benchmark, and is said."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    common, switch_cost = map(import_module, ["common", "switch_cost"])
    with pytest.raises(SystemExit, match="KeyError: 'no such switch'"):
        common.fresh(switch_cost.nanoseconds, "no such switch", 0.01)


# The first three alone: a process that is killed cannot end its children,
# so they have to notice. In a terminal all of them get Ctrl-C.
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@measured(
    benchmark("switch_cost", "--seconds 60", ctrl_c_at="| sw", group=False),
    benchmark("timelines", "--seconds .5", ctrl_c_at="| seq", group=False),
    benchmark("redo", "switch_cost --seconds 61", ctrl_c_at="| ", group=False),
    benchmark("redo", "producer_consumer --seconds 61", ctrl_c_at="| "),
    benchmark("producer_consumer", "--seconds 60", ctrl_c_at="| "),
    benchmark("many_sleepers", "--seconds 60", ctrl_c_at="| "),
)
def test_ctrl_c(result: Result) -> None:
    """Ctrl-C in the middle ends it at once, without a word."""
    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 3
    assert not result.left_running


@pytest.mark.skipif(not INSTALLED, reason="as above")
@pytest.mark.parametrize(
    ("name", "options", "line", "written"),
    [
        (
            "timelines",
            "yield --seconds 0",
            r"\| yield \| \d\.\d\d to \d\.\d\d \| 1 \|",
            {"timelines.json", "timelines.md", "timelines.svg"},
        ),
        (
            "compare",
            "--pages 2 --seconds 0",
            r"== async: .* \| pages 2 \| failed 0",
            {"compare.md"},
        ),
    ],
)
def test_redo(
    name: str, options: str, line: str, written: set[str], tmp_path: Path
) -> None:
    """It keeps the results and replaces the table, and only the table."""
    ignore = shutil.ignore_patterns("results", "*.md", "__pycache__")
    for folder in ("benchmarks", "aio_http"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "coroutine_test.py", tmp_path)
    page = tmp_path / "benchmarks" / "README.md"
    page.write_text(f"a\n<!-- {name} -->\nold\n<!-- /{name} -->\nb\n")
    other = page.with_name("README.other.md")
    other.write_text("no place for it\n")
    redone = subprocess.run(
        [sys.executable, "benchmarks/redo.py", name, *options.split()],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert redone.stderr == ""
    results = tmp_path / "benchmarks" / "results"
    kept = (results / f"{name}.md").read_text(encoding="utf-8")
    assert re.match(rf"`python \w+/{name}.py .*{options}`\n\n", kept)
    assert re.search(f"\n{line}\n", kept)
    assert kept.endswith("```\n") == (name == "compare")
    assert page.read_text(encoding="utf-8") == (
        f"a\n<!-- {name} -->\n\n{kept}\n<!-- /{name} -->\nb\n"
    )
    assert other.read_text() == "no place for it\n"
    assert {x.name for x in results.iterdir()} == written


# The two pages show and say what was measured.


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_the_results(page: str) -> None:
    """Tables are those that redo.py kept; timelines has its picture only."""
    for name in [*SMALL, "compare"]:
        kept = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
        shown = f"<!-- {name} -->\n\n{kept}\n<!-- /{name} -->\n"
        assert (shown in PAGES[page]) == (name != "timelines")
    for name in SMALL:
        assert f"](results/{name}.svg)" in PAGES[page]


def sleepers(model: str, workers: int, what: str) -> float:
    rows = saved("many_sleepers", RESULTS)[model]
    (row,) = (x for x in rows if x["workers"] == workers)
    return float(row[what])


def kilobytes(model: str) -> float:
    rows = saved("many_sleepers", RESULTS)[model]
    return float([x["memory"] for x in rows if "memory" in x][-1] / 1000)


def switch(name: str, unit: str = "function call") -> float:
    cost = {x["switch"]: x["ns"] for x in saved("switch_cost", RESULTS)}
    return float(cost[name] / cost.get(unit, 1))


def items(model: str) -> float:
    return float(saved("producer_consumer", RESULTS)[model][0]["items"])


def clients(*models: str) -> float:
    """Return how long the slowest of these clients took."""
    text = (RESULTS / "compare.md").read_text(encoding="utf-8")
    took = dict(re.findall(r"^== (\w+): (\S+) s ", text, re.M))
    return max(float(took[model]) for model in models)


# What the prose says, in both languages, and what was measured.
CLAIMS: list[tuple[str, str, Callable[[], float]]] = [
    (
        "about 12 nanoseconds",
        "约需 12 纳秒",
        lambda: switch("generator send", "nanosecond"),
    ),
    ("about 20 times", "约为 20 倍", lambda: switch("event_loop")),
    ("about 100 times", "约为 100 倍", lambda: switch("asyncio.sleep(0)")),
    (
        "more than 100 times",
        "的 100 倍",
        lambda: min(map(switch, SWITCHES[-2:])),
    ),
    (
        "more than 3 times",
        "的 3 倍",
        lambda: (
            sleepers("thread", 1000, "beyond")
            / sleepers("async", 1000, "beyond")
        ),
    ),
    (
        "about 22,000",
        "约 22,000 个",
        lambda: sleepers("thread", 100_000, "refused"),
    ),
    (
        "less than 3 seconds beyond",
        "等待之外的时间不到 3 秒",
        lambda: sleepers("async", 100_000, "beyond"),
    ),
    ("about 16 kB", "约占 16 kB", lambda: kilobytes("thread")),
    ("about 8 kB", "约占 8 kB", lambda: kilobytes("gevent")),
    ("about 1.6 kB", "约占 1.6 kB", lambda: kilobytes("async")),
    ("about 0.4 kB", "约占 0.4 kB", lambda: kilobytes("yield")),
    ("more than 2 times", "的 2 倍", lambda: items("async") / items("thread")),
    (
        "more than 50 times",
        "的 50 倍",
        lambda: items("yield") / items("async"),
    ),
    (
        "less than 3 seconds.",
        "不到 3 秒就",
        lambda: clients("yield", "async", "gevent"),
    ),
    ("about 10 seconds", "约需 10 秒", lambda: clients("thread")),
]


def prose(page: str) -> str:
    """Return the text without code, tables, headings and links, in a line."""
    text = re.sub(r"^```.*?^```", "", PAGES[page], flags=re.M | re.S)
    text = re.sub(
        r"^(<!-- (\w+) -->).*?^<!-- /\2 -->", "", text, flags=re.M | re.S
    )
    text = re.sub(r"`[^`]*`|^#.*|!\[.*?\)", "", text, flags=re.M)
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("english", "chinese", "found"), CLAIMS, ids=[x[0] for x in CLAIMS]
)
def test_numbers_in_the_prose_were_measured(
    english: str, chinese: str, found: Callable[[], float]
) -> None:
    """`about` is off by a half at most; `more` and `less` are just that."""
    assert prose("README.md").count(english) == 1
    assert prose("README.zh-CN.md").count(chinese) == 1
    (number,) = re.findall(r"\d[\d.,]*\d|\d", english)
    assert number in chinese
    value, said = found(), float(number.replace(",", ""))
    if english.startswith("about"):
        assert said / 1.5 < value < said * 1.5
    elif english.startswith("more"):
        assert value > said
    else:
        assert english.startswith("less")
        assert value < said


@pytest.mark.parametrize("page", PAGES)
def test_every_number_in_the_prose_is_compared(page: str) -> None:
    """What is left are sizes that the tables or their commands name."""
    left = prose(page)
    for english, chinese, _ in CLAIMS:
        left = left.replace(chinese if "zh" in page else english, "")
    left = re.sub(r"chapter \d|第 \d 章", "", left)
    sizes = {"1", "10", "100", "1,000", "100,000"}
    assert {*re.findall(r"\d[\d,.]*\d|\d", left)} <= sizes


def test_orders_in_the_prose_were_measured() -> None:
    """Who is slowest, and who is fastest, at which number of workers."""

    def order(workers: int) -> list[str]:
        times = {
            model: sleepers(model, workers, "beyond") for model in MODELS[1:]
        }
        return sorted(times, key=times.__getitem__)

    assert order(10).index("thread") < order(10).index("asyncio")
    for workers in (100, 1_000, 10_000):
        assert order(workers)[0] == "yield"
        assert order(workers)[-1] == "thread"
    for model, found in saved("producer_consumer", RESULTS).items():
        rates = [x["items"] for x in found]
        assert max(rates) < 1.5 * rates[0], model
