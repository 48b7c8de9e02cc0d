"""`report.html`: runs beside each other on one page that needs nothing else, neither network nor script.

A template of `string.Template` in `page.html`, as the model card has one: the few loops are functions here, and every
text from a run passes `_text`. So the report needs no package that xtune does not need anyway.
"""

from __future__ import annotations

import math
from html import escape
from importlib import resources
from string import Template

import yaml

from xtune.report.compare import Comparison, Run, name_of
from xtune.report.made import made, model_name

COLOURS = 6
"""How many runs `page.html` has colours for; later ones begin again."""


def page(comparison: Comparison) -> str:
    """The page, as HTML.

    Args:
        comparison: What it shows; the first run is what the others are compared with.
    """
    template = Template(resources.files("xtune.report").joinpath("page.html").read_text("utf-8"))
    methods = " and ".join(run.method for run in comparison.runs)
    return template.substitute(
        title=_text(f"{comparison.task}: {methods}"),
        lead=_lead(comparison),
        figures=_figures(comparison),
        numbers=len(comparison.runs) + (len(comparison.runs) > 1),
        scores=_scores(comparison),
        care=_care(comparison),
        settings=_settings(comparison),
        recipes="\n".join(_recipe(run) for run in comparison.runs),
        footer=_text(f"xtune {comparison.runs[-1].results['xtune']}. This page is whole in itself."),
    )


def _text(value: object) -> str:
    """Anything as text that HTML shows as it is."""
    return escape(str(value), quote=True)


def _lead(comparison: Comparison) -> str:
    """What was done, in a sentence."""
    results, targets = comparison.runs[0].results, comparison.targets
    texts = f"{results['examples']['train']:,} examples with labels in {name_of(comparison.source)}"
    languages = f"{len(targets)} other language{'s' * (len(targets) != 1)}"
    return _text(
        f"{texts}; the {comparison.split} sets are in that language and {languages}. Encoder: {model_name(results)}."
    )


def _figures(comparison: Comparison) -> str:
    """The last run, and the first beside it, in a few numbers."""
    first, last = comparison.runs[0], comparison.runs[-1]
    groups = {"Other languages, mean": comparison.targets, name_of(comparison.source): (comparison.source,)}
    if bare := tuple(code for code in comparison.languages if code in comparison.without_help):
        groups[f"{', '.join(map(name_of, bare))}: no {comparison.helped_by}"] = bare
    figures = [(title, [comparison.mean(run, codes) for run in (first, last)]) for title, codes in groups.items()]
    tiles = [_tile(comparison, title, *values) for title, values in figures]
    return "\n".join([*tiles, _tile(comparison, "Transfer gap", comparison.gap(first), comparison.gap(last), gap=True)])


def _tile(comparison: Comparison, title: str, before: float | None, after: float | None, *, gap: bool = False) -> str:
    """One number, with what it is compared with."""
    if before is None or after is None:
        return ""
    said = f"<strong>{after:.1f}</strong> {_text(comparison.runs[-1].method)}"
    if len(comparison.runs) > 1:
        said += f"<br>{_text(comparison.runs[0].method)} {before:.1f}, {_gain(before, after, gap)}"
    hint = " (less is better)" if gap else ""
    return f"<div><dt>{_text(title + hint)}</dt><dd>{said}</dd></div>"


