"""The paper's figure 3: parallel examples as a model sees them, a panel a run. Draws points; knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xtune.atomic import replacing
from xtune.errors import InputError
from xtune.report.compare import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#000000", "#999999")
"""Of labels: Okabe and Ito's for all eyes, but for the red, which the lines have."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Of languages."""

LINE = "#C00000"
INK = "#222222"


@dataclass(frozen=True)
class Panel:
    """One run.

    Args:
        title: What it is called.
        note: What is said below that.
        points: `[languages, examples, 2]`, the source language first.
    """

    title: str
    note: str
    points: NDArray[np.float64]


def check_drawable(languages: int, labels: int) -> None:
    """Refuse to draw without the libraries, or more than can be told apart.

    Raises:
        InputError: With what to do.
    """
    if missing := [name for name in ("matplotlib", "sklearn") if find_spec(name) is None]:
        remedy = 'pip install "xtune[analysis]", or --no-figure'
        raise InputError(f"the figure needs {' and '.join(missing)}", remedy=remedy)
    if languages > len(MARKERS):
        problem = f"{languages} languages cannot be told apart in a figure"
        raise InputError(problem, field="--languages", remedy=f"name {len(MARKERS)} or fewer")
    if labels > len(COLOURS):
        problem = f"{labels} labels cannot be told apart in a figure"
        raise InputError(problem, remedy=f"leave it out with --no-figure: it has {len(COLOURS)} colours")


def draw(panels: Sequence[Panel], languages: Sequence[str], labels: Sequence[str], folder: Path) -> list[Path]:
    """Write `figure3.svg` and `figure3.png`; the same points give the same files.

    Args:
        panels: At least one.
        languages: The source first.
        labels: Of each example.
        folder: Where to.
    """
    import matplotlib
    from matplotlib.figure import Figure

    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    width = max(3.5 * columns, 5)  # inches; the legend needs five
    with matplotlib.rc_context({"svg.hashsalt": "xtune", "font.size": 9, "text.color": INK}):
        figure = Figure(figsize=(width, 3.7 * rows + 0.9), dpi=200)
        axes = figure.subplots(rows, columns, squeeze=False).flatten()
        for axis, panel in zip(axes, panels, strict=False):
            _panel(axis, panel, labels)
        for axis in axes[len(panels) :]:
            axis.set_axis_off()
        _legend(figure, languages, sorted(set(labels)), below=0.9 / (3.7 * rows + 0.9))
        written = [folder / f"figure3.{kind}" for kind in ("svg", "png")]
        for path in written:
            with replacing(path) as temporary:
                figure.savefig(temporary, format=path.suffix[1:], facecolor="white", metadata=_metadata(path))
    return written


def _panel(axis: Axes, panel: Panel, labels: Sequence[str]) -> None:
    source, *others = panel.points
    for other in others:
        for start, end in zip(source, other, strict=True):
            axis.plot(*np.stack([start, end]).T, color=LINE, linewidth=0.4, alpha=0.35, zorder=1)
    names = sorted(set(labels))
    colours = [COLOURS[names.index(label)] for label in labels]
    for marker, points in zip(MARKERS, panel.points, strict=False):
        axis.scatter(points[:, 0], points[:, 1], s=16, c=colours, marker=marker, edgecolors=INK, linewidths=0.3, zorder=2)
    axis.set_title(panel.title, fontsize=11, pad=18)
    axis.text(0.5, 1.02, panel.note, transform=axis.transAxes, ha="center", va="bottom", fontsize=7.5)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_color("#BBBBBB")


def _legend(figure: Any, languages: Sequence[str], labels: Sequence[str], below: float) -> None:
    """Labels in one line, languages in the next, under the panels."""
    from matplotlib.lines import Line2D

    def key(marker: str, colour: str, label: str, edge: float) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            color=colour,
            label=label,
            markersize=6,
            markeredgecolor=INK,
            markeredgewidth=edge,
        )

    colours = [key("o", colour, label, 0.3) for label, colour in zip(labels, COLOURS, strict=False)]
    shapes = [key(marker, "white", name_of(code), 0.9) for code, marker in zip(languages, MARKERS, strict=False)]
    line = Line2D([], [], color=LINE, linewidth=1, label=f"{name_of(languages[0])} and its translation")
    options: dict[str, Any] = {"frameon": False, "fontsize": 8, "handletextpad": 0.3, "columnspacing": 1.2}
    figure.legend(handles=colours, loc="center", bbox_to_anchor=(0.5, below * 0.72), ncol=len(colours), **options)
    figure.legend(handles=[*shapes, line], loc="center", bbox_to_anchor=(0.5, below * 0.34), ncol=9, **options)
    figure.subplots_adjust(left=0.03, right=0.97, bottom=below + 0.01, top=1 - 0.45 * below, wspace=0.06, hspace=0.25)


def _metadata(path: Path) -> dict[str, str | None]:
    """No date, so that the file is the same whenever it is drawn."""
    return {"Date": None} if path.suffix == ".svg" else {"Software": None}
