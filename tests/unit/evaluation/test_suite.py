from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from tests.tiny import SENTENCES
from xtune.evaluation.suite import average, evaluate_language, transfer_gap
from xtune.schema import Example, Text
from xtune.tasks.classification import Classification
from xtune.views.encode import Encoder


def scores(**accuracies: float) -> dict[str, dict[str, float]]:
    return {language: {"accuracy": value, "f1": value / 2} for language, value in accuracies.items()}


def test_the_average_is_the_plain_mean_over_languages_with_the_source_among_them() -> None:
    assert average(scores(en=90.0, de=80.0, sw=40.0)) == pytest.approx({"accuracy": 70.0, "f1": 35.0})
    assert average(scores(de=80.0)) == {"accuracy": 80.0, "f1": 40.0}
    assert average({}) == {}


def test_the_gap_is_the_source_minus_the_mean_of_the_others() -> None:
    assert transfer_gap(scores(de=80.0, en=90.0, sw=40.0), "en") == pytest.approx({"accuracy": 30.0, "f1": 15.0})
    assert transfer_gap(scores(de=80.0, en=70.0), "en") == pytest.approx({"accuracy": -10.0, "f1": -5.0})
    assert transfer_gap(scores(en=90.0), "en") == {}
    assert transfer_gap(scores(de=80.0, sw=40.0), "en") == {}


def test_examples_without_annotation_are_predicted_and_not_scored(tiny_model: Callable[[str], Path]) -> None:
    torch.manual_seed(0)
    task = Classification("text-classification", ("x", "y"))
    folder = tiny_model("xlm-roberta")
    model, encoder = task.load_model(str(folder)), Encoder(AutoTokenizer.from_pretrained(folder), 48)
    lines = SENTENCES["en"]
    bare = [Example(str(n), "en", (Text.from_string(line),)) for n, line in enumerate(lines)]
    result = evaluate_language(model, encoder, task, bare, 4)
    assert result.scores == {}
    assert len(result.predictions) == len(lines)
    said = [prediction.label for prediction in result.predictions]
    other = {"x": "y", "y": "x"}
    # Three right and one wrong among four that are annotated, whatever the model says.
    targets = [said[0], said[1], said[2], other[said[3]], *[None] * (len(lines) - 4)]
    annotated = [Example(item.id, "en", item.texts, target) for item, target in zip(bare, targets, strict=True)]
    again = evaluate_language(model, encoder, task, iter(annotated), 7)  # type: ignore[arg-type]
    assert again.scores == {"accuracy": 75.0}
    assert [prediction.label for prediction in again.predictions] == said
    for prediction in again.predictions:
        assert max(prediction.probabilities, key=prediction.probabilities.__getitem__) == prediction.label
        assert list(prediction.probabilities) == ["x", "y"]
