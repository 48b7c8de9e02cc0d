"""A finished grid of runs, read from its `study.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xtune.config.methods import METHODS
from xtune.errors import InputError
from xtune.report.compare import Comparison, compare, name_of, read_run, read_yaml
from xtune.report.intervals import Interval
from xtune.runs.files import read_json

MEASURES = {"average": "Average", "targets": "Other languages", "transfer_gap": "Transfer gap"}
"""What is told of a cell beside its languages, and what it is called."""

LESS_IS_MORE = "transfer_gap"
AUGMENTATIONS = ("", "ss", "gn", "cs", "mt")
SETTINGS = {"cross-lingual-transfer": "transfer", "translate-train-all": "translate"}
"""What the settings are called where there is little room, as recipes are."""

Column = tuple[str, str]
"""An augmentation's short name, empty for none, and a setting."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of a cell, over its seeds, in percent or points.

    Args:
        mean: Over the seeds.
        sd: Standard deviation between them; None where there is one seed.
        interval: 95 %.
        p: Of a difference, how easily chance alone would make one as large.
    """

    mean: float
    sd: float | None = None
    interval: Interval | None = None
    p: float | None = None


@dataclass(frozen=True)
class Cell:
    """What was run several times alike.

    Args:
        name: Its key in `study.json`.
        values: What it holds there.
    """

    name: str
    values: Mapping[str, Any]

    @property
    def method(self) -> str:
        """How its runs were trained."""
        return str(self.values["method"])

    @property
    def augmentation(self) -> str:
        """With what, by its short name; empty for none."""
        return str(self.values.get("augmentation") or "")

    @property
    def setting(self) -> str:
        """`cross-lingual-transfer` or `translate-train-all`."""
        return str(self.values.get("setting") or "")

    @property
    def column(self) -> Column:
        """Where it stands in a table of methods."""
        return self.augmentation, self.setting

    def measure(self, name: str) -> Estimate | None:
        """One of `MEASURES`, or a language's score by its code."""
        return _estimate(self.values.get(name) or self.values.get("languages", {}).get(name))

    def difference(self, name: str) -> Estimate | None:
        """The same, as what the cell has more than the baseline; None for the baseline."""
        found = self.values.get("difference") or {}
        return _estimate(found.get(name) or found.get("languages", {}).get(name))


