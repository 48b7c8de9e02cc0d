"""Runs that are killed at the very end of an epoch or of a stage, where a resumption has nothing or little to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.invariant.runs import Setup, log_of, make_setup, weights
from xtune.runs import stage
from xtune.training.trainer import XTuneTrainer


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def setup(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Three steps an epoch, one stage."""
    made = make_setup(tiny_model("xlm-roberta"), tmp_path_factory.mktemp("ends"), dropout=True)
    return Setup(made.folder, {**made.keys, "method": "plain"})


def killed(setup: Setup, name: str, owner: Any, function: str, at_step: int, **keys: Any) -> Path:
    """A run that dies where a function is called at a step, and is started again."""
    real = getattr(owner, function)

    def fatal(trainer: XTuneTrainer, *args: Any, **options: Any) -> Any:
        if trainer.state.global_step == at_step:
            raise Killed
        return real(trainer, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, function, fatal)
        with pytest.raises(Killed):
            setup.fit(name, **keys)
    return setup.fit(name, **keys)


@pytest.mark.parametrize("ends", [{"train.max_steps": 5}, {"train.num_train_epochs": 1.5}, {}])
def test_a_stage_that_was_trained_is_not_trained_on(setup: Setup, ends: dict[str, Any]) -> None:
    """Its last step may be within an epoch."""
    name = "-".join(map(str, ends.values())) or "whole-epochs"
    keys = {"train.save_strategy": "steps", "train.save_steps": 1, **ends}
    whole = setup.fit(name, **keys)
    last = log_of(whole)[-1]["step"]
    again = killed(setup, f"{name}-killed", stage, "_finish", last, **keys)
    assert log_of(again) == log_of(whole)
    assert weights(again) == weights(whole)


def test_the_evaluation_at_the_end_of_an_epoch_is_never_missed(setup: Setup) -> None:
    keys = {"train.save_strategy": "steps", "train.save_steps": 3, "train.eval_strategy": "epoch"}
    whole = setup.fit("evaluated", **keys)
    evaluated = [line["step"] for line in log_of(whole) if "eval_selection" in line]
    assert evaluated == [3, 6]
    again = killed(setup, "evaluated-killed", XTuneTrainer, "evaluate", 3, **keys)
    assert log_of(again) == log_of(whole)
    assert weights(again) == weights(whole)


def test_frequent_evaluations_keep_few_weights(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the best weights, and those that the newest checkpoint says were best."""
    scores = iter(range(100))
    kept: list[int] = []
    real = XTuneTrainer._determine_best_metric

    def ever_better(trainer: XTuneTrainer, metrics: dict[str, float], trial: Any) -> bool:
        better = real(trainer, {**metrics, "eval_selection": float(next(scores))}, trial)
        kept.append(len(list(Path(trainer.args.output_dir).glob("selected-*"))))
        return better

    monkeypatch.setattr(XTuneTrainer, "_determine_best_metric", ever_better)
    setup.fit("frequent", **{"train.eval_strategy": "steps", "train.eval_steps": 1, "train.save_strategy": "epoch"})
    assert kept[:6] == [1, 1, 1, 2, 2, 2]
