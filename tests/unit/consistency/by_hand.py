"""The losses once more, in numpy and fp64, written from their formulas and not from the library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def kl(p: Array, q: Array) -> Array:
    """Σ p log(p / q) over the last axis."""
    terms: Array = (p * np.log(p / q)).sum(-1)
    return terms


def symmetric(logits_a: Array, logits_b: Array) -> Array:
    a, b = softmax(logits_a), softmax(logits_b)
    return kl(a, b) + kl(b, a)


def span(logits_a: Array, logits_b: Array, sites_a: NDArray[np.bool_], sites_b: NDArray[np.bool_]) -> float:
    """Row by row: the corresponding positions one by one, then what is left of the mass, on either side."""
    total = 0.0
    for a, b, mask_a, mask_b in zip(softmax(logits_a), softmax(logits_b), sites_a, sites_b, strict=True):
        p, q = [*a[mask_a], a[~mask_a].sum()], [*b[mask_b], b[~mask_b].sum()]
        for x, y in zip(p, q, strict=True):
            total += 0.5 * (x * np.log(x / y) + y * np.log(y / x)) if x > 0 or y > 0 else 0.0
    return total / len(logits_a)


def cross_entropy(logits: Array, labels: list[int]) -> float:
    """Summed over the sites that have a label."""
    rows = [-np.log(softmax(row)[label]) for row, label in zip(logits, labels, strict=True) if label >= 0]
    return float(sum(rows))
