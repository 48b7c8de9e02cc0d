"""Metrics, in percent as the paper prints them: pure functions of what is right and what was predicted.

Each computes, to the last digit, what the scorer computes that XTREME and the paper use for its tasks.
"""

from __future__ import annotations

from xtune.metrics.answers import Normalise, answer_scores, normalise_mlqa, normalise_squad, normaliser
from xtune.metrics.labels import METRICS, accuracy
from xtune.metrics.pairs import f1_scores, pair_scores
from xtune.metrics.tagging import TAG_METRICS, entities, entity_scores, tag_accuracy, tag_scores

METRICS_OF = {"classification": tuple(METRICS), "tagging": TAG_METRICS, "span": ("exact_match", "f1")}
"""The names of the metrics of each kind of task."""

__all__ = [
    "METRICS",
    "METRICS_OF",
    "TAG_METRICS",
    "Normalise",
    "accuracy",
    "answer_scores",
    "entities",
    "entity_scores",
    "f1_scores",
    "normalise_mlqa",
    "normalise_squad",
    "normaliser",
    "pair_scores",
    "tag_accuracy",
    "tag_scores",
]
