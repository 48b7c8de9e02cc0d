"""What each example of a test set adds to a score, read from the predictions that a run left.

Every metric that is compared is 100 · Σ gained / Σ possible over examples, which also serves where a corpus's score is
no mean over examples: the F1 of entities is 2 · right / (predicted + annotated).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xtune.errors import InputError
from xtune.evaluation.said import REMEDY, read_said
from xtune.metrics import METRICS_OF, Normalise, answer_scores, entities, normalise_squad
from xtune.schema import Kind

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """One test set in one run.

    Args:
        ids: Of the examples; in their order where each has one of its own.
        gained: What each adds above the line: `[examples]`.
        possible: What it adds below: `[examples]`.
        test_set: A digest of ids and annotation, the same whatever was predicted.
    """

    ids: tuple[str, ...]
    gained: Values
    possible: Values
    test_set: str

    @property
    def score(self) -> float:
        """In percent."""
        return float(100 * ratio(self.gained.sum(), self.possible.sum()))


def ratio(gained: Any, possible: Any) -> Any:
    """Their quotient, 0 where nothing was possible, as the metrics have it."""
    return np.divide(gained, possible, out=np.zeros_like(np.asarray(gained, float)), where=np.asarray(possible) > 0)


def read_counts(path: Path, kind: Kind, metric: str, normalise: Normalise = normalise_squad) -> Counts:
    """The counts of a file `predictions/{split}-{language}.jsonl`; examples without annotation are left out.

    Args:
        path: The file.
        kind: Of the task.
        metric: One of the kind's metrics.
        normalise: How answers are compared; see `xtune.metrics.normaliser`.

    Raises:
        InputError: The file is not there or not what a run leaves, or no such metric is a sum over examples.
    """
    if metric not in METRICS_OF[kind]:
        remedy = f"one of {', '.join(METRICS_OF[kind])}"
        raise InputError(f"'{metric}' is no sum over examples", field="selection.metric", remedy=remedy)
    count = _questions(metric, normalise) if kind == "span" else _SENTENCE[metric] if kind == "tagging" else _label
    rows = [said for said in read_said(path) if said.gold is not None]
    if not rows:
        raise InputError("there is no annotated example", file=path, remedy=REMEDY)
    if len({said.id for said in rows}) == len(rows):
        rows.sort(key=lambda said: said.id)
    try:
        found = np.array([count(said.gold, said.prediction) for said in rows], float)
    except (ValueError, KeyError, TypeError) as failure:
        raise InputError(f"these are no predictions of {kind}: {failure}", file=path, remedy=REMEDY) from None
    digest = hashlib.sha256(json.dumps([[said.id, said.gold] for said in rows]).encode()).hexdigest()
    return Counts(tuple(said.id for said in rows), found[:, 0], found[:, 1], digest)


def _label(gold: str, prediction: str) -> tuple[float, float]:
    return float(gold == prediction), 1.0


def _words(gold: list[str], prediction: list[str]) -> tuple[float, float]:
    return float(sum(g == p for g, p in zip(gold, prediction, strict=True))), float(len(gold))


def _entities(gold: list[str], prediction: list[str]) -> tuple[int, int, int]:
    """How many entities of a sentence are right, annotated and predicted; none reaches into the next sentence."""
    right, found = entities([gold]), entities([prediction])
    return len(right & found), len(right), len(found)


def _f1(gold: list[str], prediction: list[str]) -> tuple[float, float]:
    right, annotated, predicted = _entities(gold, prediction)
    return 2.0 * right, float(annotated + predicted)


def _precision(gold: list[str], prediction: list[str]) -> tuple[float, float]:
    right, _, predicted = _entities(gold, prediction)
    return float(right), float(predicted)


def _recall(gold: list[str], prediction: list[str]) -> tuple[float, float]:
    right, annotated, _ = _entities(gold, prediction)
    return float(right), float(annotated)


_SENTENCE: dict[str, Callable[[list[str], list[str]], tuple[float, float]]] = {
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "accuracy": _words,
}


def _questions(metric: str, normalise: Normalise) -> Callable[[Mapping[str, Any], str], tuple[float, float]]:
    def count(gold: Mapping[str, Any], prediction: str) -> tuple[float, float]:
        references = (gold["text"], *gold.get("alternatives", ()))
        return answer_scores([("", references)], {"": prediction}, normalise)[metric] / 100, 1.0

    return count
