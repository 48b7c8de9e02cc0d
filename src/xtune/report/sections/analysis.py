"""What an analysis left in a run's folder: agreement and calibration as tables, and the figure of the examples."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xtune.languages import LANGUAGES
from xtune.report.compare import Run, name_of
from xtune.report.html import Section, scrolls, table, text


def analysis(runs: Sequence[Run], names: Sequence[str]) -> Section:
    """All of it, run by run; empty where there is none.

    Args:
        runs: Whose folders are looked at.
        names: What they are called.
    """
    tables, figures = [], []
    for run, name in zip(runs, names, strict=True):
        for topic, values in _read(run.folder).items():
            tables += _tables(_words(topic), values, f": {name}" * (len(runs) > 1))
        figures += _figure(run.folder / "figure3.svg", name)
    body = "\n".join(['<div class="tables">', *tables, "</div>", *figures]) if tables or figures else ""
    return Section("analysis", "Agreement and calibration", body)


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        values = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    topics = values.items() if isinstance(values, dict) else ()
    return {topic: value for topic, value in topics if isinstance(value, Mapping)}


def _tables(topic: str, values: Mapping[str, Any], name: str) -> list[str]:
    """One table of what is a number, and one of each group of rows."""
    single = {key: {"": value} for key, value in values.items() if not isinstance(value, Mapping | list)}
    nested = {key: value for key, value in values.items() if isinstance(value, Mapping) and value}
    flat = {key: rows for key, rows in nested.items() if not any(isinstance(row, Mapping) for row in rows.values())}
    made = [_table(f"{topic}{name}", rows) for rows in (single, flat) if rows]
    for key, rows in nested.items():
        inner = {row: cells for row, cells in rows.items() if isinstance(cells, Mapping)}
        made += [_table(f"{topic}, {_words(key)}{name}", inner)] if inner else []
    return made


def _table(caption: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    heads = ["", *(_words(column) for column in columns)]
    body = [[text(_words(name)), *(_cell(row.get(column)) for column in columns)] for name, row in rows.items()]
    return scrolls(table(caption, heads, body, "plain numbers"), caption)


def _figure(path: Path, name: str) -> list[str]:
    """A picture is shown as one: what stands in its file cannot become a part of the page."""
    try:
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        return []
    said = f"Examples in several languages, as {name} sees them: near each other if their sentence vectors are"
    shown = f'<img src="data:image/svg+xml;base64,{data}" alt="{text(said)}">'
    return [f'<figure class="wide">{shown}<figcaption>{text(said)}</figcaption></figure>']


def _words(key: str) -> str:
    """A key as people write it.

    >>> _words("de"), _words("en-sw"), _words("ece"), _words("mean_confidence"), _words("0.5-0.6")
    ('German', 'English, Swahili', 'ECE', 'Mean confidence', '0.5-0.6')
    """
    codes = key.split("-")
    if all(code in LANGUAGES for code in codes):
        return ", ".join(map(name_of, codes))
    return key.upper() if key.isalpha() and len(key) < 4 else key.replace("_", " ").capitalize()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None or isinstance(value, Mapping | list) else text(value)