@dataclass(frozen=True)
class Study:
    """A grid of runs.

    Args:
        folder: Where it is.
        values: What its `study.json` holds.
        cells: In the order of the table of methods, by their names.
        recipe: What its `config.yaml` holds; nothing where there is none.
    """

    folder: Path
    values: Mapping[str, Any]
    cells: Mapping[str, Cell]
    recipe: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The language of the labels."""
        return str(self.values["source_language"])

    @property
    def baseline(self) -> Cell:
        """The cell that the others are compared with."""
        return self.cells[self.values["baseline"]]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Those that a cell has a score in: the source, then the others by name."""
        codes = {code for cell in self.cells.values() for code in cell.values.get("languages", {})}
        return tuple(sorted(codes, key=lambda code: (code != self.source, name_of(code))))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What cells were trained with, without anything first, then as the paper's table 4 orders them."""
        found = {cell.column for cell in self.cells.values()}
        return tuple(sorted(found, key=lambda column: (column[1], _place(AUGMENTATIONS, column[0]), column)))

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings of its cells, each once."""
        return tuple(dict.fromkeys(setting for _, setting in self.columns))

    @property
    def is_grid(self) -> bool:
        """Whether methods and augmentations tell the cells apart; in a sweep the recipe's keys do."""
        return self.values.get("kind") != "sweep"

    @cached_property
    def rows(self) -> Mapping[str, Mapping[Column, Cell]]:
        """Methods with their cells by column. A second cell of one place (`plain-steps`) has a row of its own."""
        rows: dict[str, dict[Column, Cell]] = {}
        for cell in self.cells.values():
            row = cell.method if cell.column not in rows.get(cell.method, {}) else cell.name
            rows.setdefault(row, {})[cell.column] = cell
        return rows

    def name(self, cell: Cell) -> str:
        """What to call a cell: its method and augmentation, or the keys it differs in."""
        if self.is_grid:
            alike = [c for c in self.cells.values() if (c.method, c.augmentation) == (cell.method, cell.augmentation)]
            return " ".join(filter(None, (cell.method, cell.augmentation))) if alike[0] is cell else cell.name
        if cell.name == self.values["baseline"] and not self._told(cell):
            return cell.name
        return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in self._told(cell).items()) or cell.name

    def best(self, measure: str, setting: str | None = None) -> float | None:
        """The best mean of all cells, or of those of one setting; None where none has one."""
        cells = [cell for cell in self.cells.values() if setting in (None, cell.setting)]
        means = [found.mean for cell in cells if (found := cell.measure(measure))]
        if not means:
            return None
        return min(means) if measure == LESS_IS_MORE else max(means)

    @property
    def leader(self) -> Cell:
        """The cell that a sweep selected; else that with the best mean over the other languages, or over all."""
        if self.values.get("best") in self.cells:
            return self.cells[self.values["best"]]
        measure = "targets" if self.best("targets") is not None else "average"
        ranked = [(found.mean, cell) for cell in self.cells.values() if (found := cell.measure(measure))]
        return max(ranked, key=lambda pair: pair[0])[1] if ranked else self.baseline

    def first_runs(self) -> Comparison | None:
        """The first seed of the baseline and of the leader beside each other; None where their folders are gone."""
        cells = list(dict.fromkeys((self.baseline.name, self.leader.name)))
        first = {row["cell"]: row["run"] for row in reversed(self.values.get("runs", ()))}
        try:
            runs = [read_run(self.folder / first[cell]) for cell in cells]
        except (InputError, KeyError):
            return None
        return compare(runs, [self.name(self.cells[cell]) for cell in cells])

    def _told(self, cell: Cell) -> dict[str, Any]:
        """The keys that not all cells have the same value of."""
        keys = dict.fromkeys(key for other in self.cells.values() for key in other.values.get("keys") or {})
        return {
            key: cell.values["keys"][key]
            for key in keys
            if key in (cell.values.get("keys") or {})
            and len({str((other.values.get("keys") or {}).get(key)) for other in self.cells.values()}) > 1
        }


def read_study(folder: Path) -> Study:
    """The study that a folder holds.

    Raises:
        InputError: Its `study.json` is broken, or holds no cells.
    """
    path, remedy = folder / "study.json", "remove the file, and the same `xtune ablate` or `sweep` writes it anew"
    values = read_json(path, remedy)
    cells = values.get("cells") if isinstance(values, dict) else None
    if not isinstance(cells, dict) or not cells:
        raise InputError("it holds no finished cell", file=path, field="cells", remedy=remedy)
    for key in ("task", "source_language", "split", "metric", "baseline"):
        if key not in values:
            raise InputError("the key is missing", file=path, field=key, remedy=remedy)
    for name, cell in cells.items():
        if "method" not in cell:
            raise InputError("the key is missing", file=path, field=f"cells.{name}.method", remedy=remedy)
    if values["baseline"] not in cells:
        raise InputError(f"there is no cell '{values['baseline']}'", file=path, field="baseline", remedy=remedy)
    methods = list(METHODS)
    known = [Cell(name, cell) for name, cell in cells.items()]
    known.sort(key=lambda cell: (_place(methods, cell.method), cell.setting, _place(AUGMENTATIONS, cell.augmentation)))
    known.sort(key=lambda cell: cell.name != values["baseline"])
    recipe = read_yaml(folder / "config.yaml", remedy) if (folder / "config.yaml").is_file() else {}
    return Study(folder, values, {cell.name: cell for cell in known}, recipe)


def _place(known: Sequence[str], name: str) -> int:
    return known.index(name) if name in known else len(known)


def _estimate(values: Mapping[str, Any] | None) -> Estimate | None:
    if not values or values.get("mean") is None:
        return None
    interval = Interval(*map(float, values["interval"])) if values.get("interval") else None
    return Estimate(float(values["mean"]), values.get("sd"), interval, values.get("p"))
