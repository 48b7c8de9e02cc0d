"""Which runs each table needs: every cell that the paper prints and that is no other system's, by row and dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xtune.config.recipe import Recipe
from xtune.reproduce.figures import ABSENT, Row, Table, table
from xtune.reproduce.variants import Planned, Variant, loaded, variant

Size = Literal["base", "large"]

SIZES: tuple[Size, ...] = ("base", "large")

SEEDS = (1, 2, 3, 4, 5)
"""Tables 2 and 4 are means of five seeds. Of how many runs table 1 has the best, the paper does not say."""

DATASETS = {
    "XNLI": "xnli",
    "PAWS-X": "pawsx",
    "POS": "udpos",
    "NER": "panx",
    "XQuAD": "xquad",
    "MLQA": "mlqa",
    "TyDiQA": "tydiqa",
}
"""What a column of the paper is called in a recipe."""

BY_LANGUAGE = {
    "table3": "XNLI",
    "table10": "PAWS-X",
    "table11": "XQuAD",
    "table12": "MLQA",
    "table13": "TyDiQA",
    "table14": "POS",
    "table15": "NER",
}
"""The dataset of the tables whose columns are languages."""

AVERAGE = "Avg."
"""What the paper calls the column of the mean."""

WITHOUT_RUNS = ("table6", "table7", "table8")
"""Of the data and of the recipes."""

METHODS = {
    "xTune": "xtune",
    "only R1": "r1",
    "only R2": "r2",
    "no stop-gradient": "xtune-no-stopgrad",
    "data augmentation": "data-augmentation",
    "R3F": "r3f",
    "R4F": "r4f",
    "X-STILTs": "plain",
}
"""What a row is in our words; a baseline is below, and every other row is another system's."""

AUGMENTATIONS = {"subword sampling": "ss", "Gaussian noise": "gn", "code-switch": "cs", "machine translation": "mt"}
"""The groups of tables 4 and 9."""

INTERMEDIATE = {"xnli": "xquad", "tydiqa": "xquad"}
"""What X-STILTs trains on before a dataset: SQuAD before TyDiQA (section 4.2, footnote 5); the paper does not say what
before the others. Ours: SQuAD before XNLI too, and XNLI's training set, which is MultiNLI, before the rest."""

R3F: dict[str, Any] = {
    "consistency__reduction": "batchmean",
    "gaussian_noise__kind": "uniform",
    "gaussian_noise__eps": 1e-5,
}
"""Of R3F and R4F: their published code sums over outcomes, and has this noise."""


@dataclass(frozen=True)
class Cell:
    """One or several cells of a row that come from the same runs.

    Args:
        row: The row.
        column: The dataset's column, or the dataset of a table by language.
        variant: What is run for it.
        stands_for: The paper's column that it is put beside.
    """

    row: Row
    column: str
    variant: Variant
    stands_for: str


def size_of(name: str) -> Size:
    """The model of a table's runs: XLM-R base or large."""
    return "base" if name in ("table2", "table4", "table5", "table9", "figure3") else "large"


def plan(name: str, size: Size | None = None) -> tuple[Cell, ...]:
    """The cells of a table that are run.

    Args:
        name: A table.
        size: Of the model; None: as in the paper.

    >>> len(plan("table4")), plan("table5")[0].variant.folder.as_posix()
    (36, 'xnli-transfer-base/runs/plain')
    """
    return tuple(_cells(table(name), size or size_of(name)))


def runs(cells: Sequence[Cell], seeds: Sequence[int]) -> tuple[Planned, ...]:
    """The runs of some cells, each once; those that start from another one's model, which is a cell too, come last."""
    ordered = sorted(dict.fromkeys(cell.variant for cell in cells), key=lambda item: item.start is not None)
    return tuple(Planned(item, seed) for item in ordered for seed in seeds)


def seeds_of(name: str) -> tuple[int, ...]:
    """The seeds of a table, unless the user says otherwise."""
    return SEEDS[:1] if name == "figure3" else SEEDS


def said_seeds(seeds: Sequence[int]) -> str:
    """Seeds in words: which ones, unless they are the first ones.

    >>> said_seeds((1, 2, 3)), said_seeds((1,)), said_seeds((201, 202))
    ('3 seeds', '1 seed', '2 seeds (201, 202)')
    """
    count = f"{len(seeds)} seed{'s' * (len(seeds) != 1)}"
    first = list(seeds) == list(range(1, len(seeds) + 1))
    return count if first else f"{count} ({', '.join(map(str, seeds))})"


def _cells(shown: Table, size: Size) -> Iterator[Cell]:
    if shown.name in WITHOUT_RUNS:
        return
    for row in shown.rows:
        for column in _columns(shown, row):
            found = _variant(row, DATASETS[column], size)
            if found is not None:
                yield Cell(row, column, found, column)


def _columns(shown: Table, row: Row) -> tuple[str, ...]:
    """The datasets that a row has runs of."""
    if shown.name in BY_LANGUAGE:
        return (BY_LANGUAGE[shown.name],)
    if shown.name in ("table5", "figure3"):  # models that were fine-tuned on XNLI
        return ("XNLI",)
    return tuple(column for column in shown.parts if row.cells[column] != ABSENT)


def _variant(row: Row, dataset: str, size: Size) -> Variant | None:
    """What is run for a row and a dataset; None for another system's."""
    translated = row.group in ("translate-train-all", "machine translation")
    recipe = f"{dataset}-{'translate' if translated else 'transfer'}-{size}"
    if row.name.startswith("XLM-R "):  # the paper's baseline where there are translations is trained on them too
        return variant(recipe, "data-augmentation" if translated else "plain")
    if row.name not in METHODS:
        return None
    method = METHODS[row.name]
    if row.name == "X-STILTs":
        before = variant(f"{INTERMEDIATE.get(dataset, 'xnli')}-transfer-{size}", "plain")
        return Variant(recipe, f"plain-after-{before.recipe.partition('-')[0]}", {"method": method}, start=before)
    if row.name in ("R3F", "R4F"):
        return variant(recipe, method, **R3F)
    if (row.group, row.name) == ("machine translation", "only R1"):
        return Variant(recipe, "r1-mt-on-source", {"method": method, "stages": [translated_r1(loaded(recipe))]})
    augmentation = AUGMENTATIONS.get(row.group)
    return variant(recipe, method, None if augmentation == "mt" else augmentation)


def translated_r1(recipe: Recipe) -> dict[str, Any]:
    """The stage of R1 with translations on D, as in tables 4 and 9.

    The method `r1` of translate-train-all is that of table 2, on D_A. Source: XNLI has 79.7 in table 4 and 80.5 in
    table 2, which trains on D_A (section 4.2).
    """
    return {"name": "stage1", "r1": {"augmentation": "mt", "weight": recipe.consistency.lambda1}}
