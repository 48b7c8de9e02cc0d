"""Sets of what was found against sets of what is there: pairs of translations (BUCC), and entities."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet


def f1_scores(gold: AbstractSet[Hashable], predicted: AbstractSet[Hashable]) -> dict[str, float]:
    """`f1`, `precision` and `recall` of a set, in percent; 0 where there is nothing to divide by.

    >>> f1_scores({"a", "b"}, {"b", "c", "d", "e"})["precision"]
    25.0
    """
    common = len(gold & predicted)
    precision = common / len(predicted) if predicted else 0.0
    recall = common / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}


def pair_scores(gold: Sequence[tuple[str, str]], predicted: Sequence[tuple[str, str]]) -> dict[str, float]:
    """BUCC's scores of mined pairs, as XTREME's `evaluate.py` has them: a pair counts once, however often it stands.

    Args:
        gold: Ids of sentences and of their translations.
        predicted: The pairs that were found, in any order.

    Raises:
        ValueError: There is nothing to find.

    >>> pair_scores([("de-1", "en-7"), ("de-2", "en-3")], [("de-2", "en-3")])
    {'f1': 66.66666666666666, 'precision': 100.0, 'recall': 50.0}
    """
    if not gold:
        raise ValueError("no pair to find")
    return f1_scores(set(gold), set(predicted))
