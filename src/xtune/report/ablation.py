"""A grid of runs as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

SUMS = {"average": "average", "targets": "targets", "transfer_gap": "gap"}
"""What is shown beside the source language, and its heading."""

WIDEST = 1000
"""Signs in a line, more than any terminal has."""


def study_table(study: Mapping[str, Any]) -> Group:
    """A row a cell: the source, the means of languages, the transfer gap; and the difference from the baseline.

    Args:
        study: What `study.json` holds. The rows of a sweep are in the order of what it selects by.
    """
    cells, source = study["cells"], study["source_language"]
    sums = [name for name in SUMS if name in cells[study["baseline"]]]
    of = "targets" if "targets" in sums else "average"
    shown = [*([source] if source in cells[study["baseline"]]["languages"] else []), *sums]
    seeds = len(study["seeds"])
    title = f"[bold]{escape(study['recipe'])}[/]: {study['metric']} on {study['split']}, in percent, "
    title += f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    return Group(title, "", _Fitting(study, shown, of), "", *_notes(study, of))


@dataclass(frozen=True)
class _Fitting:
    """The table with as many of its columns as fit: the mean of all goes first, then the gap, then the source."""

    study: Mapping[str, Any]
    shown: list[str]
    of: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        shown = list(self.shown)
        table = _table(self.study, shown, self.of)
        for name in ("average", "transfer_gap", self.study["source_language"]):
            if Measurement.get(console, options.update(width=WIDEST), table).maximum <= options.max_width:
                break
            if name in shown and name != self.of:
                shown.remove(name)
                table = _table(self.study, shown, self.of)
        yield table


def _table(study: Mapping[str, Any], shown: Sequence[str], of: str) -> Table:
    cells, source, names = study["cells"], study["source_language"], _order(study)
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("\ncell", overflow="fold")
    if chosen := study.get("selection"):
        table.add_column(f"selected by\n{chosen['by']}", justify="right")
    for name in shown:
        table.add_column(f"\n{SUMS.get(name, name)}", justify="right", no_wrap=True)
    compared = [f"{of} −\n{escape(study['baseline'])}", "\n95 % interval", "\np"] if len(cells) > 1 else []
    for heading in compared:
        table.add_column(heading, justify="right", no_wrap=True)
    for name in names:
        cell = cells[name]
        own = [f"{chosen['scores'][name]:.1f}"] if chosen else []
        values = [_mean(cell["languages"][each] if each == source else cell[each]) for each in shown]
        style = "bold" if name == study.get("best") else None
        beside = _difference(cell.get("difference", {}).get(of)) if compared else []
        table.add_row(escape(name), *own, *values, *beside, style=style)
    return table


def _order(study: Mapping[str, Any]) -> list[str]:
    scores = study.get("selection", {}).get("scores", {})
    return sorted(study["cells"], key=lambda name: -scores.get(name, 0.0))


def _notes(study: Mapping[str, Any], of: str) -> list[RenderableType]:
    told = "mean of all languages but the source" if of == "targets" else "mean of all languages"
    notes = [f"{of}: {told}; interval and p: paired bootstrap over seeds and examples"]
    if len(study["seeds"]) < 5 and len(study["cells"]) > 1:
        notes.append("with fewer than five seeds intervals are too narrow, and p is too small")
    if "best" in study:
        notes.append("the best of many is lucky, too: score it with other seeds before you believe its difference")
    return [f"[dim]{note}[/]" for note in notes]


def _mean(values: Mapping[str, Any]) -> str:
    return f"{values['mean']:.1f}" + ("" if values["sd"] is None else f" ± {values['sd']:.1f}")


def _difference(values: Mapping[str, Any] | None) -> list[str]:
    if values is None:
        return ["", "", ""]
    low, high = values["interval"]
    colour = "green" if low > 0 else "red" if high < 0 else ""
    mean = f"[{colour}]{values['mean']:+.1f}[/]" if colour else f"{values['mean']:+.1f}"
    return [mean, f"{low:+.1f} … {high:+.1f}", "< 0.001" if values["p"] < 0.001 else f"{values['p']:.3f}"]
