"""One label an example: XNLI, PAWS-X, Tatoeba."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """The share of examples whose label is right, in percent.

    Raises:
        ValueError: There is nothing to score, or the lengths differ.

    >>> accuracy(["a", "b", "b", "a"], ["a", "b", "a", "a"])
    75.0
    """
    if not gold:
        raise ValueError("no example to score")
    # divided first: where the share has no exact binary fraction, the last digit is then that of XTREME's evaluator
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold) * 100


METRICS: dict[str, Callable[[Sequence[str], Sequence[str]], float]] = {"accuracy": accuracy}
"""Metrics by XTREME's names, each of gold and predicted labels."""
