"""Stages that another run has trained already: the first stage of xTune is all there is to R1, that of R2 plain tuning.

A stage without a teacher depends on its own settings and on those that every stage shares, and on nothing that comes
before it. So where a grid has `plain`, `r1`, `r2` and `xtune` with one seed, two trainings of six are the same as
others, and of a sweep over λ2 all first stages are. Taken over, they are to the bit what they would be trained anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xtune.config.load import load_recipe, to_dict
from xtune.config.recipe import Recipe, Stage
from xtune.errors import InputError
from xtune.runs.files import read_json, write_json
from xtune.training.callbacks import cut_log

NAMES = ("method", "setting", "stages", "stage2", "note", "augmentation", "augmentation_reasons")
"""Keys by which a recipe comes to its stages; what they come to, each stage says itself."""

SECTIONS = {"ss": "subword_sampling", "cs": "code_switch", "gn": "gaussian_noise", "mt": "translation"}
"""Of an augmentation, which matter to a stage that uses it."""


def take_over(recipe: Recipe, run: Path, others: Iterable[Path]) -> None:
    """Copy the stages of a run that another one has finished, weights and log, where the run has not begun them.

    Args:
        recipe: The run's, prepared.
        run: Its folder.
        others: Folders of runs, finished or not.
    """
    for stage in recipe.stages or ():
        if stage.r2 is None and not (run / stage.name).exists():
            wanted = training_of(recipe, stage)
            found = next((other for other in others if _has_trained(other, stage.name, wanted)), None)
            if found is not None:
                _copy(found, run, stage.name)


def training_of(recipe: Recipe, stage: Stage) -> dict[str, Any]:
    """All that decides what a stage without a teacher learns, as nested mappings that can be compared.

    Args:
        recipe: Prepared, as a run's `config.yaml` has it.
        stage: One of its stages.

    >>> from dataclasses import replace
    >>> from xtune.config.load import load_recipe
    >>> from xtune.runs.resolve import resolve
    >>> of = lambda method, name: resolve(load_recipe("pocket-topic", [f"method={method}", f"augmentation={name}"]))
    >>> r1, xtune, plain, r2 = of("r1", "cs"), of("xtune", "cs"), of("plain", "cs"), of("r2", "ss")
    >>> training_of(r1, r1.stages[0]) == training_of(xtune, xtune.stages[0])
    True
    >>> training_of(plain, plain.stages[0]) == training_of(r2, r2.stages[0])
    True
    >>> training_of(plain, plain.stages[0]) == training_of(r1, r1.stages[0])
    False
    """
    values = to_dict(recipe)
    own = next(each for each in values["stages"] if each["name"] == stage.name)
    own["train"] = {**values.pop("train"), **own["train"]}
    names = [stage.augmentation] if stage.augmentation else []
    names += [stage.r1.augmentation] if stage.r1 else []
    parts = {part for name in names for part in name.split("+")}
    unused = {section for part, section in SECTIONS.items() if part not in parts}
    data = dict(values["data"])
    for part, key in (("cs", "dictionaries"), ("mt", "translations")):
        if part not in parts:
            data.pop(key)
    consistency = {key: values["consistency"][key] for key in ("reduction", "positions")} if stage.r1 else None
    kept = {key: value for key, value in values.items() if key not in (*NAMES, *unused)}
    return {**kept, "data": data, "consistency": consistency, "stage": own}


def _has_trained(run: Path, name: str, wanted: dict[str, Any]) -> bool:
    folder = run / name
    if not (folder / "stage.json").is_file() or not (folder / "model").is_dir():
        return False
    try:
        recipe = load_recipe(str(run / "config.yaml"))
    except InputError:
        return False
    stage = next((stage for stage in recipe.stages or () if stage.name == name), None)
    return stage is not None and stage.r2 is None and training_of(recipe, stage) == wanted


def _copy(other: Path, run: Path, name: str) -> None:
    """The stage's folder, there whole or not at all, and before it the log."""
    temporary = run / f".taking-{name}"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(other / name, temporary)
    record = read_json(other / name / "stage.json", f"remove {other}, and the same command trains it anew")
    write_json(temporary / "stage.json", {"trained_in": str(other), **record})
    cut_log(run / "train_log.jsonl", name, -1)
    with (run / "train_log.jsonl").open("a", encoding="utf-8") as log:
        for line in cut_log(other / "train_log.jsonl", "", -1):
            if line["stage"] == name:
                log.write(json.dumps(line) + "\n")
    temporary.rename(run / name)
