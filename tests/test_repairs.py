"""The exercises: broken as shipped, repaired by any repair that works."""

import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import PROGRAMS, ROOT

EXERCISES = ROOT / "exercises"
SHIPPED = sorted(EXERCISES.glob("[0-9]*.py"))
PAGES = [EXERCISES / page for page in ("README.md", "README.zh-CN.md")]
Attempt = dict[str, Any]
ATTEMPTS: dict[str, list[Attempt]] = tomllib.loads(
    (PROGRAMS / "repairs.toml").read_text(encoding="utf-8")
)


def check(folder: Path, *options: str, **environment: str) -> str:
    """Return what pytest prints about the programs of a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *options, "exercises", "--folder", str(folder)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env=os.environ | environment,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout


def verdict(out: str, name: str) -> str:
    """Return what is said of an exercise that is refused."""
    if f"::test_{name[3:]} PASSED" in out:
        return ""
    found = re.search(rf"_ test_{name[3:]} _.*?(?=\n_{{9}}|\n==)", out, re.S)
    return found[0] if found else out


@pytest.fixture(scope="module")
def said_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], dict[str, str]]:
    """Return what says what is said of each attempt, by its reason."""
    folder = tmp_path_factory.mktemp("it's (mine)")

    @functools.cache
    def said_of(kind: str) -> dict[str, str]:
        rest, said = list(ATTEMPTS[kind]), dict[str, str]()
        while rest:
            now = {attempt["name"]: attempt for attempt in reversed(rest)}
            for name, attempt in now.items():
                path = EXERCISES / attempt.get("from", "") / f"{name}.py"
                source = path.read_text(encoding="utf-8")
                for old, new in attempt["edits"]:
                    assert old in source, (attempt["why"], old)
                    source = source.replace(old, new)
                (folder / path.name).write_text(source, encoding="utf-8")
            names = " or ".join(f"test_{name[3:]}" for name in now)
            out = check(
                folder, "-vk", names, PYTHONIOENCODING="ascii", LC_ALL="C"
            )
            said |= {now[name]["why"]: verdict(out, name) for name in now}
            rest = [attempt for attempt in rest if attempt["why"] not in said]
        return said

    return said_of


@pytest.mark.parametrize(
    ("kind", "attempt"),
    [
        pytest.param(
            kind,
            attempt,
            id=f"{attempt['name']} {attempt['why']}",
            marks=[pytest.mark.slow] * (kind == "slow"),
        )
        for kind, attempts in ATTEMPTS.items()
        for attempt in attempts
    ],
)
def test_verdicts_are_right(
    said_of: Callable[[str], dict[str, str]], kind: str, attempt: Attempt
) -> None:
    """Whoever is refused sees why, whatever the terminal can show."""
    said = said_of(kind)[attempt["why"]]
    if "seen" in attempt:
        assert attempt["seen"] in said
    else:
        assert said == ""


@pytest.mark.slow
def test_shipped_programs_are_broken(tmp_path: Path) -> None:
    """The first run copies them; each is refused, three because they hang."""
    out = check(tmp_path, "-v", "--limit", "3")
    assert f"\nprograms copied to {tmp_path}: 25\n" in out
    assert len(re.findall(r"::test_\w+ FAILED", out)) == len(SHIPPED) == 25
    hang = [x.stem for x in SHIPPED if "It hangs" in verdict(out, x.stem)]
    assert [name[:2] for name in hang] == ["13", "15", "24"]
    assert "\n0 repaired so far. Next: " in out


@pytest.mark.slow
def test_solutions_are_accepted() -> None:
    out = check(EXERCISES / "repaired")
    assert "\n25 repaired, and none is left. Solutions: " in out


def test_pages_show_the_first_run(tmp_path: Path) -> None:
    """All but which guest comes when, which is for the threads to say."""
    out = check(tmp_path, "-x").replace(str(tmp_path), "exercises/mine")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        shown = text.split("$ python -m pytest -x exercises\n")[1]
        for line in shown.split("```")[0].splitlines():
            ours = line == "..." or re.match(r"  +\d|[> ] (Hello|Bye)", line)
            assert ours or line in out.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no /proc there")
def test_no_process_is_left(tmp_path: Path) -> None:
    """Neither the program that hangs, nor one that it has started."""
    (tmp_path / "12_unprimed_consumer.py").write_text(
        "import subprocess, sys\n\n"
        "def main(items):\n"
        "    sleep = [sys.executable, '-c', 'input()', __file__]\n"
        "    subprocess.run(sleep, stdin=subprocess.Popen(\n"
        "        sleep, stdin=-1, stdout=-1).stdout)\n"
    )
    out = check(tmp_path, "-k", "unprimed", "--limit", "2")
    assert "It hangs: killed after 2 s, while it was in\n    line 5" in out
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True).stdout
    assert str(tmp_path).encode() not in running


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_exercise_is_whole(path: Path) -> None:
    """Short, explained, solved, in both languages; what to read is there."""
    text = path.read_text(encoding="utf-8")
    heads = re.findall(r"^([A-Z][a-z ]+):  ", text, re.M)
    assert heads == ["It should", "Instead", "Read again"]
    assert len(text.splitlines()) <= 41
    again = re.search(r"Read again:(.*?)\n\"", text, re.S)
    assert again
    for step, script in re.findall(
        r"`(\w+)`[^`]*? in (asyc_\w+.py)", again[1]
    ):
        assert f"def {step}_test(" in (ROOT / script).read_text("utf-8")
    solution = EXERCISES / "repaired" / path.name
    assert "\nRepaired: " in solution.read_text(encoding="utf-8")
    for page in PAGES:
        row = f"\n| {int(path.stem[:2])} | `{path.stem[3:]}` |"
        assert row in page.read_text(encoding="utf-8")
        hints = page.with_name(page.name.replace("README", "hints"))
        assert f"\n## {path.stem[3:]}\n" in hints.read_text(encoding="utf-8")
    twin = f". `{path.stem[3:]}`\n   - 应该"
    assert twin in PAGES[1].read_text(encoding="utf-8")
