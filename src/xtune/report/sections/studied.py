"""The other parts of a study's page: in short, language by language, and its runs."""

from __future__ import annotations

from xtune.report.compare import name_of
from xtune.report.html import Section, figure, folded, scrolls, table, text
from xtune.report.intervals import Interval
from xtune.report.sections.bars import Bar, Row, bars_table
from xtune.report.sections.grid import by_language
from xtune.report.sections.making import recipe
from xtune.report.sections.scores import metric_name, tile
from xtune.report.study import LESS_IS_MORE, MEASURES, Cell, Estimate, Study


def lead(study: Study) -> str:
    """What was done, in a sentence."""
    runs, cells, seeds = len(study.values.get("runs", ())), len(study.cells), len(study.values.get("seeds", ()))
    said = f"{runs} runs: {cells} cells, {seeds} seed{'s' * (seeds != 1)}, labels in {name_of(study.source)}, "
    said += f"{study.values['metric'].replace('_', ' ')} in {len(study.languages)} languages."
    return text(f"{said} Recipe: {study.values['recipe']}." if study.values.get("recipe") else said)


def tiles(study: Study) -> str:
    """The leading cell, and the baseline beside it, in a few numbers."""
    first, last = study.baseline, study.leader
    names, shown = (study.name(first), study.name(last)), []
    for measure, title in {**MEASURES, study.source: name_of(study.source)}.items():
        before, after, more = first.measure(measure), last.measure(measure), last.difference(measure)
        if before is not None and after is not None:
            interval = more.interval if more else None
            shown.append(tile(title, names, (before.mean, after.mean), interval, gap=measure == LESS_IS_MORE))
    return "\n".join(shown)


def languages(study: Study) -> Section:
    """Bars of the baseline and the leading cell, and all cells as a table."""
    cells = [study.baseline] + [study.leader] * (study.leader is not study.baseline)
    rows = [_row(name_of(code), code, cells, study) for code in study.languages]
    feet = [_row(title, name, cells, study) for name, title in MEASURES.items() if study.best(name) is not None]
    several = any((found := cell.measure(code)) and found.sd is not None for cell in cells for code in study.languages)
    spread = "± one standard deviation over the seeds" if several else "lines on the bars: 95 % intervals"
    caption = f"{metric_name(study.values['metric'])} on {study.values['split']}, in percent; {spread}"
    bars = bars_table(caption, [study.name(cell) for cell in cells], rows, feet, "Language")
    care = (
        f"{study.name(study.leader)} is the best of {len(study.cells)} cells on these sets: chosen so, it looks better "
    )
    care += "than it is. Small figures below a gain: its 95 % interval, paired by seed and example."
    every = f"<h3>Every cell</h3>\n{by_language(study)}"
    return Section("languages", "Language by language", f'{bars}\n<p class="soft">{text(care)}</p>\n{every}')


def runs(study: Study) -> Section:
    """The list of runs, and the grid as it was asked for."""
    rows = [
        [text("" if row.get(name) is None else row[name]) for name in ("run", "method", "augmentation", "seed")]
        for row in study.values.get("runs", ())
    ]
    listed = scrolls(table("Runs", ["Folder", "Method", "Augmentation", "Seed"], rows), "Runs")
    parts = [folded(f"The {len(rows)} runs", listed)] if rows else []
    parts += [recipe(study.recipe, "The grid", "what its runs share, and what each cell sets")] if study.recipe else []
    return Section("runs", "Runs", "\n".join(parts))


def _row(title: str, name: str, cells: list[Cell], study: Study) -> Row:
    gap, more = name == LESS_IS_MORE, cells[-1].difference(name)
    return Row(
        title=title,
        bars=[_bar(cell.measure(name)) for cell in cells],
        tags=["labels"] * (name == study.source),
        gain=more.interval if more else None,
        source=name == study.source,
        gap=gap,
    )


def _bar(found: Estimate | None) -> Bar:
    if found is None:
        return Bar(None)
    if found.sd is None:
        return Bar(found.mean, found.interval)
    around = Interval(found.mean - found.sd, found.mean + found.sd)
    return Bar(found.mean, around, f" <small>± {figure(found.sd)}</small>")
