"""The exercises: broken as shipped, repaired by any repair that works."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from helpers.commands import PROGRAMS, ROOT, Command, run

EXERCISES = ROOT / "exercises"
SHIPPED = sorted(EXERCISES.glob("[0-9]*.py"))
PAGES = {
    path: path.read_text(encoding="utf-8") for path in EXERCISES.glob("*.md")
}
ATTEMPTS = tomllib.loads(
    (PROGRAMS / "repairs.toml").read_text(encoding="utf-8")
)
# pytest in a terminal that shows ASCII only.
PYTEST = (
    '-c \'import pytest, sys; sys.stdout.reconfigure(encoding="ascii");'
    " sys.exit(pytest.main())' -p no:cacheprovider exercises"
)


def check(folder: Path, options: str = "") -> str:
    """Return what pytest prints about the programs of a folder."""
    line = f"{PYTEST} {options} --folder {shlex.quote(str(folder))}"
    result = run(Command(line, dev=False), limit=200)
    assert result.errors == ""
    return "\n".join(result.lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "why"),
    [(program, why) for program in ATTEMPTS for why in ATTEMPTS[program]],
)
def test_verdict(program: str, why: str, tmp_path: Path) -> None:
    """Whoever is refused sees why, whatever the terminal can show."""
    edits = {**ATTEMPTS[program][why]}
    seen = edits.pop("seen", "\n1 repaired. Solutions: ")
    path = EXERCISES / f"{program}.py"
    source = path.read_text(encoding="utf-8")
    for old, new in edits.items():
        assert old in source
        source = source.replace(old, new)
    folder = tmp_path / "it's (mine)"
    folder.mkdir()
    (folder / path.name).write_text(source, encoding="utf-8")
    assert seen in check(folder, f"-k test_{path.stem[3:]}")


@pytest.mark.slow
def test_first_run(tmp_path: Path) -> None:
    """It copies the programs; each is refused, some because they hang.

    The page shows it. Which guest comes when is for the threads to say.
    """
    out = check(tmp_path, "--limit 6").replace(str(tmp_path), "exercises/mine")
    assert " 25 failed in " in out
    assert out.count("\nIt hangs: killed after 6 s") >= 3
    assert "\nmain raised TypeError; none was expected\n" in out
    page = PAGES[EXERCISES / "README.md"]
    shown = page.split("pytest -x exercises\n")[2].split("```")[0]
    fixed = re.sub(
        r"^(\.\.\.|  +\d|[> ] (Hello|Bye)).*\n", "", shown, flags=re.M
    )
    assert [x for x in fixed.splitlines() if f"\n{x}\n" not in out] == []


@pytest.mark.slow
def test_solutions_are_accepted() -> None:
    out = check(EXERCISES / "repaired")
    assert "\n25 repaired, and none is left. Solutions: " in out


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_exercise_is_whole(path: Path) -> None:
    """Short, explained, solved, in both languages; what to read is there."""
    text = path.read_text(encoding="utf-8")
    heads = re.findall(r"^([A-Z][a-z ]+):  ", text, re.M)
    assert heads == ["It should", "Instead", "Read again"]
    assert len(text.splitlines()) <= 41
    again = text.partition("Read again:")[2].partition('"""')[0]
    for step, script in re.findall(r"`(\w+)`[^`]*? in (asyc_\w+.py)", again):
        assert f"def {step}_test(" in (ROOT / script).read_text("utf-8")
    solution = EXERCISES / "repaired" / path.name
    assert "\nRepaired: " in solution.read_text(encoding="utf-8")
    number, name = int(path.stem[:2]), path.stem[3:]
    for page, shown in PAGES.items():
        row = f"\n| {number} | `{name}` |"
        assert (f"\n## {name}\n" if "hints" in page.name else row) in shown
    twins = PAGES[EXERCISES / "README.zh-CN.md"]
    assert re.search(rf"\n{number}. `{name}`.+\n   - 应该", twins)
