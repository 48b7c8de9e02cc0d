"""Tables of scores for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from xtune.languages import LANGUAGES
from xtune.report.compare import Comparison

SOURCE_MARK, BARE_MARK = "*", "°"
"""What marks the language of the labels, and one that there is no dictionary for."""


def language_table(results: Mapping[str, Any]) -> Group:
    """A title, one row a language, the source first, one column for each split and metric, average and gap below.

    Beside a test set the dev set is shown by its first metric alone, so that the table fits into a terminal.

    Args:
        results: What `results.json` holds.
    """
    source = results.get("source_language")  # retrieval has none
    shown = {"dev": 1} if results["scores"].get("test") else {}
    columns = [
        (split, metric)
        for split, scores in results["scores"].items()
        for metric in list(next(iter(scores.values()), {}))[: shown.get(split)]
    ]
    title = " · ".join(filter(None, (results["task"], results.get("method"))))
    table = Table(box=None, pad_edge=False)
    table.add_column("language", no_wrap=True)
    for split, metric in columns:
        table.add_column(f"{split} {metric}", justify="right")
    languages = {language for scores in results["scores"].values() for language in scores}
    for language in sorted(languages, key=lambda code: (code != source, code)):
        cells = [_cell(results["scores"][split].get(language, {}).get(metric)) for split, metric in columns]
        table.add_row(_name(language), *cells, style="bold" if language == source else None)
    table.add_section()
    gaps = {results["transfer_gap_split"]: results["transfer_gap"]} if source else {}
    for label, values in (("average", results["average"]), ("transfer gap", gaps)):
        cells = [_cell(values.get(split, {}).get(metric)) for split, metric in columns]
        if any(cells):
            table.add_row(label, *cells)
    return Group(f"[bold]{escape(title)}[/]", table)  # a table's own title would be broken to the table's width


def comparison_table(comparison: Comparison) -> Group:
    """One row a language with the score of each run, what the last gains on the first, and a bar; means below."""
    first, last = comparison.names[0], comparison.names[-1]
    table = Table(box=None, pad_edge=False)
    table.add_column("language")
    for name in comparison.names:
        table.add_column(escape(name), justify="right")
    if len(comparison.runs) > 1:
        table.add_column("gain", justify="right")
        table.add_column("", no_wrap=True)
    for code in comparison.languages:
        scores = [comparison.score(run, code) for run in comparison.runs]
        beside = (_gain(scores[0], scores[-1]), _Bar(scores[0], scores[-1])) if len(scores) > 1 else ()
        style = "bold" if code == comparison.source else None
        table.add_row(_name(code) + _mark(comparison, code), *map(_cell, scores), *beside, style=style)
    table.add_row()
    for title, values in comparison.summary():
        gain = _gain(values[0], values[-1], less_is_more=title == "transfer gap")
        table.add_row(title, *map(_cell, values), *([gain] if len(values) > 1 else []))
    notes = [f"{SOURCE_MARK} the language of the labels"]
    if comparison.without_help:
        notes.append(f"{BARE_MARK} no {comparison.helped_by} for it")
    bars = f"bars: [cyan]{escape(first)}[/], and what {escape(last)} [green]gains[/] or [red]loses[/]"
    title = f"[bold]{escape(comparison.task)}[/]: {comparison.metric} on {comparison.split}, in percent"
    return Group(title, "", table, "", f"[dim]{'   '.join(notes)}[/]", f"[dim]{bars}[/]")


@dataclass(frozen=True)
class _Bar:
    """What a method reaches of 100, and what another one adds to it or takes away."""

    before: float | None
    after: float | None
    width: int = 25

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """It is as wide as it is."""
        return Measurement(self.width, self.width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in signs that the terminal has."""
        if self.before is None or self.after is None:
            yield Text("")
            return
        common, longer = (round(score * self.width / 100) for score in sorted((self.before, self.after)))
        sign = "-" if options.ascii_only else "━"
        gained = self.after > self.before
        change = sign if console.color_system else "+" if gained else "."
        yield Text.assemble((sign * common, "cyan"), (change * (longer - common), "green" if gained else "red"))


def _mark(comparison: Comparison, code: str) -> str:
    if code == comparison.source:
        return f" {SOURCE_MARK}"
    return f" {BARE_MARK}" if code in comparison.without_help else ""


def _gain(before: float | None, after: float | None, less_is_more: bool = False) -> Text:
    if before is None or after is None:
        return Text("")
    gain = round(after - before, 1) + 0.0  # no "-0.0"
    good = gain < 0 if less_is_more else gain > 0
    return Text(f"{gain:+.1f}", style="green" if good else "red" if gain else "")


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _name(code: str) -> str:
    return f"{code}  {LANGUAGES[code].name}" if code in LANGUAGES else code
