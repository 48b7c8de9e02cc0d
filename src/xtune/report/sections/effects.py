"""What each cell of a study has more than the baseline, as points on one axis."""

from __future__ import annotations

from xtune.report.html import Section, figure, gain, span_of, stacking_row, stacking_table, text
from xtune.report.lines import nice_ticks
from xtune.report.sections.grid import deviation
from xtune.report.study import Estimate, Study


def effects(study: Study) -> Section:
    """A row a cell: mean over the other languages, the difference, and where it is; empty without differences."""
    measure = "targets" if study.best("targets") is not None else "average"
    found = {cell.name: more for cell in study.cells.values() if (more := cell.difference(measure))}
    title = f"Compared with {study.name(study.baseline)}"
    if not found:
        return Section("effects", title, "")
    ends = [0.0, *(value for more in found.values() for value in (more.mean, *(more.interval or ())))]
    ticks = nice_ticks(min(ends), max(ends))
    low, high = ticks[0], ticks[-1]
    scale = f"<span>{figure(low, signed=True)}</span><span>{figure(high, signed=True)}</span>"
    what = "Mean over the other languages" if measure == "targets" else "Mean over all languages"
    caption = f"{what}, and the difference in points with its 95 % interval"
    heads = ["Cell", "Mean", "Difference", "p", f'<td class="effect scale" aria-hidden="true">{scale}</td>']
    rows = []
    for name, more in found.items():
        cell = study.cells[name]
        own = cell.measure(measure)
        shown = f"{figure(own.mean)}{deviation(own)}" if own else ""
        picture = f'<td class="effect" aria-hidden="true">{_point(more, low, high)}</td>'
        cells = [shown, gain(more.mean) + span_of(more.interval, signed=True), _chance(more.p)]
        rows.append(stacking_row(text(study.name(cell)), cells, picture))
    return Section("effects", title, stacking_table("scores effects", caption, heads, rows, style="--numbers:3"))


def _point(more: Estimate, low: float, high: float) -> str:
    """A point with its interval, and where nothing changes."""

    def place(value: float) -> float:
        return 100 * (value - low) / (high - low)

    sure = more.interval is None or not more.interval.low <= 0 <= more.interval.high
    kind = "soft" if not sure else "better" if more.mean > 0 else "worse"
    whisker = ""
    if more.interval is not None:
        left, right = map(place, more.interval)
        whisker = f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
    point = f'<u class="{kind}" style="left:{place(more.mean):.1f}%"></u>'
    return f'<div><b style="left:{place(0):.1f}%"></b>{whisker}{point}</div>'


def _chance(p: float | None) -> str:
    if p is None:
        return ""
    return "&lt; .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")
