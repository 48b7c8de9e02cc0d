"""Grids of runs: what is run with every seed, under which name, and what it sets of a recipe."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from xtune.config.load import parse_recipe, to_dict
from xtune.config.methods import METHODS, stages_of
from xtune.config.recipe import AugmentationConfig, Recipe, Stage
from xtune.errors import InputError, did_you_mean
from xtune.runs.generic import kind_of

STEPS = "plain-steps"
"""The cell of `plain` with as many optimizer steps as `xtune`."""

ANYTHING = AugmentationConfig(stage1="ss", data="ss", consistency="ss")

PLAIN = ("plain", "r-drop")
"""Methods without an augmentation."""


@dataclass(frozen=True)
class Cell:
    """What is run with every seed: a name, which is its folder's, and the recipe's keys that it sets."""

    name: str
    keys: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One cell with one seed."""

    cell: Cell
    seed: int

    @property
    def name(self) -> str:
        """`CELL/seedN`, its folder below `runs/`."""
        return f"{self.cell.name}/seed{self.seed}"


@dataclass(frozen=True)
class Grid:
    """Cells × seeds of a recipe.

    Args:
        kind: What it is for.
        name: The recipe's.
        base: The recipe, with what the user sets for all cells.
        cells: At least one.
        seeds: At least one.
        baseline: The cell that the others are compared with.
        split: What is compared: `test`, or `dev` of a sweep.
    """

    kind: Literal["ablation", "sweep"]
    name: str
    base: Recipe
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    baseline: str
    split: str

    @property
    def runs(self) -> Iterator[Run]:
        """All runs, one seed of every cell before the next, so that an early look compares all cells.

        Of one seed those with a single stage come first: the others take it over from them (`xtune.runs.reuse`).
        """
        return (Run(cell, seed) for seed in self.seeds for cell in self._by_stages)

    @cached_property
    def _by_stages(self) -> list[Cell]:
        return sorted(self.cells, key=lambda cell: len(stages_in(self.recipe(Run(cell, self.seeds[0])))))

    @property
    def study(self) -> str:
        """A name that all have in common who share the work: cells and seeds may be added later, the rest not."""
        digest = hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()[:12]
        return f"xtune {self.kind} {Path(self.name).stem} {digest}"

    def settings(self) -> dict[str, Any]:
        """What all cells share, without words to the reader."""
        values = to_dict(self.base)
        return {key: value for key, value in values.items() if key not in ("note", "seed", "augmentation_reasons")}

    def recipe(self, run: Run) -> Recipe:
        """The recipe of a run.

        Raises:
            InputError: A cell sets what there is not.
        """
        return parse_recipe(to_dict(self.base), {**run.cell.keys, "seed": run.seed})


def ablation_cells(base: Recipe, methods: Sequence[str], augmentations: Sequence[str]) -> tuple[Cell, ...]:
    """The cells of methods × augmentations; a method that needs none is one cell.

    Args:
        base: The recipe.
        methods: Names of `xtune.config.methods`, or `plain-steps`.
        augmentations: `ss`, `gn`, `cs`, `mt`, or several joined by `+`; none: the recipe's own.

    Raises:
        InputError: For a method that there is not, or one that is named twice.

    >>> from xtune.config.load import load_recipe
    >>> cells = ablation_cells(load_recipe("pocket-topic"), ["plain", "r1", "xtune"], ["cs", "mt"])
    >>> [cell.name for cell in cells]
    ['plain', 'r1-cs', 'r1-mt', 'xtune-cs', 'xtune-mt']
    """
    cells = []
    for method in methods:
        if method == STEPS:
            cells.append(Cell(STEPS, {"method": "plain", **steps_of_xtune(base)}))
        elif method not in METHODS:
            remedy = did_you_mean(method, [*METHODS, STEPS])
            raise InputError(f"there is no method '{method}'", field="--methods", remedy=remedy)
        elif method in PLAIN or not augmentations:
            cells.append(Cell(method, {"method": method}))
        else:
            cells += [Cell(f"{method}-{name}", {"method": method, **_augmented(base, name)}) for name in augmentations]
    check_cells(cells, "--methods")
    return tuple(cells)


