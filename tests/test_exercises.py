"""The exercises: broken as shipped, repaired by any repair that works."""

import ast
import difflib
import re
import runpy
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.commands import PROGRAMS, ROOT, Command, Result, run, runs, shell

EXERCISES = ROOT / "exercises"
SHIPPED = sorted(EXERCISES.glob("[0-9]*.py"))
NAMES = [path.stem[3:] for path in SHIPPED]
CHECK = "exercises/check.py"


def check_all(folder: str, limit: int = 20) -> Command:
    """Check all programs of a folder; what hangs does so for the limit."""
    line = f"{CHECK} --all --limit {limit} --folder {folder}"
    return Command(line, dev=False, takes=8)


def said_of(name: str, result: Result) -> str:
    """Return what check.py printed about an exercise."""
    text = "\n".join(result.lines)
    parts = re.split(r"^(?:\d\d (\w+) +|\[(?=[#-]+\]))", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[name]


# What is seen of each program as it is shipped.
BROKEN = {
    "shared_name": r"(\| Bye.. (\w+)\n\s*)(\| Bye.. \2\n\s*){2}Expected",
    "one_after_another": r"\| Hello Zoe\n\s*\| Bye.. Zoe\n\s*\| Hello Max",
    "patched_too_late": r"\| Hello Zoe\n\s*\| Bye.. Zoe\n\s*\| Hello Max",
    "silent_greenlets": r"\| All went well\n\s*and raises no ValueError",
    "forgotten_await": r"prints\n\s*\| The end\n\s*Expected",
    "blocking_call": r"\| Page 7, please\n\s*\| Page 7 is here",
    "vanished_task": r"(\| Hello \w+\n\s*){3}Expected",
    "unheard_error": r"\| All pages are here\n\s*and raises no LookupError",
    "left_running": r"\| Giving up: .*\n\s*\| Page 2, part 2",
    "deaf_to_cancel": r"\| Stop\n\s*\| Page \d+ is skipped[^-]*: False",
    "lost_update": r"\| Hellos counted: 1\n",
    "unprimed_consumer": r"\| TypeError: .* just-started generator",
    "dead_consumer": r"\| \[PRODUCER\] Producing 8...\n\s*It hangs",
    "runaway_producer": r"Producing 12...\n\s*\| \[CONSUMER\] Consuming 1\.",
    "wrong_thread": r"\| \[PRODUCER\] Producing 10...\n\s*It hangs",
    "pool_in_pool": r"\| TimeoutError",
    "lambda_to_process": r"\| .*Error: .*([Pp]ickle|local object)",
    "session_per_page": r"Sessions opened: 3, closed: 3",
}


@pytest.mark.parametrize("name", NAMES)
@runs(check_all("exercises", limit=6))
def test_shipped_programs_are_broken(result: Result, name: str) -> None:
    """Each is found to be broken for its own reason."""
    assert result.status == 1
    assert said_of(name, result).startswith("not repaired yet\n")
    assert re.search(BROKEN[name], said_of(name, result))


# What is seen of programs that look repaired, or do not run at all.
SPOILED = {
    "shared_name": r"\| Bye.. \w+\n\s*\| Hello",
    "one_after_another": r"\| Hello Ann",
    "patched_too_late": r"\| SystemExit: 0",
    "silent_greenlets": r"\| ValueError: a hello needs a name",
    "forgotten_await": r"no main",
    "blocking_call": r"no main",
    "vanished_task": r"\| Bye.. Ida\n\s*Expected",
    "unheard_error": r"\| RuntimeError: something went wrong",
    "left_running": r"\| The end\n\s*\| Page 2, part 2",
    "deaf_to_cancel": r"\| Stop\n\s*\| Cancelled: False",
    "lost_update": r"\| ModuleNotFoundError: .*\n\s*\| in line 3:",
    "unprimed_consumer": r"200 OK for 8\n\s*It hangs",
    "dead_consumer": r"and raises no ArithmeticError",
    "runaway_producer": r"line \d+\n.*\n.*\n *\| SyntaxError",
    "wrong_thread": r"ended without a word",
    "pool_in_pool": r"\| TimeoutError",
    "lambda_to_process": r"(\| \d squared = \d+ process = \d+\n\s*){3}",
    "session_per_page": r"Sessions opened: 1, closed: 0",
}


@pytest.mark.parametrize("name", NAMES)
@runs(check_all("tests/programs/spoiled", limit=6))
def test_what_only_looks_repaired_is_not(result: Result, name: str) -> None:
    """Nor is a file that is empty, ends at once, crashes, or never ends."""
    assert result.status == 1
    assert said_of(name, result).startswith("not repaired yet\n")
    assert re.search(SPOILED[name], said_of(name, result))


@runs(check_all("exercises/repaired"))
def test_our_repairs_are_accepted(result: Result) -> None:
    """Each says what works now, and the bar is full."""
    assert (result.status, result.errors) == (0, "")
    assert [said_of(name, result)[:4] for name in NAMES] == ["ok: "] * 18
    assert result.lines[-1] == f"[{'#' * 18}] 18 of 18 repaired"


@pytest.mark.slow
@runs(
    check_all("tests/programs/repairs/other"),
    check_all("tests/programs/repairs/another"),
)
def test_other_repairs_are_accepted(result: Result) -> None:
    """A repair need not look like ours."""
    assert (result.status, len(result.lines)) == (0, 19)


@runs(Command(f"{CHECK} --folder exercises", dev=False))
def test_stops_at_the_first_to_repair(result: Result) -> None:
    """It says what was seen, what was expected, where to read, what to do."""
    assert result.status == 1
    assert re.fullmatch(
        r"01 shared_name +not repaired yet\n"
        r"   main\(.*\) prints\n(?:   \| .*\n){6}"
        r"   Expected: .+\n   Read again: chapter 1, .+\n"
        r"Repair exercises.01_shared_name.py\n"
        r"\[-{18}\] 0 of 18 repaired",
        "\n".join(result.lines),
    )
    printed = [line.replace("\\", "/") for line in result.lines]
    for page in ("README.md", "README.zh-CN.md"):
        text = (EXERCISES / page).read_text(encoding="utf-8")
        shown = re.findall(r"mine: 18\n(.*?)```", text, re.S)
        assert len(shown) == 1
        for line in shown[0].replace("/mine", "").splitlines():
            # Which guest comes last is for the threads to say.
            assert "|" in line or line in printed


@runs(
    Command(
        f"{CHECK} 2 patched_too_late 18 --folder exercises/repaired",
        without="gevent aiohttp",
        dev=False,
    )
)
def test_a_missing_package_is_named(result: Result) -> None:
    """Who has neither package can still do the other exercises."""
    assert (result.status, result.errors) == (1, "")
    assert [line[:30].split()[2] for line in result.lines[:3]] == [
        "ok:",
        "needs",
        "needs",
    ]
    assert result.lines[1].endswith("pip install gevent")
    assert result.lines[2].endswith("pip install aiohttp")
    assert result.lines[-1] == "[#--] 1 of 3 repaired"


@pytest.mark.slow
@runs(
    Command(
        f"{CHECK} --folder exercises/repaired", without="gevent", dev=False
    )
)
def test_a_missing_package_stops_nobody(result: Result) -> None:
    assert (result.status, len(result.lines)) == (1, 19)
    assert result.lines[-1] == f"[{'#' * 16}--] 16 of 18 repaired"


@runs(
    Command(f"{CHECK} 12 --limit 1 --folder tests/programs/endless", dev=False)
)
def test_an_endless_loop_is_a_hang(result: Result) -> None:
    """It is ended in time, and its line is named."""
    assert result.status == 1
    assert re.search(
        r"It hangs: .* 1 s\.\n\s*It was in line [34]\.",
        said_of("unprimed_consumer", result),
    )
    assert result.seconds < 1 + 5  # a busy machine starts slowly


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send there")
def test_no_process_is_left(tmp_path: Path) -> None:
    """Neither after a hang nor after Ctrl-C, which ends with status 130."""
    beating = PROGRAMS / "beating" / "17_lambda_to_process.py"
    hung, stopped = tmp_path / "hung", tmp_path / "stopped"
    for folder in (hung, stopped):
        folder.mkdir()
        shutil.copy(beating, folder)
    hang = f"{CHECK} 17 --limit 3 --folder '{hung}'"
    press = f"{CHECK} shared_name 17 --folder '{stopped}'"
    with ThreadPoolExecutor() as pool:
        hang_result, result = pool.map(
            run, [Command(hang), Command(press, ctrl_c_at="01 ")]
        )
    assert "It hangs" in said_of("lambda_to_process", hang_result)
    assert (result.status, result.errors) == (130, "")
    assert "Read again" in result.lines[-1]  # of the first: no bar follows
    assert result.since_ctrl_c < 3
    # A process of the program writes for as long as it lives.
    beats = [folder / "beats" for folder in (hung, stopped)]
    before = [path.stat().st_size for path in beats]
    time.sleep(0.3)
    assert [path.stat().st_size for path in beats] == before
    # The copy that was missing was made, and no other.
    copy = stopped / SHIPPED[0].name
    assert copy.read_bytes() == SHIPPED[0].read_bytes()
    assert len([*stopped.glob("*.py")]) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("99", "99"),
        ("0", "0"),
        ("lost_updates", "lost_updates"),
        ("--limit 0", "--limit"),
        ("--limit nan", "--limit"),
        ("--limit x", "--limit"),
        ("--folder README.md", "--folder"),
    ],
)
def test_bad_arguments(
    arguments: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit status 2, and what is wrong is named."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(EXERCISES)
    monkeypatch.setattr(sys, "argv", [CHECK, *arguments.split()])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(CHECK, run_name="__main__")
    assert end.value.code == 2
    assert named in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
@pytest.mark.slow
def test_a_closed_pipe_is_no_error() -> None:
    done = shell(
        f"'{sys.executable}' {CHECK} --all --folder exercises | head -n 1"
    )
    assert done.stdout.startswith("01 shared_name")
    assert done.stderr == ""


# What is seen when a program runs by itself.
SYMPTOMS = {
    "shared_name": r"(?s).*(Bye.. (\w+)\n)(Bye.. \2\n){2}",
    "one_after_another": r"Hello Ann\nBye.. Ann\nHello Bob\n(?s:.*)",
    "patched_too_late": r"Hello Ann\nBye.. Ann\nHello Bob\n(?s:.*)",
    "silent_greenlets": r"(?s).*All went well\n",
    "forgotten_await": r"The end\n",
    "blocking_call": r"Page 1, please\nPage 1 is here\n(?s:.*)",
    "vanished_task": r"(Hello \w+\n){3}",
    "unheard_error": r"(?s).*All pages are here\n",
    "left_running": r"(?s).*Giving up.*Page 1, part 2.*",
    "deaf_to_cancel": r"(?s).*Stop.*Page 10 is here.*False\n",
    "lost_update": r"(?s).*counted: 1\n",
    "unprimed_consumer": r".*Producing 1...\n",
    "dead_consumer": r"(?s).*Producing 2...\n",
    "runaway_producer": r"(?s).*Producing 10...\n.*Consuming 1.*",
    "wrong_thread": r"(.*Producing \d...\n){3}(?s:.*)",
    "pool_in_pool": r"",
    "lambda_to_process": r"",
    "session_per_page": r"(?s).*Connections: 5\n",
}
# These hang, until Ctrl-C, which cannot be sent on Windows.
HANGING = {
    "dead_consumer": "[PRODUCER] Producing 2...",
    "wrong_thread": "[PRODUCER] Producing 3...",
}


@pytest.mark.slow
@runs(
    *[
        Command(
            f"-u {path.relative_to(ROOT).as_posix()}",
            ctrl_c_at=HANGING.get(path.stem[3:], ""),
            dev=False,
        )
        for path in SHIPPED
        if sys.platform != "win32" or path.stem[3:] not in HANGING
    ]
)
def test_shows_its_symptom_by_itself(result: Result) -> None:
    """And ends within a few seconds: by itself, or at the first Ctrl-C."""
    name = Path(result.command.line).stem[3:]
    assert re.fullmatch(
        SYMPTOMS[name], "".join(f"{line}\n" for line in result.lines)
    )
    assert result.seconds < 6
    assert result.since_ctrl_c < 2
    assert not result.left_running


def parts(path: Path) -> tuple[str, str]:
    """Return the docstring of a program, and the code below it."""
    source = path.read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source))
    assert text
    return text, source.split('"""', 2)[2]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_exercise_is_whole(path: Path) -> None:
    """Short, explained, solved, and in the table of both languages."""
    text, code = parts(path)
    heads = re.findall(r"^([A-Z][a-z ]+):  ", text, re.M)
    assert heads == ["It should", "Instead", "Read again", "Hint"]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 42
    solution, repaired = parts(EXERCISES / "repaired" / path.name)
    assert "\nRepaired: " in solution
    changed = [
        line
        for line in difflib.ndiff(code.splitlines(), repaired.splitlines())
        if line[0] in "+-" and line[1:].strip()
    ]
    assert 0 < len(changed) <= 15  # a line that changes counts twice
    for page in ("README.md", "README.zh-CN.md"):
        table = (EXERCISES / page).read_text(encoding="utf-8")
        number = path.stem[:2].lstrip("0")
        assert f"\n| {number} | `{path.stem[3:]}` |" in table


# What can stand in place of any exercise, and is no repair of it.
NO_REPAIRS = {
    "empty": "",
    "exit": "import sys\nsys.exit(0)\n",
    "crash": "1 / 0\n",
    "syntax": "def main(:\n",
    "endless": "def main(*_):\n    while True: pass\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*NO_REPAIRS, "commented", "printed"])
def test_no_repair_of_any_exercise(kind: str, tmp_path: Path) -> None:
    """Nor are the lines that the repaired program prints, printed."""
    for path in SHIPPED:
        text = NO_REPAIRS.get(kind, "")
        repaired = EXERCISES / "repaired" / path.name
        if kind == "commented":
            source = repaired.read_text(encoding="utf-8")
            text = re.sub("(?m)^", "# ", source)
        if kind == "printed":
            lines = run(Command(f"'{repaired}'", dev=False)).lines
            text = "\n".join(lines)
            text = f"def main(*_):\n    print({text!r})\n\nmain()\n"
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    result = run(
        Command(f"{CHECK} --all --limit 2 --folder '{tmp_path}'", dev=False)
    )
    assert result.status == 1
    assert result.lines[-1].endswith(" 0 of 18 repaired")
