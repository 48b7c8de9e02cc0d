"""Runs beside each other: in a few numbers, and language by language."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xtune.evaluation.statistics import RESAMPLES
from xtune.report.compare import Comparison, name_of
from xtune.report.html import Section, figure, gain, span_of, text
from xtune.report.intervals import Draws, Interval
from xtune.report.made import model_name
from xtune.report.sections.bars import Bar, Row, bars_table


def lead(comparison: Comparison) -> str:
    """What was done, in a sentence."""
    run = comparison.runs[-1]
    if not comparison.source:
        said = f"Sentences find their translations, in {_languages(len(comparison.languages))}"
        return text(f"{said}. Encoder: {model_name(run.results)}, {run.method}.")
    train = run.results["examples"].get("train")
    labels = f"labels in {name_of(comparison.source)}"
    made = f"{train:,} examples with {labels}" if train else f"A model that was trained on {labels}"
    others = _languages(len(comparison.targets), "other ")
    there = f"that language and {others}" if comparison.source in comparison.languages else others
    return text(f"{made}; the {comparison.split} sets are in {there}. Encoder: {model_name(run.results)}.")


def tiles(comparison: Comparison, draws: Draws) -> str:
    """The last run, and the first beside it, in a few numbers."""
    first, last = comparison.runs[0], comparison.runs[-1]
    others = "Other languages, mean" if comparison.source else "All languages, mean"
    groups = {others: comparison.targets, name_of(comparison.source): (comparison.source,)}
    if bare := tuple(code for code in comparison.languages if code in comparison.without_help):
        groups[f"{', '.join(map(name_of, bare))}: no {comparison.helped_by}"] = bare
    names = (comparison.names[0], comparison.names[-1])
    shown = [
        tile(title, names, (comparison.mean(first, codes), comparison.mean(last, codes)), draws.mean_gain(codes))
        for title, codes in groups.items()
    ]
    gaps = (comparison.gap(first), comparison.gap(last))
    return "\n".join(filter(None, [*shown, tile("Transfer gap", names, gaps, draws.gap_gain(), gap=True)]))


def tile(
    title: str,
    names: tuple[str, str],
    values: tuple[float | None, float | None],
    interval: Interval | None,
    *,
    gap: bool = False,
) -> str:
    """One number, with what it is compared with; nothing where there is none."""
    before, after = values
    if before is None or after is None:
        return ""
    said = f"<strong>{figure(after)}</strong> {text(names[1])}"
    if names[0] != names[1]:
        said += f"<br>{text(names[0])} {figure(before)}, {gain(after - before, gap)}{span_of(interval, signed=True)}"
    hint = " (less is better)" if gap else ""
    return f"<div><dt>{text(title + hint)}</dt><dd>{said}</dd></div>"


def languages(comparison: Comparison, draws: Draws) -> Section:
    """A row a language, the means below, and how far they can be trusted."""
    runs, codes = comparison.runs, comparison.languages
    rows = [
        Row(
            title=name_of(code),
            bars=[Bar(comparison.score(run, code), draws.score(place, code)) for place, run in enumerate(runs)],
            tags=_tags(comparison, code),
            gain=draws.gain(code),
            source=code == comparison.source,
        )
        for code in codes
    ]
    groups: dict[str, Sequence[str]] = {"average": codes, "other languages": comparison.targets}
    feet = []
    for title, values in comparison.summary():
        gap = title == "transfer gap"
        whiskers = [draws.gap(place) if gap else draws.mean(place, groups[title]) for place in range(len(runs))]
        bars = [Bar(value, whisker) for value, whisker in zip(values, whiskers, strict=True)]
        more = draws.gap_gain() if gap else draws.mean_gain(groups[title])
        feet.append(Row(title=title.capitalize(), bars=bars, gain=more, gap=gap))
    caption = f"{metric_name(comparison.metric)} on {comparison.split}, in percent"
    body = bars_table(caption, comparison.names, rows, feet, "Language")
    return Section("languages", "Language by language", f'{body}\n<p class="soft">{_care(comparison, draws)}</p>')


def metric_name(metric: str) -> str:
    """A metric as a heading has it.

    >>> metric_name("f1"), metric_name("exact_match")
    ('F1', 'Exact match')
    """
    return metric.replace("_", " ").capitalize()


def _tags(comparison: Comparison, code: str) -> list[str]:
    tags = ["labels"] * (code == comparison.source)
    return tags + [f"no {comparison.helped_by}"] * (code in comparison.without_help)


def _languages(number: int, kind: str = "") -> str:
    return f"{number} {kind}language{'s' * (number != 1)}"


def _care(comparison: Comparison, draws: Draws) -> str:
    """How far the figures can be trusted."""
    seeds = ", ".join(sorted({run.seed.removeprefix("seed ") for run in comparison.runs if run.seed}, key=_number))
    said = f"One run of each method, seed {seeds}: another seed gives other figures." if seeds else ""
    if draws.scores or draws.shares:
        pairs = " Runs and languages get the same draws, so the gain's interval is that of paired examples."
        said += f" Small figures and lines on the bars: 95 % intervals over the test examples, by {RESAMPLES:,} draws"
        said += f" of them with replacement (of a share: Wilson's).{pairs if len(comparison.runs) > 1 else ''}"
        return text(said.strip())
    counts = comparison.runs[0].results.get("examples", {}).get(comparison.split, {})
    least = min((counts[code] for code in comparison.languages if counts.get(code)), default=0)
    if least:  # 1.96 standard errors of a share of one half, the widest
        widest = 98 / math.sqrt(least)
        said += f" A score stands on {least} examples: by chance alone it is off by up to {widest:.1f} points (95 %)."
    return text(said.strip())


def _number(seed: str) -> tuple[int, str]:
    return (int(seed) if seed.isdigit() else 0, seed)
