"""What it costs: what the scripts in `benchmarks/` print, write and draw.

At tiny sizes, and no absolute time is asserted. They need more packages than
requirements.txt has: python -m pip install -r benchmarks/requirements.txt
"""

import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from demo import ROOT, Demo, Result, demo

INSTALLED = all(map(find_spec, ["pyperf", "matplotlib", "psutil", "tqdm"]))
needs_packages = pytest.mark.skipif(
    not INSTALLED, reason="benchmarks/requirements.txt is not installed"
)
WRITTEN = Path(tempfile.mkdtemp())

MODELS = ["sequential", "thread", "yield", "asyncio", "async", "gevent"]
SWITCHES = [
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
    "switch_cost": ("-p1 -n3 -w0 -l1000", SWITCHES),
    "many_sleepers": (
        f"--workers {WORKERS} --repeat 1 --seconds 0.3",
        MODELS[1:],
    ),
    "producer_consumer": (
        "-p1 -n1 -w0 -l200",
        ["yield", "thread", "asyncio", "async", "gevent"],
    ),
    "timelines": ("--seconds 0.2 0.1 0.2", MODELS),
}


def script(name: str) -> str:
    """Return the path of a benchmark."""
    return f"benchmarks/{name}.py"


def sleepers(options: str) -> list[str]:
    """Return the command that runs `many_sleepers` with these options."""
    return [script("many_sleepers"), *options.split()]


def small_run(*names: str) -> pytest.MarkDecorator:
    """Parametrize a test with the small runs of these benchmarks."""
    demos = [
        demo(
            script(name),
            *SMALL[name][0].split(),
            f"--json={WRITTEN / name}.json",
            f"--plot={WRITTEN / name}.svg",
        )
        for name in names
    ]
    return pytest.mark.parametrize(
        ("name", "result"),
        list(zip(names, demos, strict=True)),
        indirect=["result"],
        ids=names,
    )


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


def written(name: str) -> Any:  # noqa: ANN401
    """Return the results in the JSON that a benchmark wrote."""
    return json.loads((WRITTEN / f"{name}.json").read_text())["results"]


@pytest.fixture(scope="module", autouse=True)
def remove_what_was_written() -> Iterator[None]:
    """Remove the files of the small runs when all tests have seen them."""
    yield
    shutil.rmtree(WRITTEN)


@needs_packages
@small_run(*SMALL)
def test_table_has_every_row(name: str, result: Result) -> None:
    """Where it ran, then a table that Markdown takes, and nothing else."""
    assert (result.status, result.errors) == (0, "")
    version = ".".join(map(str, sys.version_info[:3]))
    assert result.lines[0].endswith(" CPUs") or " CPUs, " in result.lines[0]
    assert result.lines[1].startswith(f"Python {version}, ")
    assert [row[0] for row in table(result)] == SMALL[name][1]
    assert len(result.lines) == 5 + len(SMALL[name][1])
    assert not result.left_running


@needs_packages
@small_run(*SMALL)
def test_numbers_are_finite(name: str, result: Result) -> None:
    """In the JSON, and in the table; what was measured is above zero."""
    assert result.status == 0
    found = numbers(written(name))
    assert len(found) >= len(SMALL[name][1])
    assert all(math.isfinite(number) and number >= 0 for number in found)
    for row in table(result):
        assert all(re.match(r"\d[\d,]*(\.\d)?", x) or not x for x in row[1:])


@needs_packages
@small_run(*SMALL)
def test_picture_says_where_it_is_from(name: str, result: Result) -> None:
    """Its text is text: every row, and the caption; and it has no date."""
    picture = ElementTree.parse(WRITTEN / f"{name}.svg")
    texts = ["".join(x.itertext()) for x in picture.iter() if "text" in x.tag]
    joined = "\n".join(texts)
    for text in [*SMALL[name][1], *result.lines[:2]]:
        assert text in joined
    assert not list(picture.iter("{http://purl.org/dc/elements/1.1/}date"))


@needs_packages
@small_run("switch_cost")
def test_switches(name: str, result: Result) -> None:
    """A generator's is the cheapest; the system's cost more than a loop's."""
    cost = {x["switch"]: x["ns"] for x in written(name)}
    cheapest = cost["generator send"]
    assert min(cost.values()) == cheapest
    for by_system in ("thread hand-over", "process hand-over"):
        assert cost[by_system] > cost["event_loop"]
    for row in table(result):
        ns, _, ratio = (float(x.replace(",", "")) for x in row[1:])
        assert ns == pytest.approx(cost[row[0]], abs=0.051)
        assert ratio == pytest.approx(cost[row[0]] / cheapest, abs=0.51)


