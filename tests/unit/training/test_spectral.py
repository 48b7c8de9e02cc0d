"""A head with a normalised output layer: of norm 1 while it is trained, and plain when it is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from tests.tiny import FAMILIES
from xtune.errors import InputError
from xtune.training.spectral import normalise_head, output_layer, plain_state

HEADS = {
    "classification": AutoModelForSequenceClassification,
    "tagging": AutoModelForTokenClassification,
    "span": AutoModelForQuestionAnswering,
}
CASES = [(family, kind) for family in ("xlm-roberta", "bert") for kind in HEADS]
CASES += [(family, "classification") for family in FAMILIES if family not in ("xlm-roberta", "bert")]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def model(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Any:
    family, kind = request.param
    torch.manual_seed(3)
    return HEADS[kind].from_pretrained(tiny_model(family), num_labels=2 if kind == "span" else 5)


def answer(model: Any, seed: int = 0) -> Any:
    ids = torch.randint(10, 50, (3, 7), generator=torch.Generator().manual_seed(seed))
    outputs = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    return outputs.logits if "logits" in outputs else torch.stack([outputs.start_logits, outputs.end_logits])


def test_the_output_layer_is_what_the_logits_come_from(model: Any) -> None:
    seen = []
    handle = output_layer(model).register_forward_hook(lambda *args: seen.append(args[-1]))
    logits = answer(model.eval())
    handle.remove()
    (out,) = seen
    assert out.shape[-1] == model.num_labels and torch.isin(logits, out).all()


def test_the_norm_is_one_while_it_is_trained(model: Any, tmp_path: Path) -> None:
    normalise_head(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    before = output_layer(model).weight.detach().numpy().copy()
    for step in range(3):
        answer(model.train(), step).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    weight = output_layer(model).weight.detach().numpy()
    assert not np.allclose(weight, before)
    assert np.linalg.svd(weight, compute_uv=False)[0] == pytest.approx(1, abs=1e-5)

    expected = answer(model.eval())
    model.save_pretrained(tmp_path, state_dict=plain_state(model))
    plain, loading = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(loading.values())
    assert type(output_layer(plain)) is nn.Linear
    assert torch.equal(answer(plain.eval()), expected)


def test_a_model_without_is_saved_as_it_is(tiny_model: Callable[[str], Path]) -> None:
    assert plain_state(AutoModelForTokenClassification.from_pretrained(tiny_model("bert"))) is None


def test_a_head_that_is_not_linear(tiny_model: Callable[[str], Path]) -> None:
    model = AutoModelForTokenClassification.from_pretrained(tiny_model("bert"))
    model.classifier = nn.Sequential(nn.Conv1d(32, 2, 1))
    with pytest.raises(InputError, match="no linear output layer"):
        normalise_head(model)
