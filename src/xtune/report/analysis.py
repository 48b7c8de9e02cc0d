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


def distance_table(analyses: Sequence[Mapping[str, Any]]) -> Table:
    """One row a run: how far examples are from their translations, beside how far from others, as figure 3 shows it.

    Args:
        analyses: What each `analysis.json` holds, with `representations`.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    seen = [each["representations"]["distance"] for each in analyses]
    codes = [code for code in seen[0] if code != "mean"]
    for column in ("to translations", "random pairs", "ratio", *codes):
        table.add_column(column, justify="right")
    for each, distance in zip(analyses, seen, strict=True):
        mean = distance["mean"]
        figures = [f"{mean['translation']:.2f}", f"{mean['random']:.2f}"]
        ratios = [f"{distance[key]['ratio']:.3f}" for key in ("mean", *codes)]
        table.add_row(escape(each["name"]), *figures, *ratios)
    return table