def _scores(comparison: Comparison) -> str:
    """The table with a bar for each score. Roles are spelled out: on a phone its rows are no table to CSS."""
    runs = comparison.runs
    heads = [
        f'<span class="key {_colour(index)}" aria-hidden="true"></span>{_text(run.method)}'
        for index, run in enumerate(runs)
    ]
    gain = ["Gain"] * (len(runs) > 1)
    head = "".join(f'<th scope="col" role="columnheader">{cell}</th>' for cell in ("Language", *heads, *gain))
    lines = [
        '<table class="scores" role="table">',
        f"<caption>{_text(comparison.metric.capitalize())} on {_text(comparison.split)}, in percent</caption>",
        f'<thead role="rowgroup"><tr role="row">{head}<td class="bars" aria-hidden="true"></td></tr></thead>',
        '<tbody role="rowgroup">',
    ]
    for code in comparison.languages:
        tags = ["labels"] * (code == comparison.source)
        tags += [f"no {comparison.helped_by}"] * (code in comparison.without_help)
        title = _text(name_of(code)) + "".join(f' <span class="tag">{_text(tag)}</span>' for tag in tags)
        lines.append(_row(title, [comparison.score(run, code) for run in runs], code == comparison.source))
    lines.append('</tbody>\n<tfoot role="rowgroup">')
    for title, values in comparison.summary():
        lines.append(_row(_text(title.capitalize()), values, gap=title == "transfer gap"))
    return "\n".join([*lines, "</tfoot>\n</table>"])


def _row(title: str, values: list[float | None], source: bool = False, gap: bool = False) -> str:
    """A row of the table; `title` is HTML already."""
    shown = ["" if value is None else f"{value:.1f}" for value in values]
    shown += [_gain(values[0], values[-1], gap)] * (len(values) > 1)
    cells = "".join(f'<td role="cell">{cell}</td>' for cell in shown)
    bars = "".join(
        f'<span class="{_colour(index)}" style="width:{min(max(value, 0.0), 100.0):.1f}%"></span>'
        for index, value in enumerate(values)
        if value is not None and not gap
    )
    return (
        f'<tr role="row"{" class=source" if source else ""}><th scope="row" role="rowheader">{title}</th>{cells}'
        f'<td class="bars" aria-hidden="true">{bars}</td></tr>'
    )


def _gain(before: float | None, after: float | None, less_is_more: bool = False) -> str:
    if before is None or after is None:
        return ""
    gain = round(after - before, 1) + 0.0  # no "−0.0"
    better = gain < 0 if less_is_more else gain > 0
    shown = f"{gain:+.1f}".replace("-", "−")  # a minus sign, which is read aloud
    return f'<span class="{"better" if better else "worse" if gain else "soft"}">{shown}</span>'


def _care(comparison: Comparison) -> str:
    """How far the figures can be trusted."""
    seeds = ", ".join(map(str, sorted({run.results["seed"] for run in comparison.runs})))
    counts = comparison.runs[0].results["examples"].get(comparison.split, {})
    least = min((counts[code] for code in comparison.languages if counts.get(code)), default=0)
    said = f"One run of each method, seed {seeds}: another seed gives other figures."
    if least:  # 1.96 standard errors of a share of one half, the widest
        widest = 98 / math.sqrt(least)
        said += f" A score stands on {least} examples: by chance alone it is off by up to {widest:.1f} points (95 %)."
    return _text(said)


def _settings(comparison: Comparison) -> str:
    """How each run was made, one column a run."""
    columns = [made(run) for run in comparison.runs]
    heads = "".join(f'<th scope="col">{_text(run.method)}</th>' for run in comparison.runs)
    rows = []
    for name in columns[0]:
        values = [column[name] for column in columns]
        same = len(set(values)) == 1
        cells = (
            f'<td colspan="{len(values)}">{_text(values[0])}</td>'
            if same
            else "".join(f"<td>{_text(value)}</td>" for value in values)
        )
        rows.append(f'<tr><th scope="row">{_text(name)}</th>{cells}</tr>')
    return "\n".join([f"<table><thead><tr><td></td>{heads}</tr></thead>", "<tbody>", *rows, "</tbody></table>"])


def _recipe(run: Run) -> str:
    """The whole recipe of a run, folded away."""
    text = yaml.safe_dump(dict(run.recipe), sort_keys=False, allow_unicode=True)
    summary = f"{_text(run.method)}: the recipe, everything resolved (<code>config.yaml</code>)"
    return f'<details><summary>{summary}</summary><pre tabindex="0">{_text(text)}</pre></details>'


def _colour(index: int) -> str:
    return f"run{index % COLOURS}"
