"""What a run of a table is: a recipe, what it changes in it, and the folder that its seeds have in common."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from xtune.config.auto import choose_augmentation
from xtune.config.load import load_recipe, parse_recipe, to_dict
from xtune.config.methods import METHODS, stages_of
from xtune.config.recipe import AugmentationConfig, Recipe, Stage
from xtune.tasks.datasets import dataset


@dataclass(frozen=True)
class Variant:
    """A recipe with one method: runs of it differ in their seed alone.

    Args:
        recipe: A recipe's name.
        cell: What the variant is called among those of the recipe: the method, and the augmentation if it is another
            than the recipe's (`r1-gn`).
        keys: Keys of the recipe that it sets.
        start: The variant whose first seed's model all its runs start from; None: the pre-trained model.
    """

    recipe: str
    cell: str
    keys: Mapping[str, Any] = field(hash=False)
    start: Variant | None = None

    @property
    def folder(self) -> PurePosixPath:
        """Below the output folder; one folder of `xtune ablate` a recipe."""
        return PurePosixPath(self.recipe, "runs", self.cell)

    def settings(self, output: Path, first: int = 1) -> dict[str, Any]:
        """All keys that its runs set, but for the seed; `first` is the first one of the table."""
        start = {"init_from": str(Planned(self.start, first).folder(output))} if self.start else {}
        return {**self.keys, **start}


@dataclass(frozen=True)
class Planned:
    """A run: a variant and a seed."""

    variant: Variant
    seed: int

    def folder(self, output: Path) -> Path:
        """Where it goes, or is."""
        return output / self.variant.folder / f"seed{self.seed}"


def command(
    variant: Variant, seeds: Sequence[int], output: Path, data_dir: str | None, more: Sequence[str], *, first: int = 1
) -> str:
    """What a shell needs to make the runs of these seeds, on one line.

    Args:
        variant: What they have in common.
        seeds: At least one.
        output: The output folder.
        data_dir: Where the data are; None: the recipe finds them (the pocket benchmark, the Hub).
        more: Further `key=value` of every run.
        first: The first seed of the table: of a run whose model others start from.
    """
    seed = str(seeds[0]) if len(seeds) == 1 else "$seed"
    place = shlex.quote((output / variant.folder).as_posix())
    keys = [f"{key}={_written(value)}" for key, value in variant.settings(output, first).items()]
    words = ["xtune train", variant.recipe, *map(shlex.quote, [*keys, *more]), f"seed={seed}"]
    words += ["--data-dir", shlex.quote(data_dir)] if data_dir else []
    line = " ".join([*words, "--output-dir", f"{place}/seed{seed}"])
    return line if len(seeds) == 1 else f"for seed in {' '.join(map(str, seeds))}; do {line}; done"


def variant(recipe: str, method: str, augmentation: str | None = None, **keys: Any) -> Variant:
    """A method in a recipe, with the recipe's own augmentations or another one in all three places.

    Where that makes no difference to what is trained, the variant is the one with the recipe's own, so that tables
    share it.

    Args:
        recipe: A recipe's name.
        method: A method.
        augmentation: `ss`, `gn`, `cs` or `mt`; None: the recipe's.
        keys: Further keys, a dot written as two underscores.

    >>> variant("xnli-transfer-base", "r1", "cs").cell, variant("xnli-transfer-base", "r1", "gn").cell
    ('r1', 'r1-gn')
    """
    settings = {"method": method, **{name.replace("__", "."): value for name, value in keys.items()}}
    if augmentation is None or _same_stages(recipe, method, augmentation):
        return Variant(recipe, method, settings)
    return Variant(recipe, f"{method}-{augmentation}", {**settings, "augmentation": augmentation})


def _same_stages(recipe: str, method: str, augmentation: str) -> bool:
    own = loaded(recipe)
    changed = AugmentationConfig(stage1=augmentation, data=augmentation, consistency=augmentation)
    return METHODS[method](own, augmentation_of(own)) == METHODS[method](own, changed)


@cache
def loaded(recipe: str) -> Recipe:
    """A recipe by its name."""
    return load_recipe(recipe)


def augmentation_of(recipe: Recipe) -> AugmentationConfig:
    """A recipe's augmentations, with dictionaries, and translations in the setting that has them, if it says `auto`."""
    if recipe.augmentation != "auto":
        return recipe.augmentation
    translations = recipe.setting == "translate-train-all"
    return choose_augmentation(dataset(recipe.task).kind, translations=translations, dictionaries=True)[0]


@cache
def recipe_of(planned: Variant, more: tuple[str, ...] = ()) -> Recipe:
    """The recipe of its runs, but for the seed and the model that they start from.

    Args:
        planned: The variant.
        more: Further `key=value`.

    Raises:
        InputError: For keys or values that there are not.
    """
    recipe = load_recipe(planned.recipe, planned.keys)
    return parse_recipe(to_dict(recipe), more) if more else recipe


def stages_in(recipe: Recipe) -> tuple[Stage, ...]:
    """What a recipe trains."""
    return recipe.stages if recipe.stages is not None else stages_of(recipe, augmentation_of(recipe))


def _written(value: Any) -> str:
    """A value as `key=value` has it: YAML on one line."""
    return value if isinstance(value, str) else json.dumps(value)
