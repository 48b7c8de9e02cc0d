"""The same tables in the same shape on the pocket benchmark: which pocket task stands for which dataset.

Scores of the two cannot be compared: what can is what a method gains on the baseline above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xtune.errors import InputError
from xtune.reproduce.figures import ABSENT, Row, Table, table
from xtune.reproduce.plans import AUGMENTATIONS, BY_LANGUAGE, METHODS, R3F, WITHOUT_RUNS, Cell, translated_r1
from xtune.reproduce.variants import Variant, loaded, variant

STANDS_FOR = {
    "topic": ("XNLI",),
    "nli": ("XNLI",),
    "paraphrase": ("PAWS-X",),
    "pos": ("POS",),
    "ner": ("NER",),
    "qa": ("XQuAD", "MLQA", "TyDiQA"),
}
"""A pocket task, and the datasets that it stands for: in a table that has several of them, for the first."""

MAIN = ("nli", "paraphrase", "pos", "ner", "qa")
"""What stands for a dataset in a table of one dataset."""

INTERMEDIATE = {"nli": "qa"}
"""What X-STILTs trains on before a task; `nli` before all others."""


def pocket_plan(name: str) -> tuple[Cell, ...]:
    """The cells of a table on the pocket benchmark.

    Raises:
        InputError: The table is of datasets or of published values, which the benchmark has no counterpart of.

    >>> len(pocket_plan("table4")), pocket_plan("table4")[0].variant.folder.as_posix()
    (49, 'pocket-topic/runs/plain')
    """
    shown = table(name)
    if name in WITHOUT_RUNS:
        problem = f"{name} is of the benchmark's data or of published values, which pocket has no counterpart of"
        raise InputError(problem, field="--pocket", remedy=f"xtune reproduce {name}")
    return tuple(_cells(shown))


def _cells(shown: Table) -> Iterator[Cell]:
    for row in shown.rows:
        for task, column in _tasks(shown):
            if row.cells.get(column) == ABSENT:
                continue
            found = _variant(row, task)
            if found is not None:
                yield Cell(row, task, found, column)


def _tasks(shown: Table) -> list[tuple[str, str]]:
    """The pocket tasks of a table, each with the column of the paper that it stands for."""
    if shown.name in ("table5", "figure3"):
        return [("nli", "XNLI")]
    if shown.name in BY_LANGUAGE:
        column = BY_LANGUAGE[shown.name]
        return [(task, column) for task in MAIN if column in STANDS_FOR[task]]
    found = ((task, [column for column in shown.parts if column in datasets]) for task, datasets in STANDS_FOR.items())
    return [(task, columns[0]) for task, columns in found if columns]


def _variant(row: Row, task: str) -> Variant | None:
    recipe, baseline = f"pocket-{task}", row.name.startswith("XLM-R ")
    if not baseline and row.name not in METHODS:
        return None
    if row.group in ("translate-train-all", "machine translation"):
        return _translated(row, task, "data-augmentation" if baseline else METHODS[row.name])
    if row.name == "X-STILTs":
        before = INTERMEDIATE.get(task, "nli")
        start = variant(f"pocket-{before}", "plain")
        return Variant(recipe, f"plain-after-{before}", {"method": "plain"}, start=start)
    if row.name in ("R3F", "R4F"):
        return variant(recipe, METHODS[row.name], **R3F)
    return variant(recipe, "plain" if baseline else METHODS[row.name], AUGMENTATIONS.get(row.group))


def _translated(row: Row, task: str, method: str) -> Variant:
    """A method with translations: everywhere in classification, elsewhere where table 8 has them."""
    words = STANDS_FOR[task][0] not in ("XNLI", "PAWS-X")
    augmentation = {"stage1": "ss", "data": "mt", "consistency": "ss"} if words else "mt"
    keys: dict[str, Any] = {"method": method, "setting": "translate-train-all", "augmentation": augmentation}
    if (row.group, row.name) == ("machine translation", "only R1"):
        recipe = loaded(f"pocket-{task}")
        return Variant(f"pocket-{task}", "r1-mt-on-source", {**keys, "stages": [translated_r1(recipe)]})
    return Variant(f"pocket-{task}", f"{method}-mt", keys)
