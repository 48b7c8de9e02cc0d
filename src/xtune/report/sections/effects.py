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
    places = {end: _place(end, low, high) for end in sorted({low, 0.0, high})}
    scale = "".join(f'<span style="left:{place:.1f}%">{figure(end)}</span>' for end, place in places.items())
    what = "Mean over the other languages" if measure == "targets" else "Mean over all languages"
    caption = f"{what}, and the difference in points with its 95 % interval"
    heads = [
        "Cell",
        "Mean",
        "Difference",
        "p",
        f'<td class="effect scale" aria-hidden="true"><div>{scale}</div></td>',
    ]
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
    """A point with its interval, and where nothing changes; grey where it may be that nothing does."""
    unsure = more.interval is not None and more.interval.low <= 0 <= more.interval.high
    kind = "soft" if unsure else "better" if more.mean > 0 else "worse"
    parts = [f'<b style="left:{_place(0, low, high):.1f}%"></b>']
    if more.interval is not None:
        left, right = (_place(end, low, high) for end in more.interval)
        parts.append(f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>')
    parts.append(f'<u class="{kind}" style="left:{_place(more.mean, low, high):.1f}%"></u>')
    return f"<div>{''.join(parts)}</div>"


def _place(value: float, low: float, high: float) -> float:
    """Where a value is, in percent of the width."""
    return 100 * (value - low) / (high - low)


def _chance(p: float | None) -> str:
    if p is None:
        return ""
    return "&lt; .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")
