"""Costs against a count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from xtune.errors import InputError
from xtune.reproduce.cost import Cost, Device, cost, dataset_of, device, tokens_of
from xtune.reproduce.plans import DATASETS
from xtune.reproduce.variants import Variant

BODY = 12 * (12 * 768**2 + 13 * 768)  # XLM-R base: weights and biases of its layers
XNLI = 29.9 * 1.3 + 4  # tokens of a pair


def of(recipe: str, method: str, size: str = "base", **keys: Any) -> Cost:
    return cost(Variant(recipe, method, {"method": method, **keys}), size)


def test_the_weights_are_those_of_the_architecture() -> None:
    large = 24 * (12 * 1024**2 + 13 * 1024)
    ratio = of("xnli-transfer-base", "plain", "large").training / of("xnli-transfer-base", "plain").training
    assert ratio == pytest.approx(large / BODY)


def test_plain_fine_tuning_is_ten_passes_over_d_and_eleven_looks_at_dev() -> None:
    found = of("xnli-transfer-base", "plain")
    assert found.training == pytest.approx(6 * BODY * XNLI * 392_702 * 10)
    assert found.teacher == 0
    assert found.evaluation == pytest.approx(2 * BODY * XNLI * (10 * 37_350 + 37_350 + 75_150))
    assert found.passes == pytest.approx(12 * (392_702 * 10 / 32 * 3 + (11 * 37_350 + 75_150) / 64))
    assert found.disk == 2 * 4 * 278_043_648  # the stage's model, and the result


def test_r1_has_two_views_and_with_translations_twice_the_rows() -> None:
    plain = of("xnli-transfer-base", "plain").training
    assert of("xnli-transfer-base", "r1").training == pytest.approx(2 * plain)
    assert of("xnli-translate-base", "data-augmentation").training == pytest.approx(2 * plain)
    assert of("xnli-translate-base", "r1").training == pytest.approx(4 * plain)


def test_xtune_is_r1_on_d_then_r1_on_d_a_with_a_teacher_on_the_augmented_half() -> None:
    plain, found = of("xnli-transfer-base", "plain"), of("xnli-transfer-base", "xtune")
    assert found.training == pytest.approx((2 + 4) * plain.training)
    assert found.teacher == pytest.approx(plain.training / 3)  # forward alone, on as many rows as D has
    everywhere = of("xnli-transfer-base", "xtune", **{"consistency.rows": "all"})
    assert everywhere.teacher == pytest.approx(2 * found.teacher)
    assert found.disk == 3 * 4 * 278_043_648


def test_a_stage_that_goes_by_steps_and_a_dev_set_of_one_language() -> None:
    found = of("tydiqa-transfer-base", "r2")
    tokens = 103.7 * 1.3 + 4
    assert found.training == pytest.approx(6 * BODY * tokens * (3_696 * 20 + 5_000 * 32))
    looks = 20 + 5_000 * 32 / (2 * 3_696)
    assert found.evaluation == pytest.approx(2 * BODY * tokens * (looks * 440 + 440 + 5_077))


def test_keys_of_the_user_count() -> None:
    variant = Variant("xnli-transfer-base", "plain", {"method": "plain"})
    assert cost(variant, "base", ("train.num_train_epochs=1",)).training == pytest.approx(
        cost(variant, "base").training / 10
    )
    with pytest.raises(InputError, match="there is no such key"):
        cost(variant, "base", ("consistency.lamda1=1",))


def test_hours_are_those_of_the_slower_of_computing_and_launching() -> None:
    slow = Device("a device", "fp32", peak=1e12, used=0.5, launch=0.001)
    assert slow.hours(Cost(1.8e15, 0, 0, passes=0, disk=0)) == pytest.approx(1.0)
    assert slow.hours(Cost(1.8e15, 0, 0, passes=7_200_000, disk=0)) == pytest.approx(2.0)


def test_devices() -> None:
    assert device("h100", half=True).peak == pytest.approx(989.4e12)
    assert device("h100", half=False).peak == pytest.approx(66.9e12)
    assert device("cpu", half=False).launch == 0
    with pytest.raises(InputError, match="there is no device 'b100'"):
        device("b100", half=True)


def test_every_dataset_of_the_paper_is_counted() -> None:
    for name in DATASETS.values():
        row = dataset_of(name)
        assert row["source_dev"] <= row["dev"] and row["counted_on"]
        assert 10 < tokens_of(name) < 200
