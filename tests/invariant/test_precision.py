"""Which precision the models of a run compute in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from tests.invariant.runs import make_setup
from xtune.tasks.classification import Classification
from xtune.training.teacher import Teacher
from xtune.training.trainer import XTuneTrainer

BOTH_WAYS = {"resample": "once", "consistency.rows": "all"}  # the teacher is asked beforehand where nothing changes


@pytest.mark.parametrize("beforehand", [True, False])
def test_the_teacher_computes_as_the_student_does(
    beforehand: bool, tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, list[bool]] = {"precompute": [], "logits": []}

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*args: Any, **options: Any) -> Any:
            asked[name].append(torch.is_autocast_enabled("cpu"))
            return real(*args, **options)

        monkeypatch.setattr(owner, name, watched)

    watch(Teacher, "precompute")
    watch(Teacher, "logits")
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    setup.fit("run", augmentation="cs", **{"train.bf16": True, **(BOTH_WAYS if beforehand else {})})
    assert asked["precompute"] == [True]
    assert bool(asked["logits"]) is not beforehand
    assert all(asked["logits"])


def test_a_checkpoint_in_half_precision_is_trained_in_single(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    folder = Path(setup.keys["model"])
    AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3).half().save_pretrained(folder)
    assert AutoModelForSequenceClassification.from_pretrained(folder).dtype is torch.float16  # what it would be
    task = Classification("toy", ("a", "b", "c"))
    assert task.load_model(str(folder)).dtype is torch.float32
    assert task.load_model(str(folder), dtype="float16").dtype is torch.float16
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        real = XTuneTrainer.__init__

        def watched(trainer: XTuneTrainer, model: Any, *args: Any, **options: Any) -> None:
            seen.append(model.dtype)
            real(trainer, model, *args, **options)

        patch.setattr(XTuneTrainer, "__init__", watched)
        setup.fit("run", method="plain", **{"train.max_steps": 1})
    assert seen == [torch.float32]
