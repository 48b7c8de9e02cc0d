"""A table to reproduce: what the user asked for, and where its runs are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xtune.reproduce.collect import Found, find
from xtune.reproduce.figures import Table
from xtune.reproduce.plans import Cell, runs
from xtune.reproduce.variants import Planned


@dataclass(frozen=True)
class Job:
    """A table to reproduce.

    Args:
        shown: The table.
        cells: What is run for it.
        seeds: Of every cell.
        output: Folder of the runs.
        data_dir: XTREME's folders; None: the Hub, or the pocket benchmark.
        more: Further `key=value` of every run.
        pocket: On the pocket benchmark.
    """

    shown: Table
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    output: Path
    data_dir: str | None
    more: tuple[str, ...]
    pocket: bool

    @property
    def planned(self) -> tuple[Planned, ...]:
        """All runs."""
        return runs(self.cells, self.seeds)

    @property
    def asked(self) -> str:
        """The seeds as `--seeds` takes them."""
        if self.seeds == tuple(range(1, len(self.seeds) + 1)):
            return str(len(self.seeds))
        return ",".join(map(str, self.seeds)) + "," * (len(self.seeds) == 1)

    def found(self) -> Found:
        """Those that are finished.

        Raises:
            InputError: A file of a finished run cannot be read.
        """
        return find(self.planned, self.output)
