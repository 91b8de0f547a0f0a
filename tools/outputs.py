"""Run the commands that the pages show, and put what they print below them.

    python tools/outputs.py                  every page
    python tools/outputs.py README.md        this page, and its Chinese twin

Commands run one after another, so that the seconds they print are those of a
machine that does nothing else. The Chinese page gets the same output.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.commands import ROOT, Command, run
from helpers.pages import BLOCK, PAIRS, shown


def rerun(block: re.Match[str]) -> str:
    """Return a code block with the output of a run in it, if it shows one."""
    if block[1] != "console":
        return block[0]
    (one,) = shown(block[0])
    print(one.command, flush=True)
    printed = one.cut(run(Command(one.line, dev=False)))
    return "\n".join(["```console", one.command, *printed, "```"])


def main() -> None:
    """Rewrite the pages that the command line names, or all."""
    for english, chinese in PAIRS:
        name = english.relative_to(ROOT).as_posix()
        if name not in (sys.argv[1:] or [name]):
            continue
        text = BLOCK.sub(rerun, english.read_text(encoding="utf-8"))
        english.write_text(text, encoding="utf-8")
        fresh = {x.command: x for x in shown(text)}
        twin = chinese.read_text(encoding="utf-8")
        for old in shown(twin):
            new = fresh.get(old.command, old)
            twin = twin.replace(
                "\n".join(["```console", old.command, *old.output, "```"]),
                "\n".join(["```console", new.command, *new.output, "```"]),
            )
        chinese.write_text(twin, encoding="utf-8")


if __name__ == "__main__":
    main()
