"""A script is a guest in a notebook: `%run` works or raises, and no more.

python -m pip install -r tests/requirements.txt
python -m pytest -m slow tests/test_notebook.py
"""

import os
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from helpers.commands import ROOT

WHY = "no notebook here: python -m pip install -r tests/requirements.txt"
pytest.importorskip("ipykernel", reason=WHY)
nbclient = pytest.importorskip("nbclient", reason=WHY)
v4 = pytest.importorskip("nbformat.v4", reason=WHY)

# What a cell runs, and the last that it prints, or the error it raises.
NESTED = "asyncio.run() cannot be called from a running event loop"
CELLS = {
    "%run coroutine_test.py sequential --seconds 0": "== sequential: 0.*",
    "%run coroutine_test.py thread --seconds 0": "== thread: 0.*",
    "%run coroutine_test.py yield --seconds 0": "== yield: 0.*",
    "%run coroutine_test.py asyncio --seconds 0": NESTED,
    "%run coroutine_test.py async --seconds 0": NESTED,
    "!python coroutine_test.py gevent --seconds 0": "== gevent: 0.*",
    "%run consumer_produce.py yield --seconds 0": "== yield: 0.*",
    "%run consumer_produce.py thread --seconds 0": "== thread: 0.*",
    "%run consumer_produce.py asyncio --seconds 0": NESTED,
    "%run consumer_produce.py async --seconds 0": NESTED,
    "%run consumer_produce.py thread --fail-on 1": "thread: item 1: *",
    "!python consumer_produce.py gevent --seconds 0": "== gevent: 0.*",
    "%run asyc_test.py coroutine await": NESTED,
    "%run aio_http/sequential_client.py --seconds 0": "== * pages 5 *",
    "%run aio_http/thread_client.py": "== thread: * pages 5 *",
    "%run aio_http/yield_client.py": "== yield: * pages 5 *",
    "%run aio_http/async_client.py": NESTED,
    "%run aio_http/compare.py async": "== async: * pages 5 *",
}
HANDLERS = "[signal.getsignal(x) for x in signal.valid_signals()]"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Run the cells, with a look after each; return what is printed."""
    sources = [f"import signal; before = {HANDLERS}"]
    for source in CELLS:
        sources += [source, f"print({HANDLERS} == before)"]
    cells = [v4.new_code_cell(source) for source in sources]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        folder = str(Path(sys.executable).parent)
        patch.setenv("PATH", folder, prepend=os.pathsep)
        nbclient.NotebookClient(
            v4.new_notebook(cells=cells),
            timeout=30,
            allow_errors=True,
            resources={"metadata": {"path": ROOT}},
        ).execute()
    return [
        "".join(x.get("text") or x.evalue for x in cell.outputs)
        for cell in cells
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("number", "cell"), enumerate(CELLS), ids=CELLS)
def test_cell(number: int, cell: str, printed: list[str]) -> None:
    """The kernel lives, and its signal handlers are as before."""
    said, same = printed[1 + 2 * number :][:2]
    assert fnmatch(said.splitlines()[-1], CELLS[cell]), said
    assert same == "True\n"
