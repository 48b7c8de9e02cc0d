"""The tables of a study, shaped as the paper's tables 2 and 4: methods on rows, augmentations on columns."""

from __future__ import annotations

from collections.abc import Sequence

from xtune.report.compare import name_of
from xtune.report.html import Section, figure, folded, gain, scrolls, span_of, stacking_row, stacking_table, text
from xtune.report.sections.scores import metric_name
from xtune.report.study import LESS_IS_MORE, MEASURES, SETTINGS, Cell, Estimate, Study

NONE = "none"
"""The column of a method that augments nothing, where the others have several."""


def grids(study: Study) -> Section:
    """A table for each of `MEASURES` where methods meet augmentations; else one with a row a cell."""
    seeds = list(map(str, study.values.get("seeds", ())))
    said = f"Mean ± standard deviation over the seeds {', '.join(seeds)}" if len(seeds) > 1 else "Figures of one seed"
    said += f"; with them the difference from {study.name(study.baseline)} and its 95 % interval, paired by seed and "
    said += f"example. The best is bold{', in each setting' * (len(study.settings) > 1)}."
    measures = [measure for measure in MEASURES if study.best(measure) is not None]
    if study.is_grid and len(study.columns) > 2:
        first, *others = ((MEASURES[measure], _grid(study, measure)) for measure in measures)
        body = [first[1], *(folded(f"The same of: {title.lower()}", table, "printed") for title, table in others)]
        return Section("grid", "Methods and augmentations", "\n".join([f"<p>{text(said)}</p>", *body]))
    return Section("grid", "Cells", f"<p>{text(said)}</p>\n{_list(study, measures)}")


def by_language(study: Study) -> str:
    """A row a cell, a column a language: the paper's table 3."""
    columns = ["average", *study.languages]
    rows = []
    for cell in study.cells.values():
        shown = [_short(cell.measure(column), study.best(column, cell.setting)) for column in columns]
        cells = "".join(f"<td>{value}</td>" for value in shown)
        rows.append(f'<tr><th scope="row">{text(study.name(cell))}</th>{cells}</tr>')
    head = "".join(f'<th scope="col"><abbr title="{text(name_of(name))}">{text(name)}</abbr></th>' for name in columns)
    each = " and setting" * (len(study.settings) > 1)
    caption = f"{_metric(study)}, mean of the seeds; the best of each column{each} is bold"
    lines = [
        f'<table class="numbers grid"><caption><span>{text(caption)}</span></caption>',
        f"<thead><tr><td></td>{head}</tr></thead><tbody>",
    ]
    return scrolls("\n".join([*lines, *rows, "</tbody></table>"]), "Every cell, language by language")


def _grid(study: Study, measure: str) -> str:
    """Methods on rows, augmentations on columns."""
    names = {column: column[0] or NONE for column in study.columns}
    heads = [text(name) for name in names.values()]
    if len(study.settings) > 1:
        settings = [SETTINGS.get(setting, setting) for _, setting in names]
        heads = [f"{head} <small>{text(setting)}</small>" for head, setting in zip(heads, settings, strict=True)]
    hint = "; less is better" if measure == LESS_IS_MORE else ""
    rows = [
        stacking_row(text(method), [_full(study, row.get(column), measure, name) for column, name in names.items()])
        for method, row in study.rows.items()
    ]
    caption = f"{MEASURES[measure]}: {_metric(study)}{hint}"
    return stacking_table("grid matrix", caption, ["Method", *heads], rows)


def _list(study: Study, measures: Sequence[str]) -> str:
    """A row a cell, a column each of some measures."""
    rows = [
        stacking_row(text(study.name(cell)), [_full(study, cell, name, MEASURES[name]) for name in measures])
        for cell in study.cells.values()
    ]
    return stacking_table("grid matrix", _metric(study), ["Cell", *(MEASURES[name] for name in measures)], rows)


def _full(study: Study, cell: Cell | None, measure: str, column: str) -> str:
    """A mean with its deviation, and what it is more than the baseline's; a phone shows the column's name with it."""
    found = cell.measure(measure) if cell else None
    if cell is None or found is None:
        return '<td role="cell" class="empty"></td>'
    more = cell.difference(measure)
    said = f"{gain(more.mean, measure == LESS_IS_MORE)}{span_of(more.interval, signed=True)}" if more else ""
    shown = f"<div>{_short(found, study.best(measure, cell.setting))}{deviation(found)}</div> <div>{said}</div>"
    return f'<td role="cell" data-column="{text(column)}">{shown}</td>'


def _short(found: Estimate | None, best: float | None) -> str:
    """A mean, bold where it is the best."""
    if found is None:
        return ""
    shown = figure(found.mean)
    return f'<strong class="best">{shown}</strong>' if best is not None and figure(best) == shown else shown


def deviation(found: Estimate) -> str:
    """The standard deviation behind a mean, where there is one."""
    return "" if found.sd is None else f' <span class="soft">± {figure(found.sd)}</span>'


def _metric(study: Study) -> str:
    return f"{metric_name(str(study.values['metric']))} on {study.values['split']}, in percent"
