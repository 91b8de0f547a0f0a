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
    "%run coroutine_test.py sequential thread yield --seconds 0": "== yield:*",
    "%run coroutine_test.py asyncio --seconds 0": NESTED,
    "%run coroutine_test.py async --seconds 0": NESTED,
    "!python coroutine_test.py gevent --seconds 0": "== gevent: *",
    "%run consumer_produce.py yield thread --seconds 0": "== thread: *",
    "%run consumer_produce.py asyncio --seconds 0": NESTED,
    "%run consumer_produce.py async --seconds 0": NESTED,
    "%run consumer_produce.py thread --fail-on 1": "thread: item 1: *",
    "!python consumer_produce.py gevent --seconds 0": "== gevent: *",
    "%run asyc_test.py coroutine await": NESTED,
    "%run aio_http/sequential_client.py --seconds 0": "== * pages 5 *",
    "%run aio_http/thread_client.py": "== thread: * pages 5 *",
    "%run aio_http/yield_client.py": "== yield: * pages 5 *",
    "%run aio_http/async_client.py": NESTED,
    "%run aio_http/compare.py async": "== async: * pages 5 *",
}
HANDLERS = "print([signal.getsignal(x) for x in signal.valid_signals()])"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel lives, and its signal handlers are as before."""
    for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", folder, prepend=os.pathsep)
    sources = ["import signal", HANDLERS, *CELLS, HANDLERS]
    cells = [v4.new_code_cell(source) for source in sources]
    nbclient.NotebookClient(
        v4.new_notebook(cells=cells),
        timeout=30,
        allow_errors=True,
        resources={"metadata": {"path": ROOT}},
    ).execute()
    _, before, *printed, after = [
        "".join(x.get("text") or x.evalue for x in cell.outputs)
        for cell in cells
    ]
    assert after == before
    for (cell, last), said in zip(CELLS.items(), printed, strict=True):
        assert fnmatch(said.splitlines()[-1], last), cell
