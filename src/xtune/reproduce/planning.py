"""A table's runs under its rows, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.text import Text

from xtune.reproduce.collect import Found
from xtune.reproduce.cost import Cost, Device, cost, device
from xtune.reproduce.figures import Table
from xtune.reproduce.job import Job
from xtune.reproduce.plans import Size, said_seeds
from xtune.reproduce.variants import Variant, loaded, recipe_of


@dataclass(frozen=True)
class Planning:
    """What is planned.

    Args:
        job: The table to reproduce.
        found: Its runs that are finished already.
        device: What costs are estimated for, by name.
    """

    job: Job
    found: Found
    device: str

    @cached_property
    def variants(self) -> dict[str, list[Variant]]:
        """What is run, each once, under the heading of the first row that needs it."""
        groups: dict[str, list[Variant]] = {}
        known: set[Variant] = set()
        for cell in self.job.cells:
            if cell.variant not in known:
                known.add(cell.variant)
                groups.setdefault(f"{cell.row.group} · {cell.row.name}", []).append(cell.variant)
        return groups

    @property
    def all_variants(self) -> list[Variant]:
        """Without headings."""
        return [variant for group in self.variants.values() for variant in group]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.job.seeds) * len(self.all_variants)

    @property
    def finished(self) -> int:
        """How many of them are finished."""
        return sum(len(self.found.get(variant, {})) for variant in self.all_variants)

    def cost(self, variant: Variant, size: Size) -> Cost:
        """Of one run, with the model of a size."""
        return cost(self._sized(variant, size), size, self.job.more)

    def on(self, variant: Variant, size: Size) -> Device:
        """The device, at the precision that the runs have."""
        train = recipe_of(self._sized(variant, size), self.job.more).train
        return device(self.device, half=bool(train.get("bf16") or train.get("fp16")))

    def _sized(self, variant: Variant, size: Size) -> Variant:
        return Variant(f"{variant.recipe.rpartition('-')[0]}-{size}", variant.cell, variant.keys)


def heading(shown: Table, seeds: Sequence[int] = ()) -> Text:
    """A table's name and title, and its seeds if it has any."""
    name = shown.name.replace("table", "Table ").replace("figure", "Figure ")
    return Text.assemble((name, "bold"), f": {shown.title}", (f"; {said_seeds(seeds)}" if seeds else "", "dim"))


def label(variant: Variant) -> str:
    """What a variant is called in a line: its dataset and its cell.

    >>> label(Variant("xnli-transfer-base", "r1-gn", {}))
    'xnli: r1-gn'
    """
    return f"{loaded(variant.recipe).task}: {variant.cell}"


def amount_of(value: float) -> str:
    """A number with the digits that an estimate has.

    >>> [amount_of(value) for value in (0.043, 1.26, 83.4, 12345.6)]
    ['0.04', '1.3', '83', '12,346']
    """
    return f"{value:.2f}" if value < 0.95 else f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
