"""What a run said of each example, as it left it in `predictions/{split}-{lang}.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xtune.errors import InputError
from xtune.schema import Kind

REMEDY = "remove the run's results.json, and the same command predicts anew"


@dataclass(frozen=True, slots=True)
class Said:
    """One example.

    Args:
        id: The example's; translations of it have the same one.
        gold: What is right: a label, a tag a word, or an answer with `text` and `alternatives`; None: not known.
        prediction: A label, a tag a word, or an answer.
        probabilities: Of each label; of a word's tag, word by word; of an answer the best others.
    """

    id: str
    gold: Any
    prediction: Any
    probabilities: Any = None

    @property
    def kind(self) -> Kind:
        """The kind of task that it is of."""
        if isinstance(self.prediction, list):
            return "tagging"
        return "span" if isinstance(self.gold, Mapping) else "classification"

    @property
    def answers(self) -> tuple[str, ...]:
        """All answers that are right."""
        return (str(self.gold["text"]), *map(str, self.gold.get("alternatives") or ()))


def read_said(path: Path) -> tuple[Said, ...]:
    """All examples of a file of predictions, in its order.

    Raises:
        InputError: It is not there, or not what a run leaves.
    """
    try:
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return tuple(Said(str(row["id"]), row["gold"], row["prediction"], row["probabilities"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise InputError(f"these are no predictions: {failure}", file=path, remedy=REMEDY) from None
