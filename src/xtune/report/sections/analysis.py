"""What an analysis left in a run's folder: agreement and calibration as tables, and the figure of the examples."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xtune.report.compare import Run, name_of
from xtune.report.html import Section, scrolls, table, text


def analysis(runs: Sequence[Run], names: Sequence[str]) -> Section:
    """All of it, run by run; empty where there is none.

    Args:
        runs: Whose folders are looked at.
        names: What they are called.
    """
    parts = []
    for run, name in zip(runs, names, strict=True):
        parts += [part for topic, values in _read(run.folder).items() for part in _tables(topic, values, name)]
        parts += _figure(run.folder / "figure3.svg", name)
    return Section("analysis", "Agreement and calibration", "\n".join(parts))


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        values = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    topics = values.items() if isinstance(values, dict) else ()
    return {topic: value for topic, value in topics if isinstance(value, Mapping)}


def _tables(topic: str, values: Mapping[str, Any], name: str) -> list[str]:
    """One table of what is a number, one of each group of rows with the same columns."""
    caption = f"{_words(topic)}: {name}"
    single = {key: value for key, value in values.items() if not isinstance(value, Mapping | list)}
    nested = {key: value for key, value in values.items() if isinstance(value, Mapping) and value}
    flat = {key: rows for key, rows in nested.items() if not any(isinstance(row, Mapping) for row in rows.values())}
    made = [_table(caption, {key: {"": value} for key, value in single.items()})] if single else []
    if flat:
        made.append(_table(caption, flat))
    for key, rows in nested.items():
        inner = {row: cells for row, cells in rows.items() if isinstance(cells, Mapping)}
        made += [_table(f"{_words(key)}; {caption}", inner)] if key not in flat and inner else []
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
    """A key as people write it: a language's name, or words."""
    return name_of(key) if name_of(key) != key else key.replace("_", " ").capitalize() if key.islower() else key


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None or isinstance(value, Mapping | list) else text(value)
