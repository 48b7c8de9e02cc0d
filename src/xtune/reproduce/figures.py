"""The paper's tables, as printed: `paper/*.yaml` as typed values.

Source: Zheng et al., *Consistency Regularization for Cross-Lingual Fine-Tuning*, ACL 2021, tables 1 to 15 and figure 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from xtune.errors import InputError, did_you_mean

Definition = Literal["best", "mean", "gap", "count", "value", "figure"]
"""What a cell is: the test score of the seed that is best on dev, the mean of all seeds, their mean transfer gap; or no
score at all."""

TABLES = (*(f"table{number}" for number in range(1, 16)), "figure3")
ABSENT = "-"
"""What the paper prints where it has no figure."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        group: The heading above it, in most tables the setting.
        name: The model or method.
        cells: Column to what is printed: `82.6`, `79.4/64.4` (F1 and exact match), `-`.
        taken_from: The paper that the figures were taken from; None: the paper's own.
    """

    group: str
    name: str
    cells: Mapping[str, str]
    taken_from: str | None = None


@dataclass(frozen=True)
class Inconsistency:
    """Two places of the paper that cannot both be right.

    Args:
        tables: Those it concerns.
        where: Which cells or sentences.
        printed: What each says.
        note: Why they should agree.
    """

    tables: tuple[str, ...]
    where: str
    printed: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        name: `table1` …
        title: What it shows, in our words.
        definition: What its cells are.
        columns: In the printed order.
        metrics: What each column is in; one for all of them where they share it.
        rows: In the printed order.
        average: The column that is the mean of the others; None where there is none.
        notes: What in it is not consistent.
    """

    name: str
    title: str
    definition: Definition
    columns: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    average: str | None
    notes: tuple[Inconsistency, ...]

    def row(self, group: str, name: str) -> Row:
        """The row of a group and a name."""
        return next(row for row in self.rows if (row.group, row.name) == (group, name))

    @property
    def parts(self) -> tuple[str, ...]:
        """All columns but the average."""
        return tuple(column for column in self.columns if column != self.average)


@cache
def table(name: str) -> Table:
    """The table of a name.

    Raises:
        InputError: There is none.

    >>> table("table3").row("translate-train-all", "xTune").cells["sw"]
    '80.0'
    """
    if name not in TABLES:
        raise InputError(f"the paper has no '{name}'", field="TABLE", remedy=did_you_mean(name, TABLES))
    values = _read(name)
    columns = tuple(values["columns"])
    rows = tuple(
        Row(row["group"], row["name"], dict(zip(columns, row["cells"].split(), strict=True)), row.get("from"))
        for row in values["rows"]
    )
    metrics = tuple(values.get("metrics", ("",)))
    notes = tuple(note for note in inconsistencies() if name in note.tables)
    return Table(name, values["title"], values["definition"], columns, metrics, rows, values.get("average"), notes)


@cache
def inconsistencies() -> tuple[Inconsistency, ...]:
    """All that are known."""
    return tuple(
        Inconsistency(tuple(entry["tables"]), entry["where"], tuple(entry["printed"]), entry["note"])
        for entry in _read("inconsistencies")
    )


@cache
def appendix_b() -> Mapping[str, Any]:
    """The hyper-parameters of appendix B: epochs, grids, batch size, schedule."""
    values: Mapping[str, Any] = _read("appendix_b")
    return values


def numbers(printed: str) -> tuple[float, ...] | None:
    """What a cell says, in percent; None where it says nothing.

    >>> numbers("79.4/64.4"), numbers("82.6"), numbers("-")
    ((79.4, 64.4), (82.6,), None)
    """
    return None if printed == ABSENT else tuple(float(part) for part in printed.split("/"))


def _read(name: str) -> Any:
    # BaseLoader leaves every value the text that it is: 5.0 is not 5
    loader = yaml.SafeLoader if name == "appendix_b" else yaml.BaseLoader
    return yaml.load(resources.files("xtune.reproduce").joinpath(f"paper/{name}.yaml").read_text("utf-8"), loader)
