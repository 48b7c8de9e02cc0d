"""What methods gain on the pocket benchmark, beside what they gain in the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from xtune.reproduce.collect import Found, Value, ours
from xtune.reproduce.figures import ABSENT, Row, Table, numbers
from xtune.reproduce.plans import BY_LANGUAGE, Cell
from xtune.reproduce.show_cells import remarks_of, said

Gains = Mapping[str, tuple[float, ...]]


def gains_report(shown: Table, cells: Sequence[Cell], found: Found, seeds: int) -> Group:
    """Three lines a row: our score, what it gains on the baseline above, and what the paper's row gains on its own.

    Args:
        shown: The table.
        cells: Its cells on the pocket benchmark.
        found: The finished runs.
        seeds: How many are planned of each.
    """
    rows = list(dict.fromkeys((cell.row.group, cell.row.name) for cell in cells))
    values = {key: _values(shown, key, cells, found) for key in rows}
    columns = list(dict.fromkeys(column for row in values.values() for column in row))
    if not columns:
        return Group()
    stand_in = {column: _stands_for(shown, column, cells) for column in columns}
    table = Grid(box=None, pad_edge=False)
    for name in ("", ""):
        table.add_column(name, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    group = None
    for key in rows:
        if key[0] != group:
            group = key[0]
            table.add_row(Text(group, style="bold"))
        table.add_row(f"  {key[1]}", "ours", *(said(values[key].get(column)) for column in columns))
        base = baseline(shown, *key)
        if (base.group, base.name) == key or (base.group, base.name) not in values:
            continue
        mine = _gains(values[key], values[base.group, base.name])
        table.add_row("", "gain", *(_signed(mine.get(column), shown) for column in columns))
        paper = _printed_gains(shown.row(*key), base)
        table.add_row("", "paper", *(_signed(paper.get(stand_in[column]), None) for column in columns), style="dim")
    notes: list[RenderableType] = [Text(line, style="dim") for line in remarks_of(shown, values, seeds)]
    pairs = ", ".join(f"{column} for {there}" for column, there in stand_in.items() if there != column)
    text = "gain: on plain fine-tuning above it, ours and the paper's; the scores themselves cannot be compared."
    return Group(table, "", Text(f"{text} {pairs}" if pairs else text, style="dim"), *notes)


def baseline(shown: Table, group: str, name: str) -> Row:
    """The row that another one is compared with: plain fine-tuning of its group, else of the table."""
    plain = [row for row in shown.rows if row.name.startswith("XLM-R ")]
    return next((row for row in plain if row.group == group), plain[0])


def _values(shown: Table, key: tuple[str, str], cells: Sequence[Cell], found: Found) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for cell in cells:
        if (cell.row.group, cell.row.name) == key:
            values |= ours(shown, cell, found)
    return values


def _stands_for(shown: Table, column: str, cells: Sequence[Cell]) -> str:
    """The paper's column that a column is put beside."""
    if shown.name in BY_LANGUAGE or shown.name == "table5":
        return column
    return next(cell.stands_for for cell in cells if cell.column == column)


def _gains(values: Mapping[str, Value], base: Mapping[str, Value]) -> Gains:
    return {
        column: tuple(a - b for a, b in zip(value.numbers, base[column].numbers, strict=True))
        for column, value in values.items()
        if column in base
    }


def _printed_gains(row: Row, base: Row) -> Gains:
    gains = {}
    for column, cell in row.cells.items():
        mine, theirs = numbers(cell), numbers(base.cells.get(column, ABSENT))
        if mine is not None and theirs is not None:
            gains[column] = tuple(a - b for a, b in zip(mine, theirs, strict=True))
    return gains


def _signed(gain: tuple[float, ...] | None, shown: Table | None) -> Text:
    """A gain with its sign; green where it is one, if `shown` says what more means."""
    if gain is None:
        return Text("")
    rounded = [round(number, 1) + 0.0 for number in gain]
    better = sum(rounded) * (-1 if shown is not None and shown.definition == "gap" else 1)
    style = "" if shown is None or not better else "green" if better > 0 else "red"
    return Text("/".join(f"{number:+.1f}" for number in rounded), style=style)
