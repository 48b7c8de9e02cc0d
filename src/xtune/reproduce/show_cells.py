"""Our values beside the paper's, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from xtune.reproduce.collect import Found, Value, ours, overall
from xtune.reproduce.figures import ABSENT, Row, Table, numbers
from xtune.reproduce.plans import BY_LANGUAGE, Cell

NARROW = 10
"""Width of a column with two numbers in each cell."""


def side_by_side(shown: Table, cells: Sequence[Cell], found: Found, seeds: int, width: int) -> Group:
    """Three lines a row: ours, the paper's, the difference; rows of other systems have the paper's alone.

    Args:
        shown: The table.
        cells: Those that have runs.
        found: The finished runs.
        seeds: How many are planned of each.
        width: Of the terminal; a table that is wider goes on below.
    """
    rows = {(row.group, row.name): _values(shown, row, cells, found) for row in shown.rows}
    parts: list[RenderableType] = []
    for columns in _chunks(shown, width):
        parts += [_grid(shown, rows, columns), ""]
    parts += [Text(line, style="dim") for line in [*remarks_of(shown, rows, seeds), *_sources(shown)]]
    return Group(*parts)


def _values(shown: Table, row: Row, cells: Sequence[Cell], found: Found) -> dict[str, Value]:
    """Our values of a row by column, with the average where the row is complete."""
    values: dict[str, Value] = {}
    for cell in cells:
        if cell.row == row:
            values |= ours(shown, cell, found)
    if shown.average is not None and shown.name not in BY_LANGUAGE:
        mean = overall([values.get(column) for column in shown.parts])
        if mean is not None:
            values[shown.average] = mean
    return values


def _chunks(shown: Table, width: int) -> list[tuple[str, ...]]:
    """The columns, as many at a time as the terminal has room for."""
    wide = any("/" in cell for row in shown.rows for cell in row.cells.values())
    room = max(1, (width - 28) // (NARROW + 1 if wide else 7))
    return [shown.columns[start : start + room] for start in range(0, len(shown.columns), room)]


def _grid(shown: Table, rows: Mapping[tuple[str, str], Mapping[str, Value]], columns: Sequence[str]) -> Grid:
    table = Grid(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", style="dim", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    group = None
    for row in shown.rows:
        if row.group != group:
            group = row.group
            table.add_row(f"[bold]{escape(group)}[/]")
        values, printed = rows[row.group, row.name], [row.cells.get(column, "") for column in columns]
        if not values:
            table.add_row(f"  {row.name}", "paper", *printed)
            continue
        table.add_row(f"  {row.name}", "ours", *(said(values.get(column)) for column in columns), style="bold")
        if all(cell == ABSENT for cell in printed):  # a row that the paper has not
            continue
        table.add_row("", "paper", *printed)
        signs = shown.definition == "gap"
        differences = (difference(values.get(column), row.cells.get(column, ABSENT), signs) for column in columns)
        table.add_row("", "difference", *differences)
    return table


def said(value: Value | None) -> str:
    """A value as the paper prints it.

    >>> said(Value((79.44, 64.36), (1, 2)))
    '79.4/64.4'
    """
    return "" if value is None else "/".join(f"{number:.1f}" for number in value.numbers)


def difference(value: Value | None, printed: str, less_is_more: bool = False) -> Text:
    """Ours minus the paper's, of the figures as they are shown.

    >>> difference(Value((79.44, 64.36), (1,)), "79.0/65.0").plain
    '+0.4/-0.6'
    """
    theirs = None if printed in ("", ABSENT) else numbers(printed)
    if value is None or theirs is None:
        return Text("")
    mine = [round(number, 1) for number in value.numbers]
    gaps = [round(own - other, 1) + 0.0 for own, other in zip(mine, theirs, strict=True)]
    mean = sum(gaps) * (-1 if less_is_more else 1)
    style = "green" if mean > 0 else "red" if mean < 0 else ""
    return Text("/".join(f"{gap:+.1f}" for gap in gaps), style=style)


def remarks_of(shown: Table, rows: Mapping[tuple[str, str], Mapping[str, Value]], seeds: int) -> list[str]:
    """What a reader has to know of our values, a line a row."""
    lines = []
    for (group, name), values in rows.items():
        said_of: dict[str, None] = {}
        for column, value in values.items():
            if len(value.seeds) < seeds and shown.definition != "best" and column != shown.average:
                which = ", ".join(map(str, value.seeds))
                said_of[f"{len(value.seeds)} of {seeds} seeds ({which})"] = None
            said_of |= dict.fromkeys(value.remarks)
        lines += [f"{group} · {name}: {'; '.join(said_of)}"] if said_of else []
    return lines


def _sources(shown: Table) -> list[str]:
    """Where the paper's figures are from, and where it does not agree with itself."""
    taken = [row for row in shown.rows if row.taken_from]
    lines = [f"{row.group} · {row.name}: the paper has these figures from {row.taken_from}" for row in taken]
    return [*lines, *(f"the paper, {note.where}: {' and '.join(note.printed)}. {note.note}" for note in shown.notes)]