def check_cells(cells: Sequence[Cell], field: str) -> None:
    """Refuse a grid without cells, or with two of one name.

    Args:
        cells: Its cells.
        field: Where the user names them.

    Raises:
        InputError: It is so.
    """
    names = [cell.name for cell in cells]
    if not names:
        raise InputError("there is nothing to run", field=field, remedy="name at least one")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"'{twice}' is there twice", field=field, remedy="name each once")


def _augmented(base: Recipe, name: str) -> dict[str, Any]:
    """One augmentation everywhere; translations in the setting that has them.

    Where sites are words, a text and its translation have none in common, and R1 takes sub-word sampling (appendix D).
    """
    if "mt" not in name.split("+"):
        return {"augmentation": name}
    everywhere = kind_of(base.task) == "classification"
    augmentation = name if everywhere else {"stage1": "ss", "data": name, "consistency": "ss"}
    return {"setting": "translate-train-all", "augmentation": augmentation}


def steps_of_xtune(base: Recipe) -> dict[str, Any]:
    """How long `plain` trains to take as many optimizer steps as `xtune`, up to the last step of each epoch.

    Raises:
        InputError: That is not known beforehand.

    >>> from xtune.config.load import load_recipe
    >>> steps_of_xtune(load_recipe("pocket-topic"))  # three epochs of D, three of D and A(D)
    {'train.num_train_epochs': 9.0}
    """
    if base.translation.draw == "all":
        problem = "how many rows xtune trains on is not known beforehand with all translations of an example"
        raise InputError(
            problem, field="translation.draw", remedy=f"leave {STEPS} out, or set translation.draw=sampled"
        )
    steps, epochs = 0, 0.0
    for stage in METHODS["xtune"](base, ANYTHING):
        values = {**base.train, **stage.train}
        steps += max(0, int(values.get("max_steps", -1)))
        epochs += float(values.get("num_train_epochs", 3.0)) * (1 + base.ratio if stage.augmentation else 1)
    return {"train.max_steps": steps} if steps else {"train.num_train_epochs": epochs}


def stages_in(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages of a recipe, resolved or not; in place of augmentations that are not settled yet, any."""
    return recipe.stages or stages_of(recipe, ANYTHING)


def cost(recipe: Recipe) -> float:
    """About what a resolved recipe's training costs: epochs × rows × views, of |D|."""
    total = 0.0
    for stage in stages_in(recipe):
        epochs = float({**recipe.train, **stage.train}.get("num_train_epochs", 3.0))
        total += epochs * (1 + recipe.ratio if stage.augmentation else 1) * (2 if stage.r1 else 1)
    return total


def parse_seeds(text: str) -> tuple[int, ...]:
    """`5` is five seeds, 1 to 5; `201,202` are these two, and `201,` is one.

    Raises:
        InputError: It is something else.

    >>> parse_seeds("3"), parse_seeds("201,202"), parse_seeds("7,")
    ((1, 2, 3), (201, 202), (7,))
    """
    parts = [part.strip() for part in text.split(",")]
    numbers = [part for part in parts if part]
    if not numbers or not all(part.isascii() and part.isdigit() and int(part) < 2**32 for part in numbers):
        problem, remedy = f"'{text}' is no number of seeds and no list of them", "write for example 5, or 201,202"
        raise InputError(problem, field="--seeds", remedy=remedy)
    if len(parts) == 1:
        if not 1 <= int(text) <= 1000:
            problem = f"{text} seeds are {'too few' if int(text) < 1 else 'too many'}"
            raise InputError(problem, field="--seeds", remedy=f"write {text}, for that one seed")
        return tuple(range(1, int(text) + 1))
    return tuple(dict.fromkeys(map(int, numbers)))


def cell_name(keys: Mapping[str, Any]) -> str:
    """A folder's name for a cell of a sweep.

    >>> cell_name({"consistency.lambda1": 1.0, "train.learning_rate": 7e-06})
    'lambda1=1.0,learning_rate=7e-06'
    """
    last = [key.rpartition(".")[2] for key in keys]
    names = last if len(set(last)) == len(last) else list(keys)
    values = [re.sub(r"[^\w.+-]", "_", str(value)) for value in keys.values()]
    return ",".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