@needs_packages
@small_run("many_sleepers")
def test_sleepers(name: str, result: Result) -> None:
    """A thread takes more memory than any coroutine or greenlet."""
    memory = {}
    for model, (measured,) in written(name).items():
        assert measured["workers"] == WORKERS
        assert measured["waited"] >= 0.3
        assert measured["beyond"] > 0
        memory[model] = measured["memory"]
    assert min(memory.values()) > 0
    assert max(memory.values()) == memory["thread"]
    for row in table(result):
        assert row[2] == f"{memory[row[0]] / 1000:,.1f} kB"


@needs_packages
@small_run("producer_consumer")
def test_queues(name: str, result: Result) -> None:
    """Every model at 1, 10 and 100 consumers; `yield` has but one."""
    results = written(name)
    for row in table(result):
        measured = results[row[0]]
        expected = CONSUMERS[:1] if row[0] == "yield" else CONSUMERS
        assert [x["consumers"] for x in measured] == expected
        assert [
            float(x.split()[0].replace(",", "")) for x in row[1:] if x
        ] == [round(x["items"]) for x in measured]
    # No queue at all is the fastest.
    rates = [x["items"] for model in results for x in results[model]]
    assert max(rates) == results["yield"][0]["items"]


@needs_packages
@small_run("timelines")
def test_timelines(name: str, result: Result) -> None:
    """A bar is as long as its wait; all but the sequential ones overlap."""
    for model, bars in written(name).items():
        assert sorted(float(x["name"]) for x in bars) == sorted(SLEEPS)
        threads = {bar["thread"] for bar in bars}
        assert len(threads) == (3 if model == "thread" else 1)
        for bar in bars:
            took = bar["ended"] - bar["began"]
            assert took > float(bar["name"]) - 0.05
        overlaps = [a["ended"] > b["began"] for a, b in pairwise(bars)]
        assert overlaps == [model != "sequential"] * 2
    assert [row[-1] for row in table(result)] == ["1", "3", "1", "1", "1", "1"]


@needs_packages
@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@pytest.mark.parametrize(
    "result",
    [
        demo(
            "tests/limited.py",
            *sleepers("thread yield --workers 5 500 --repeat 1 --seconds 0.1"),
        )
    ],
    indirect=True,
    ids=["many_sleepers"],
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


@needs_packages
@pytest.mark.parametrize(
    "result",
    [
        demo(
            *sleepers("yield --workers 10 --memory-limit 5 --seconds 60"),
        )
    ],
    indirect=True,
    ids=["many_sleepers"],
)
def test_memory_limit_stops_a_run(result: Result) -> None:
    """A process that takes more is stopped, and that is a result."""
    assert (result.status, result.errors) == (0, "")
    assert table(result) == [["yield", "stopped at 5 MB", ""]]
    assert result.seconds < 30
    assert not result.left_running


@needs_packages
@pytest.mark.parametrize(
    "result",
    [
        demo(
            *sleepers("thread --workers 50 --repeat 1 --seconds 0.0001"),
            f"--json={WRITTEN / 'at_once'}.json",
        )
    ],
    indirect=True,
    ids=["many_sleepers"],
)
def test_waits_until_all_wait_at_once(result: Result) -> None:
    """Fifty threads take longer to start than the first would wait."""
    assert (result.status, result.errors) == (0, "")
    waited = written("at_once")["thread"][0]["waited"]
    assert waited >= 0.04


@pytest.mark.parametrize(
    ("message", "result"),
    [
        (message, demo(script(name), *arguments.split()))
        for name, arguments, message in [
            ("switch_cost", "--plot x.png", "--plot: 'x.png'"),
            ("switch_cost", "--json no/x", "--json: cannot write to 'no/x'"),
            ("many_sleepers", "threads", "MODEL: invalid choice: 'threads'"),
            ("many_sleepers", "--workers 9 0", "--workers: '0'"),
            ("many_sleepers", "--memory-limit x", "--memory-limit: 'x'"),
            ("timelines", "--seconds -1", "--seconds: '-1'"),
            ("redo", "cost", "NAME: invalid choice: 'cost'"),
        ]
    ],
    indirect=["result"],
    ids=str,
)
def test_bad_arguments(message: str, result: Result) -> None:
    """Argparse's own message names what is wrong; nothing runs."""
    assert (result.status, result.lines) == (2, [])
    assert f"error: argument {message}" in result.errors


@needs_packages
@pytest.mark.parametrize(
    ("message", "result"),
    [
        ("--bogus", demo(script("switch_cost"), "--bogus")),
        ("'x'", demo(script("producer_consumer"), "--processes", "x")),
    ],
    indirect=["result"],
    ids=str,
)
def test_bad_options_of_pyperf(message: str, result: Result) -> None:
    """What is no option of pyperf's either is an error."""
    assert (result.status, result.lines) == (2, [])
    assert message in result.errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "result"),
    [(name, demo(script(name), "-h")) for name in [*SMALL, "redo"]],
    indirect=["result"],
    ids=str,
)
def test_help(name: str, result: Result) -> None:
    """`-h` needs no package, and gives a command to type."""
    assert (result.status, result.errors) == (0, "")
    text = "\n".join(result.lines)
    assert f"    python benchmarks/{name}.py" in text
    if name != "redo":
        assert "--json FILE" in text
        assert "--plot FILE.svg" in text


