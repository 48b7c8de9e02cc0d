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
    from matplotlib.figure import Figure

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


def check_libraries(otherwise: str = "") -> None:
    """Refuse to draw without the libraries.

    Raises:
        InputError: With the command that installs them, and what else to do.
    """
    if missing := [name for name in ("matplotlib", "sklearn") if find_spec(name) is None]:
        remedy = f'pip install "xtune[analysis]"{otherwise}'
        raise InputError(f"the figure needs {' and '.join(missing)}", remedy=remedy)


def check_drawable(languages: int, labels: int) -> None:
    """Refuse to draw without the libraries, or more than can be told apart.

    Raises:
        InputError: With what to do.
    """
    check_libraries(", or --no-figure")
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
    width = max(3.5 * columns, 5)  # inches, as all that follows
    names = sorted(set(labels))
    keys = [len(_in_lines(each, width)) for each in (names, [name_of(code) for code in languages])]
    below, above = 0.15 + 0.25 * (sum(keys) + 1), 0.4  # the line has a line of its own
    height = 3.7 * rows + below
    with matplotlib.rc_context({"svg.hashsalt": "xtune", "font.size": 9, "text.color": INK}):
        figure = Figure(figsize=(width, height), dpi=200)
        axes = figure.subplots(rows, columns, squeeze=False).flatten()
        for axis, panel in zip(axes, panels, strict=False):
            _panel(axis, panel, labels)
        for axis in axes[len(panels) :]:
            axis.set_axis_off()
        _legend(figure, languages, names, width)
        bottom, top = (below + 0.05) / height, 1 - above / height
        figure.subplots_adjust(left=0.03, right=0.97, bottom=bottom, top=top, wspace=0.06, hspace=0.25)
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
    edges = [_edge(colour) for colour in colours]
    for marker, points in zip(MARKERS, panel.points, strict=False):
        axis.scatter(
            points[:, 0], points[:, 1], s=16, c=colours, marker=marker, edgecolors=edges, linewidths=0.3, zorder=2
        )
    axis.set_title(panel.title, fontsize=11, pad=18)
    axis.text(0.5, 1.02, panel.note, transform=axis.transAxes, ha="center", va="bottom", fontsize=7.5)
    axis.set_aspect("equal", adjustable="datalim")  # a direction of t-SNE's plane is as good as another
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_color("#BBBBBB")


def _legend(figure: Figure, languages: Sequence[str], labels: Sequence[str], width: float) -> None:
    """Labels, below them languages, and what a line is, under the panels."""
    from matplotlib.lines import Line2D

    def key(marker: str, colour: str, name: str) -> Line2D:
        look = Line2D([], [], linestyle="none", marker=marker, color=colour, label=name, markersize=6)
        look.set(markeredgecolor=_edge(colour), markeredgewidth=0.9 if colour == "white" else 0.3)
        return look

    colours = {name: key("o", colour, name) for name, colour in zip(labels, COLOURS, strict=False)}
    named = {
        name_of(code): key(marker, "white", name_of(code)) for code, marker in zip(languages, MARKERS, strict=False)
    }
    line = Line2D([], [], color=LINE, linewidth=1, label=f"{name_of(languages[0])} and its translation")
    lines = [[keys[name] for name in names] for keys in (colours, named) for names in _in_lines(list(keys), width)]
    height = float(figure.get_size_inches()[1])
    for number, handles in enumerate(reversed([*lines, [line]])):
        place = (0.5, (0.2 + 0.25 * number) / height)
        options: dict[str, Any] = {"frameon": False, "fontsize": 8, "handletextpad": 0.5, "columnspacing": 1.2}
        figure.legend(handles=handles, loc="center", bbox_to_anchor=place, ncol=len(handles), **options)


def _in_lines(names: Sequence[str], width: float) -> list[list[str]]:
    """Names in lines of a legend that is so many inches wide, each with its mark.

    >>> _in_lines(["entailment", "neutral", "contradiction"], width=3)
    [['entailment', 'neutral'], ['contradiction']]
    """
    lines: list[list[str]] = [[]]
    for name in names:
        if lines[-1] and sum(0.5 + 0.075 * len(each) for each in (*lines[-1], name)) > width:
            lines.append([])
        lines[-1].append(name)
    return lines


def _edge(colour: str) -> str:
    """What shows a marker's shape among others of its colour."""
    return "white" if colour == "#000000" else INK


def _metadata(path: Path) -> dict[str, str | None]:
    """No date, so that the file is the same whenever it is drawn."""
    return {"Date": None} if path.suffix == ".svg" else {"Software": None}
