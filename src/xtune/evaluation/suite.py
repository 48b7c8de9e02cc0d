"""Scores of a model over the languages of a task, and what they sum up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xtune.evaluation.predict import predict_outputs
from xtune.schema import Example
from xtune.tasks.task import Prediction, Task
from xtune.views.encode import Encoder

Scores = dict[str, dict[str, float]]
"""Language to metric to percent."""


@dataclass(frozen=True)
class LanguageResult:
    """What a model said of one language's examples, and its scores; no scores where there is no annotation."""

    examples: Sequence[Example]
    predictions: Sequence[Prediction]
    scores: dict[str, float]


def evaluate_language(
    model: Any, encoder: Encoder, task: Task, examples: Iterable[Example], batch_size: int = 64
) -> LanguageResult:
    """Predict and score one language. Examples without annotation are predicted, not scored."""
    examples = list(examples)
    predictions = task.decode(examples, predict_outputs(model, encoder, task, examples, batch_size))
    known = [(e, p) for e, p in zip(examples, predictions, strict=True) if e.target is not None]
    scores = task.score([e for e, _ in known], [p for _, p in known]) if known else {}
    return LanguageResult(examples, predictions, scores)


def evaluate_languages(
    model: Any, encoder: Encoder, task: Task, sets: Mapping[str, Iterable[Example]], batch_size: int = 64
) -> dict[str, LanguageResult]:
    """The same of several sets, by language or by pair of languages."""
    return {name: evaluate_language(model, encoder, task, examples, batch_size) for name, examples in sets.items()}


def average(scores: Scores) -> dict[str, float]:
    """The plain mean over languages, the source included, as the paper reports.

    >>> average({"en": {"accuracy": 80.0}, "de": {"accuracy": 70.0}})
    {'accuracy': 75.0}
    """
    metrics = list(next(iter(scores.values()), {}))
    return {name: sum(row[name] for row in scores.values()) / len(scores) for name in metrics}


def transfer_gap(scores: Scores, source_language: str) -> dict[str, float]:
    """The source's score minus the mean of the others (paper, appendix E); empty where one side is missing.

    >>> transfer_gap({"en": {"accuracy": 80.0}, "de": {"accuracy": 70.0}}, "en")
    {'accuracy': 10.0}
    """
    others = {language: row for language, row in scores.items() if language != source_language}
    if source_language not in scores or not others:
        return {}
    mean = average(others)
    return {name: value - mean[name] for name, value in scores[source_language].items()}
