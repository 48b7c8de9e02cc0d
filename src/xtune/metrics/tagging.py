"""A tag a word: entities of PAN-X, parts of speech of UD-POS.

XTREME and the paper score both with seqeval 0.0.12, and so does this module, rule by rule. Tags of entities begin with
their place in the entity (B, I, E, S; O outside) and end with its type. A part of speech has no such prefix, but its
first letter is read as one, with these effects: a run of one tag (NOUN NOUN) is one entity, right or wrong as a whole;
tags that begin with S (SCONJ, SYM) stay apart. The F1 of parts of speech in XTREME's and the paper's tables is this
one. Later versions of seqeval find other runs, and other scores. `tag_accuracy` counts words.
"""

from __future__ import annotations

from collections.abc import Sequence

from xtune.metrics.labels import accuracy
from xtune.metrics.pairs import f1_scores

Tags = Sequence[Sequence[str]]
"""Sentences of tags, one a word."""


def entity_scores(gold: Tags, predicted: Tags) -> dict[str, float]:
    """`f1`, `precision` and `recall` of entities in percent, micro-averaged over all sentences.

    Raises:
        ValueError: There is nothing to score, or a sentence has more words in one than in the other.

    >>> entity_scores([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "B-ORG"]])["f1"]
    50.0
    """
    _check(gold, predicted)
    return f1_scores(entities(gold), entities(predicted))


def tag_accuracy(gold: Tags, predicted: Tags) -> float:
    """The share of words whose tag is right, in percent.

    Raises:
        ValueError: As for `entity_scores`.

    >>> tag_accuracy([["NOUN", "NOUN"], ["VERB", "ADP"]], [["NOUN", "VERB"], ["VERB", "ADP"]])
    75.0
    """
    _check(gold, predicted)
    return accuracy([tag for sentence in gold for tag in sentence], [tag for sentence in predicted for tag in sentence])


def tag_scores(gold: Tags, predicted: Tags) -> dict[str, float]:
    """All of `TAG_METRICS` in percent: those of entities, or of runs of one part of speech, and words by `accuracy`.

    Raises:
        ValueError: As for `entity_scores`.
    """
    return {**entity_scores(gold, predicted), "accuracy": tag_accuracy(gold, predicted)}


TAG_METRICS = ("f1", "precision", "recall", "accuracy")


def entities(sentences: Tags) -> set[tuple[str, int, int]]:
    """Type, first and last word of every entity; words are counted through all sentences, with a gap between two.

    >>> sorted(entities([["B-PER", "I-PER", "I-LOC"], ["NOUN", "NOUN", "SYM", "SYM"]]))
    [('LOC', 2, 2), ('NOUN', 4, 5), ('PER', 0, 1), ('SYM', 6, 6), ('SYM', 7, 7)]
    """
    found = set()
    last_prefix, last_type, start = "O", "", 0
    words = (tag for sentence in sentences for tag in (*sentence, "O"))
    for place, tag in enumerate(words):
        prefix, type = tag[0], tag.rpartition("-")[2]
        if _ends(last_prefix, last_type, prefix, type):
            found.add((last_type, start, place - 1))
        if _starts(last_prefix, last_type, prefix, type):
            start = place
        last_prefix, last_type = prefix, type
    return found


def _ends(last_prefix: str, last_type: str, prefix: str, type: str) -> bool:
    """Whether an entity ends before a word (seqeval's `end_of_chunk`)."""
    other_type = last_prefix not in "O." and last_type != type
    return last_prefix in "ES" or (last_prefix in "BI" and prefix in "BSO") or other_type


def _starts(last_prefix: str, last_type: str, prefix: str, type: str) -> bool:
    """Whether an entity starts with a word (seqeval's `start_of_chunk`)."""
    other_type = prefix not in "O." and last_type != type
    return prefix in "BS" or (last_prefix in "ESO" and prefix in "EI") or other_type


def _check(gold: Tags, predicted: Tags) -> None:
    for number, (right, found) in enumerate(zip(gold, predicted, strict=True), start=1):
        if len(right) != len(found):
            raise ValueError(f"sentence {number} has {len(right)} words and {len(found)} predicted tags")
    if not any(gold):
        raise ValueError("no word to score")
