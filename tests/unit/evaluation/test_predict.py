from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from tests.tiny import FAMILIES, SENTENCES
from xtune.evaluation.predict import predict_logits, predict_outputs
from xtune.schema import Example, Noise, Text, View
from xtune.tasks.classification import Classification
from xtune.views.encode import Encoder

TASK = Classification("text-pair", ("x", "y", "z"))


@pytest.fixture(params=FAMILIES)
def model_dir(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Path:
    return tiny_model(request.param)


@pytest.fixture
def model(model_dir: Path) -> Any:
    torch.manual_seed(1)
    return TASK.load_model(str(model_dir))


@pytest.fixture
def encoder(model_dir: Path) -> Encoder:
    return Encoder(AutoTokenizer.from_pretrained(model_dir), 48)


def examples() -> list[Example]:
    """Short and long ones mixed, among them two of the same length and two that are the same."""
    lines = [line for language in ("en", "th", "ar") for line in SENTENCES[language][:4]]
    pairs = [*zip(lines, lines[5:] + lines[:5], strict=True), ("a", "b"), ("b", "a"), (lines[0], ""), ("a", "b")]
    return [Example(str(n), "en", tuple(map(Text.from_string, texts))) for n, texts in enumerate(pairs)]


def logits_of(model: Any, encoder: Encoder, views: list[Any], batch_size: int) -> np.ndarray:
    """`[views, outcomes]`."""
    found = predict_logits(model, encoder, TASK.reading, [(view, [(0,)]) for view in views], batch_size)
    return np.concatenate(found) if found else np.empty((0, 3))


def probabilities_of(model: Any, encoder: Encoder, some: list[Example], batch_size: int = 64) -> np.ndarray:
    """`[examples, outcomes]`."""
    return np.concatenate(predict_outputs(model, encoder, TASK, some, batch_size))


def test_logits_do_not_depend_on_the_batch_size_and_keep_the_order(model: Any, encoder: Encoder) -> None:
    views = [encoder(View(item, noise=Noise("normal", 0.2, n))) for n, item in enumerate(examples())]
    alone = np.concatenate([logits_of(model, encoder, [view], 1) for view in views])
    assert alone.shape == (len(views), 3)
    assert np.abs(alone[:, None] - alone[None]).max(-1)[~np.eye(len(views), dtype=bool)].min() > 1e-5  # all differ
    for batch_size in (2, 5, 100):
        np.testing.assert_allclose(logits_of(model, encoder, views, batch_size), alone, atol=1e-5)
    turned = logits_of(model, encoder, views[::-1], 4)
    np.testing.assert_allclose(turned[::-1], alone, atol=1e-5)


def test_logits_are_those_of_the_plain_model(model: Any, encoder: Encoder, model_dir: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    some = [item for item in examples() if item.texts[1].text]
    found = logits_of(model, encoder, [encoder(View(item)) for item in some], 3)
    model.eval()
    for item, row in zip(some, found, strict=True):
        inputs = tokenizer(*(text.text for text in item.texts), truncation=True, max_length=48, return_tensors="pt")
        with torch.no_grad():
            np.testing.assert_allclose(row, model(**inputs).logits[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_prediction_is_without_dropout_and_gives_the_mode_back(model: Any, encoder: Encoder, training: bool) -> None:
    views = [encoder(View(item)) for item in examples()[:3]]
    model.train(training)
    first, second = logits_of(model, encoder, views, 2), logits_of(model, encoder, views, 2)
    assert np.array_equal(first, second)
    assert model.training is training
    model.forward = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        logits_of(model, encoder, views, 2)
    assert model.training is training


def test_no_view_no_logits(model: Any, encoder: Encoder) -> None:
    assert len(logits_of(model, encoder, [], 8)) == 0


def test_probabilities_are_the_softmax_of_the_logits(model: Any, encoder: Encoder) -> None:
    logits = logits_of(model, encoder, [encoder(View(item)) for item in examples()], 8).astype(np.float64)
    found = probabilities_of(model, encoder, examples(), 3)
    np.testing.assert_allclose(found, np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-12)


def test_large_logits_do_not_overflow(model: Any, encoder: Encoder) -> None:
    with torch.no_grad():
        for parameter in model.classifier.parameters():
            parameter.mul_(1e6)
    found = probabilities_of(model, encoder, examples()[:4])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(-1), 1)
