"""Analyses of several runs beside each other, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table


def analysis_table(analyses: Sequence[Mapping[str, Any]]) -> Table:
    """One row a run and split: agreement, calibration error of the source and of the others, distance ratio.

    Args:
        analyses: What each `analysis.json` holds.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    columns = ("split", "all agree %", "agree with source %", "ECE source %", "ECE others %", "distance ratio")
    for column in columns:
        table.add_column(column, justify="right")
    for each in analyses:
        distances = each.get("representations", {})
        for split in (name for name in each["calibration"] if name != "bins"):
            agreed, errors = each["agreement"].get(split, {}), each["calibration"][split]
            others = [row["ece"] for code, row in errors.items() if code != each["source_language"]]
            ratio = distances["distance"]["mean"]["ratio"] if distances.get("split") == split else None
            cells = [
                agreed.get("all", {}).get("agreement"),
                agreed.get("mean", {}).get("agreement"),
                errors.get(each["source_language"], {}).get("ece"),
                sum(others) / len(others) if others else None,
            ]
            figures = ["" if cell is None else f"{cell:.1f}" for cell in cells]
            table.add_row(escape(each["name"]), split, *figures, "" if ratio is None else f"{ratio:.3f}")
    return table
