"""R3F and R4F: what a step's losses are, and that a run that is killed ends as one that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline, set_seed

from tests import toy
from tests.invariant.runs import log_of, losses, make_setup, weights
from tests.unit.consistency.by_hand import cross_entropy, symmetric
from xtune.augment.compose import generator_for
from xtune.augment.noise import GaussianNoise
from xtune.schema import Example, Text, View
from xtune.training.trainer import XTuneTrainer
from xtune.views.noise import draw_noise

LABELS = sorted(toy.THINGS)


class Killed(Exception):
    """Stands for the end of the process."""


def by_hand(folder: Path, method: str, kind: Any, eps: float) -> tuple[float, float]:
    """Task loss and symmetric KL of all training examples, one text at a time, through `inputs_embeds`."""
    set_seed(1)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(LABELS)).eval()
    if method == "r4f":
        head = model.classifier.out_proj.weight
        head.data /= float(np.linalg.svd(head.detach().numpy(), compute_uv=False)[0])
    tokenizer, clean, noisy, gold = AutoTokenizer.from_pretrained(folder), [], [], []
    for number, ((text,), label) in enumerate(toy.rows(21)):
        embeddings = model.get_input_embeddings()(tokenizer(text, return_tensors="pt").input_ids)
        rng = generator_for(1, "stage1", 0, str(number), "consistency None")
        noise = GaussianNoise(kind, eps)(View(Example(str(number), "en", (Text.from_string(text),))), rng).noise
        assert noise is not None
        clean.append(model(inputs_embeds=embeddings).logits[0])
        noisy.append(model(inputs_embeds=embeddings + draw_noise(noise, *embeddings.shape[1:])).logits[0])
        gold.append(LABELS.index(label))
    p, q = (torch.stack(rows).detach().double().numpy() for rows in (clean, noisy))
    return cross_entropy(p, gold) / len(gold), float(symmetric(p, q).mean())


@pytest.mark.parametrize(("method", "kind"), [("r3f", "normal"), ("r3f", "uniform"), ("r4f", "normal")])
def test_the_losses_are_those_of_the_formula(
    tiny_model: Callable[[str], Path], tmp_path: Path, method: str, kind: str
) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    keys = {"method": method, "consistency.lambda_r3f": 0.7, "gaussian_noise.kind": kind, "gaussian_noise.eps": 0.5}
    once = {"train.per_device_train_batch_size": 21, "train.max_steps": 1}
    (step,) = losses(setup.fit("run", **keys, **once))
    task, divergence = by_hand(tmp_path / "model", method, kind, 0.5)
    assert divergence > 1e-3
    assert step["task"] == pytest.approx(task, rel=1e-4)
    assert step["r1"] == pytest.approx(0.7 * divergence, rel=1e-4)


def test_r4f_killed_at_a_step_ends_the_same_and_leaves_a_plain_model(
    tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=True)
    keys = {"method": "r4f", "train.save_strategy": "steps", "train.save_steps": 2}
    setup.fit("whole", **keys)
    real = XTuneTrainer.compute_loss

    def fatal(trainer: XTuneTrainer, *args: Any, **options: Any) -> Any:
        if trainer.state.global_step == 3:
            raise Killed
        return real(trainer, *args, **options)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(XTuneTrainer, "compute_loss", fatal)
        setup.fit("killed", **keys)
    assert [path.name for path in (tmp_path / "killed" / "stage1").glob("checkpoint-*")] == ["checkpoint-2"]
    setup.fit("killed", **keys)
    assert log_of(tmp_path / "killed") == log_of(tmp_path / "whole")
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")

    folder = tmp_path / "whole" / "model"
    model, loading = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    assert torch.linalg.matrix_norm(model.classifier.out_proj.weight, 2).item() == pytest.approx(1, abs=1e-5)
    said = pipeline("text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(folder))
    submitted = (tmp_path / "whole" / "predictions" / "text-classification" / "dev-de.tsv").read_text("utf-8").split()
    texts = [text for (text,), _ in toy.into("de", toy.rows(9, seed=1))]
    assert [each["label"] for each in said(texts)] == submitted
