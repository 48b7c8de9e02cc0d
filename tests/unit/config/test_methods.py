from __future__ import annotations

from typing import Any

import pytest

from xtune.config.load import parse_recipe
from xtune.config.methods import METHODS, stages_of
from xtune.config.recipe import AugmentationConfig, Stage
from xtune.errors import InputError

TRANSFER, TRANSLATE = "cross-lingual-transfer", "translate-train-all"
AUGMENTATION = AugmentationConfig(stage1="cs", data="mt", consistency="ss")  # three names, to tell A*, A and A' apart

# Each stage: A of D_A; A* or A', its weight, stop-gradient, task loss on the partner; R2's teacher and weight.
PLAIN = (None, None, None)
STAGE1_R1 = (None, ("cs", 1.5, True, False), None)
FULL = ("mt", ("ss", 1.5, True, False), ("stage1", 0.7))
TABLE: dict[tuple[str, str], list[Any]] = {
    ("plain", TRANSFER): [PLAIN],
    ("plain", TRANSLATE): [PLAIN],
    ("data-augmentation", TRANSFER): [("mt", None, None)],
    ("data-augmentation", TRANSLATE): [("mt", None, None)],
    ("r1", TRANSFER): [STAGE1_R1],
    ("r1", TRANSLATE): [("mt", ("ss", 1.5, True, False), None)],  # on D_A, "to make a fair comparison"
    ("r2", TRANSFER): [PLAIN, ("mt", None, ("stage1", 0.7))],
    ("r2", TRANSLATE): [PLAIN, ("mt", None, ("stage1", 0.7))],
    ("xtune", TRANSFER): [STAGE1_R1, FULL],
    ("xtune", TRANSLATE): [STAGE1_R1, FULL],
    ("xtune-no-stopgrad", TRANSFER): [
        (None, ("cs", 1.5, False, False), None),
        ("mt", ("ss", 1.5, False, False), ("stage1", 0.7)),
    ],
    ("xtune-no-stopgrad", TRANSLATE): [
        (None, ("cs", 1.5, False, False), None),
        ("mt", ("ss", 1.5, False, False), ("stage1", 0.7)),
    ],
    ("r-drop", TRANSFER): [(None, ("identity", 0.25, False, True), None)],
    ("r-drop", TRANSLATE): [(None, ("identity", 0.25, False, True), None)],
    **{
        (method, setting): [(None, ("gn", 0.35, False, False), None)]  # the noisy half has no label
        for method in ("r3f", "r4f")
        for setting in (TRANSFER, TRANSLATE)
    },
}


def recipe(**values: Any) -> Any:
    consistency = {"lambda1": 1.5, "lambda2": 0.7, "lambda_r_drop": 0.25, "lambda_r3f": 0.35}
    return parse_recipe({"task": "text-classification", "model": "m", "consistency": consistency, **values})


def as_row(stage: Stage) -> tuple[Any, ...]:
    r1 = stage.r1 and (stage.r1.augmentation, stage.r1.weight, stage.r1.stop_gradient, stage.r1.task_on_partner)
    return stage.augmentation, r1, stage.r2 and (stage.r2.teacher, stage.r2.weight)


@pytest.mark.parametrize(("method", "setting"), TABLE)
def test_stages_of_each_method_in_each_setting(method: str, setting: str) -> None:
    stages = stages_of(recipe(method=method, setting=setting), AUGMENTATION)
    assert [as_row(stage) for stage in stages] == TABLE[method, setting]
    assert [stage.name for stage in stages] == ["stage1", "stage2"][: len(stages)]


def test_one_method_alone_normalises_the_head() -> None:
    made = {method: stages_of(recipe(method=method), AUGMENTATION) for method in METHODS}
    assert [method for method, stages in made.items() if any(stage.spectral_norm for stage in stages)] == ["r4f"]


def test_the_table_is_complete() -> None:
    assert {method for method, _ in TABLE} == set(METHODS)


def test_unknown_methods() -> None:
    with pytest.raises(InputError, match="did you mean 'xtune'"):
        stages_of(recipe(method="xtunes"), AUGMENTATION)


@pytest.mark.parametrize(
    ("method", "setting", "slots"),
    [
        ("data-augmentation", TRANSFER, ["data"]),
        ("r1", TRANSFER, ["stage1"]),
        ("r1", TRANSLATE, ["data", "consistency"]),
        ("r2", TRANSFER, ["data"]),
        ("xtune", TRANSFER, ["stage1", "data", "consistency"]),
        ("xtune-no-stopgrad", TRANSFER, ["stage1", "data", "consistency"]),
        ("plain", TRANSFER, []),
        ("r-drop", TRANSFER, []),
        ("r4f", TRANSFER, []),
    ],
)
def test_each_method_asks_for_the_augmentations_that_it_needs(method: str, setting: str, slots: list[str]) -> None:
    needed = dict.fromkeys(slots, "ss")
    assert stages_of(recipe(method=method, setting=setting), AugmentationConfig(**needed))
    for slot in slots:
        with pytest.raises(InputError) as failure:
            stages_of(recipe(method=method, setting=setting), AugmentationConfig(**{**needed, slot: None}))
        assert failure.value.field == f"augmentation.{slot}"
