"""What a run said of each example, as far as it can be read, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xtune.errors import InputError
from xtune.evaluation.said import Said, read_said
from xtune.metrics import Normalise, entities


def read_predictions(folder: Path, split: str, language: str) -> tuple[Said, ...]:
    """The predictions of a language, in the file's order; none where there is no file that can be read.

    Args:
        folder: The run's.
        split: `dev` or `test`.
        language: Its code.
    """
    try:
        return read_said(folder / "predictions" / f"{split}-{language}.jsonl")
    except InputError:
        return ()


def is_right(said: Said, normalise: Normalise) -> bool:
    """Whether a prediction is wholly right: the label, every tag, or one of the answers.

    >>> from xtune.metrics import normalise_squad
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
