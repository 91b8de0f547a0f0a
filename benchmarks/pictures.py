"""How the pictures of the benchmarks look. Importing this needs no package."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Colours that the colour-blind can tell apart, most of them Okabe and Ito's.
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
PURPLE, PINK, SKY = "#aa3377", "#cc79a7", "#56b4e9"
LOOKS: dict[str, dict[str, Any]] = {
    "thread": {"color": ORANGE, "marker": "o"},
    "yield": {"color": GREEN, "marker": "s"},
    "asyncio": {"color": SKY, "marker": "D", "markersize": 8},
    "async": {"color": BLUE, "marker": "^"},
    "gevent": {"color": PINK, "marker": "v"},
}
# A picture brings its own light background, and so reads the same on a light
# and on a dark page. Text stays text; ids stay the same from run to run.
STYLE: Any = {
    "figure.facecolor": "#f7f7f4",
    "axes.facecolor": "#f7f7f4",
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
}


def figure(height: float, columns: int = 1) -> "tuple[Figure, Any]":
    """Return an empty picture, so many inches high, and its axes."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(STYLE)
    picture = Figure(figsize=(8, height), layout="constrained")
    return picture, picture.subplots(1, columns)


def plain_numbers(*axes: "Axis") -> None:
    """Write 1,000 at a logarithmic axis, and not ten to the third."""
    for axis in axes:
        axis.set_major_formatter("{x:,.9g}")
        axis.set_minor_formatter("")


def save(path: Path, where: str, results: object, picture: "Figure") -> None:
    """Write the results and the picture, both with where they are from."""
    text = json.dumps({"where": where, "results": results}, indent=1)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    picture.supxlabel(where, x=0.01, ha="left", fontsize=7.5, color="#555555")
    picture.savefig(path.with_suffix(".svg"), metadata={"Date": None})