@pytest.mark.parametrize(
    ("package", "result"),
    [
        pytest.param(
            package,
            demo("tests/without.py", package, script(name), *arguments),
            marks=needs_packages if package == "gevent" else (),
            id=f"{package} {name}",
        )
        for package, name, *arguments in [
            ("pyperf", "switch_cost"),
            ("pyperf", "timelines", "async"),
            ("matplotlib", "many_sleepers", "--plot", "x.svg"),
            ("gevent", "producer_consumer"),
            ("gevent", "many_sleepers"),
        ]
    ],
    indirect=["result"],
)
def test_missing_package(package: str, result: Result) -> None:
    """One line says what to install, before anything is measured."""
    assert (result.status, result.lines) == (1, [])
    assert result.errors == (
        f"{package} is not installed: python -m pip install"
        " -r benchmarks/requirements.txt\n"
    )


@needs_packages
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    ("mark", "result"),
    [
        (mark, Demo((script(name), option, mark), ctrl_c_at="Python 3."))
        for name, option, mark in [
            ("switch_cost", "--values", "6173"),
            ("many_sleepers", "--seconds", "61.73"),
            ("timelines", "--seconds", "61.75"),
        ]
    ],
    indirect=["result"],
    ids=str,
)
def test_ctrl_c(mark: str, result: Result) -> None:
    """Ctrl-C in the middle ends it at once, without a word."""
    import psutil

    assert (result.status, result.errors) == (130, "")
    assert result.since_ctrl_c < 3
    # What it had started has a session of its own, and the same number.
    commands = [x.info["cmdline"] for x in psutil.process_iter(["cmdline"])]
    assert not [x for x in commands if x and mark in x]


@needs_packages
def test_redo(tmp_path: Path) -> None:
    """It keeps the results and replaces the table, and only the table."""
    shutil.copytree(
        ROOT / "benchmarks",
        tmp_path / "benchmarks",
        ignore=shutil.ignore_patterns("results"),
    )
    shutil.copy(ROOT / "coroutine_test.py", tmp_path)
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- timelines -->\nold\n<!-- /timelines -->\nb\n")
    redone = subprocess.run(
        [
            *(sys.executable, "benchmarks/redo.py"),
            *("timelines", "yield", "--seconds", "0"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert redone.stderr == ""
    results = tmp_path / "benchmarks" / "results"
    kept = (results / "timelines.md").read_text()
    assert kept.startswith(
        "`python benchmarks/timelines.py yield --seconds 0`\n\n"
    )
    assert re.search(r"\n\| yield \| \d\.\d\d to \d\.\d\d \| 1 \|\n", kept)
    assert page.read_text() == (
        f"a\n<!-- timelines -->\n\n{kept}\n<!-- /timelines -->\nb\n"
    )
    assert {x.name for x in results.iterdir()} == {
        "timelines.json",
        "timelines.md",
        "timelines.svg",
    }


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_page_shows_the_results(page: str) -> None:
    """The tables in the text are those that `redo.py` kept."""
    path = ROOT / page
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if "<!-- timelines -->" not in text:
        pytest.skip(f"{page} has no chapter on cost yet")
    for name in SMALL:
        kept = ROOT / "benchmarks" / "results" / f"{name}.md"
        results = kept.read_text(encoding="utf-8")
        assert f"<!-- {name} -->\n\n{results}\n<!-- /{name} -->\n" in text
