"""Tables of scores for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from xtune.languages import LANGUAGES


def language_table(results: Mapping[str, Any]) -> Group:
    """A title, one row a language, the source first, one column for each split and metric, average and gap below.

    Args:
        results: What `results.json` holds.
    """
    source = results["source_language"]
    columns = [
        (split, metric) for split, scores in results["scores"].items() for metric in next(iter(scores.values()), {})
    ]
    title = " · ".join(filter(None, (results["task"], results.get("method"))))
    table = Table(box=None, pad_edge=False)
    table.add_column("language")
    for split, metric in columns:
        table.add_column(f"{split} {metric}", justify="right")
    languages = {language for scores in results["scores"].values() for language in scores}
    for language in sorted(languages, key=lambda code: (code != source, code)):
        cells = [_cell(results["scores"][split].get(language, {}).get(metric)) for split, metric in columns]
        table.add_row(_name(language), *cells, style="bold" if language == source else None)
    table.add_section()
    gaps = {results["transfer_gap_split"]: results["transfer_gap"]}
    for label, values in (("average", results["average"]), ("transfer gap", gaps)):
        cells = [_cell(values.get(split, {}).get(metric)) for split, metric in columns]
        if any(cells):
            table.add_row(label, *cells)
    return Group(f"[bold]{escape(title)}[/]", table)  # a table's own title would be broken to the table's width


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _name(code: str) -> str:
    return f"{code}  {LANGUAGES[code].name}" if code in LANGUAGES else code
