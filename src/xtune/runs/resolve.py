"""What follows from a recipe alone, before any file of the user's or any model is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xtune.config.auto import choose_augmentation
from xtune.config.methods import check_stages, stages_of
from xtune.config.recipe import DataConfig, Recipe
from xtune.errors import InputError, did_you_mean
from xtune.languages import check_language
from xtune.runs.augmentations import check_names, names_in
from xtune.runs.generic import GENERIC_TASKS, kind_of
from xtune.tasks.datasets import dataset, datasets
from xtune.tasks.tagging import suitable_metrics


def resolve(recipe: Recipe) -> Recipe:
    """Settle what follows from the recipe alone: language codes, the setting, `augmentation: auto`, the stages.

    Raises:
        InputError: For names that there are not, and stages that cannot be trained.
    """
    if recipe.task not in GENERIC_TASKS and recipe.task not in datasets():
        known = [*GENERIC_TASKS, *datasets()]
        raise InputError(f"there is no task '{recipe.task}'", field="task", remedy=did_you_mean(recipe.task, known))
    recipe = _with_codes(recipe)
    recipe = replace(recipe, data=_with_what_is_beside(recipe))
    translated = recipe.data.translations is not None
    if recipe.setting == "auto":
        recipe = replace(recipe, setting="translate-train-all" if translated else "cross-lingual-transfer")
    if recipe.augmentation == "auto":
        augmentation, reasons = choose_augmentation(
            kind_of(recipe.task),
            translations=translated and recipe.setting == "translate-train-all",
            dictionaries=recipe.data.dictionaries is not None,
        )
        recipe = replace(recipe, augmentation=augmentation, augmentation_reasons=reasons)
    assert recipe.augmentation != "auto"
    if recipe.stages is None:
        recipe = replace(recipe, stages=stages_of(recipe, recipe.augmentation))
    check_stages(recipe)
    check_names(recipe)
    if recipe.setting == "cross-lingual-transfer" and any("mt" in name.split("+") for name in names_in(recipe)):
        raise InputError(
            "cross-lingual transfer has no translations of the training set",
            field="setting",
            remedy="set setting=translate-train-all, or another augmentation than mt",
        )
    _check_translations(recipe)
    if kind_of(recipe.task) == "span" and recipe.consistency.reduction == "mean":
        problem = "outcomes are positions of a text here, and the mean over them would depend on how long texts are"
        raise InputError(problem, field="consistency.reduction", remedy="set consistency.reduction=batchmean")
    return recipe


def _check_translations(recipe: Recipe) -> None:
    """Refuse R1 between a text and its translation where its sites are words, which have no counterparts."""
    if kind_of(recipe.task) == "classification":
        return
    for stage in recipe.stages or ():
        if stage.r1 is not None and "mt" in stage.r1.augmentation.split("+"):
            raise InputError(
                f"R1 of {stage.name} would compare the words of a text with those of its translation",
                field="augmentation",
                remedy="set augmentation.stage1=ss and augmentation.consistency=ss; mt is for augmentation.data",
            )


def metrics_of(task: str, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The metrics of a task, the one that checkpoints are selected by first.

    Args:
        task: Its name.
        labels: Its label space, which the metrics of the user's own tags depend on.
    """
    if task in datasets():
        return dataset(task).metrics
    match kind_of(task):
        case "tagging":
            return suitable_metrics(labels)
        case "span":
            return ("f1", "exact_match")
        case _:
            return ("accuracy",)


def _with_what_is_beside(recipe: Recipe) -> DataConfig:
    """The `data` section, with the dictionaries and, where they are to be used, the translations in `data.dir`."""
    data = recipe.data
    if data.dir is None:
        return data
    folder = Path(data.dir)
    if data.dictionaries is None and (folder / "dictionaries").is_dir():
        data = replace(data, dictionaries=str(folder / "dictionaries"))
    if data.translations is None and recipe.setting == "translate-train-all":
        own = folder / dataset(recipe.task).folder if recipe.task in datasets() else folder
        found = next((path for path in (own / "translations", folder / "translations") if path.is_dir()), None)
        data = replace(data, translations=str(found) if found else None)
    return data


def _with_codes(recipe: Recipe) -> Recipe:
    """The recipe with each language by its ISO 639-1 code, as data and dictionaries have it (`zh-CN`: `zh`)."""

    def codes(names: tuple[str, ...] | None, field: str) -> tuple[str, ...] | None:
        return None if names is None else tuple(dict.fromkeys(check_language(name, field=field) for name in names))

    switch, translation, data = recipe.code_switch, recipe.translation, recipe.data
    return replace(
        recipe,
        source_language=check_language(recipe.source_language, field="source_language"),
        data=replace(data, languages=codes(data.languages, "data.languages")),
        code_switch=replace(switch, languages=codes(switch.languages, "code_switch.languages")),
        translation=replace(translation, languages=codes(translation.languages, "translation.languages")),
    )
