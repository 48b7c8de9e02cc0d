from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xtune.errors import InputError
from xtune.training.arguments import DEFAULTS, OURS, training_arguments


def made(values: dict[str, Any], evaluates: bool = True) -> Any:
    return training_arguments(values, output_dir=Path("out"), seed=7, evaluates=evaluates)


def refused(values: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as failure:
        made(values)
    return failure.value


def test_fields_are_transformers_own() -> None:
    arguments = made({"learning_rate": 3e-5, "num_train_epochs": 2, "gradient_accumulation_steps": 4, "use_cpu": True})
    assert (arguments.learning_rate, arguments.num_train_epochs) == (3e-5, 2)
    assert arguments.gradient_accumulation_steps == 4
    assert (arguments.seed, Path(arguments.output_dir)) == (7, Path("out"))
    assert arguments.remove_unused_columns is False  # else a Row would lose all that the losses need
    assert arguments.logging_nan_inf_filter is False  # a loss that is not a number must be seen
    assert arguments._n_gpu <= 1


def test_defaults_can_be_set_otherwise_and_ours_cannot() -> None:
    assert made({}).eval_strategy == DEFAULTS["eval_strategy"] == "epoch"
    assert made({"eval_strategy": "steps", "eval_steps": 5}).eval_strategy == "steps"
    assert made({"logging_steps": 3}).logging_steps == 3
    assert made({"report_to": "none"}).report_to == []


@pytest.mark.parametrize("schedule", ["reduce_lr_on_plateau", "greedy"])
def test_schedules_that_a_resumed_run_could_not_follow(schedule: str) -> None:
    assert refused({"lr_scheduler_type": schedule}).field == "train.lr_scheduler_type"
    assert made({"lr_scheduler_type": "cosine"}).lr_scheduler_type == "cosine"


def test_sharded_training_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xtune.training.arguments.SHARDED", (made({}).distributed_state.distributed_type,))
    assert "DDP" in refused({}).remedy


def test_without_selection_nothing_is_evaluated() -> None:
    assert made({"eval_strategy": "steps", "eval_steps": 5}, evaluates=False).eval_strategy == "no"


@pytest.mark.parametrize("name", OURS)
def test_what_xtune_sets_itself(name: str) -> None:
    failure = refused({name: 1})
    assert failure.field == f"train.{name}"
    assert failure.remedy == OURS[name]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("learning_rat", "learning_rate"), ("num_epochs", "num_train_epochs"), ("warmup_step", "warmup_steps")],
)
def test_unknown_fields(name: str, meant: str) -> None:
    failure = refused({name: 1})
    assert failure.field == f"train.{name}"
    assert f"did you mean '{meant}'?" in str(failure)


@pytest.mark.parametrize(
    "values",
    [
        {"eval_strategy": "sometimes"},
        {"lr_scheduler_type": "sideways"},
        {"save_strategy": "always"},
        {"optim": "newton"},
        {"label_names": ["x"]},
    ],
)
def test_values_that_transformers_refuses(values: dict[str, Any]) -> None:
    failure = refused(values)
    assert failure.field is not None and failure.field.startswith("train")
    assert failure.remedy


@pytest.mark.parametrize(
    "values",
    [
        {"per_device_train_batch_size": 0},
        {"gradient_accumulation_steps": 0},
        {"learning_rate": "fast"},
        {"num_train_epochs": "two"},
    ],
)
def test_values_that_transformers_takes_and_cannot_use(values: dict[str, Any]) -> None:
    assert refused(values).remedy
