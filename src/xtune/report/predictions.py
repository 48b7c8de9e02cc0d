"""What a run said of each example, as it left it in `predictions/{split}-{lang}.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xtune.metrics import Normalise, entities, normalise_mlqa, normalise_squad
from xtune.schema import Kind


@dataclass(frozen=True, slots=True)
class Said:
    """One example.

    Args:
        id: The example's; translations of it have the same one.
        gold: What is right: a label, a tag a word, or an answer with `text` and `alternatives`; None: not known.
        prediction: A label, a tag a word, or an answer.
    """

    id: str
    gold: Any
    prediction: Any

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


def read_predictions(folder: Path, split: str, language: str) -> tuple[Said, ...]:
    """The predictions of a language, in the file's order; none where there is no file that can be read.

    Args:
        folder: The run's.
        split: `dev` or `test`.
        language: Its code.
    """
    try:
        with open(folder / "predictions" / f"{split}-{language}.jsonl", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return tuple(Said(str(row["id"]), row["gold"], row["prediction"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def normaliser(task: str, language: str) -> Normalise:
    """How a task's scorer compares answers: MLQA has its own way."""
    return normalise_mlqa(language) if task == "mlqa" else normalise_squad


def is_right(said: Said, normalise: Normalise) -> bool:
    """Whether a prediction is wholly right: the label, every tag, or one of the answers.

    >>> is_right(Said("0", {"text": "the Rhine", "alternatives": []}, "Rhine"), normalise_squad)
    True
    """
    if said.kind == "span":
        return normalise(str(said.prediction)) in map(normalise, said.answers)
    return bool(said.gold == said.prediction)


def in_words(value: Any, words: Sequence[str] | None = None) -> str:
    """A label, tags or an answer as text; of tagged entities, where the words are known, which they are.

    >>> in_words(["B-PER", "I-PER", "O", "B-LOC"], ["Ada", "King", "saw", "Bath"])
    'PER: Ada King; LOC: Bath'
    >>> in_words(["DET", "NOUN"]), in_words({"text": "1815"}), in_words("")
    ('DET NOUN', '1815', '(no answer)')
    """
    if isinstance(value, Mapping):
        value = value["text"]
    if not isinstance(value, list):
        return str(value) or "(no answer)"
    prefixed = all(tag == "O" or tag[1:2] == "-" for tag in value)
    if words is None or len(words) != len(value) or not prefixed:
        return " ".join(map(str, value))
    found = sorted(entities([value]), key=lambda entity: entity[1])
    return "; ".join(f"{kind}: {' '.join(words[start : end + 1])}" for kind, start, end in found) or "(none)"
