"""What a model's predictions and representations say beyond scores: agreement, calibration, closeness of translations.

Source of the last: Zheng et al. (2021), figure 3, which shows it as a picture; here it is a number too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of the calibration error; of equal width."""

Vectors = NDArray[np.float32]
"""One vector an example: `[examples, hidden]`."""


def agreement(said: Mapping[str, Mapping[str, str]], source: str) -> dict[str, dict[str, float]]:
    """How often an example and its translations get one label, right or wrong, in percent.

    Args:
        said: Language to example to the predicted label; translations of each other have the same id.
        source: The language that the others are compared with.

    Returns:
        By language, its `agreement` with the source over the `examples` that both have; `mean`, the plain mean of
        these; and `all`, the examples that have one label in all languages. Empty without source or others.

    >>> agreement({"en": {"0": "a", "1": "b"}, "de": {"0": "a", "1": "a"}, "fr": {"0": "a"}}, "en")["de"]
    {'agreement': 50.0, 'examples': 2}
    """
    others = [language for language in said if language != source]
    if source not in said or not others:
        return {}
    pairs = {language: _agreement([said[source], said[language]]) for language in others}
    found = {language: pair for language, pair in pairs.items() if pair["examples"]}
    if not found:
        return {}
    mean = float(np.mean([pair["agreement"] for pair in found.values()]))
    whole = _agreement([said[language] for language in (source, *found)])
    return {"all": {**whole, "languages": 1 + len(found)}, "mean": {"agreement": mean}, **found}


def _agreement(said: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """The share of the examples of all languages that have one label in them, and how many these are."""
    ids = [each for each in said[0] if all(each in other for other in said)]
    same = sum(len({labels[each] for labels in said}) == 1 for each in ids)
    return {"agreement": 100 * same / len(ids) if ids else 0.0, "examples": len(ids)}


def calibration(confidence: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """How well a model knows how often it is right, in percent.

    Args:
        confidence: The probability of each prediction, in [0, 1].
        right: Whether it is the annotated outcome.

    Returns:
        `accuracy`, the mean `confidence`, `ece`, the expected calibration error (the distance between the two in each
        of `BINS` bins of equal width, closed on the right, weighted by how many predictions are in it), and how many
        `predictions` there are.

    References:
        Guo et al. (2017), On Calibration of Modern Neural Networks, ICML.

    >>> calibration([1.0, 1.0], [True, False])
    {'accuracy': 50.0, 'confidence': 100.0, 'ece': 50.0, 'predictions': 2}
    """
    sure, hit = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    bins = np.clip(np.ceil(sure * BINS) - 1, 0, BINS - 1).astype(int)
    excess = np.bincount(bins, sure - hit, BINS)  # of each bin: predictions × (confidence − accuracy)
    return {
        "accuracy": 100 * float(hit.mean()),
        "confidence": 100 * float(sure.mean()),
        "ece": 100 * float(np.abs(excess).sum() / len(sure)),
        "predictions": len(sure),
    }


def closeness(source: Vectors, translations: Vectors) -> dict[str, float]:
    """How far examples are from their translations, beside how far unrelated ones are from each other.

    Args:
        source: `[examples, hidden]`, at least two examples.
        translations: The same examples in another language, in the same order.

    Returns:
        The mean Euclidean distance of an example and its `translation`, that of an example and the translation of any
        other (`random`: all pairs, not a sample), and their `ratio`: 0 where translations are the same to the model,
        1 where they are as far from each other as any two examples.
    """
    a, b = source.astype(np.float64), translations.astype(np.float64)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    distances = np.sqrt(np.maximum(squares, 0))  # rounding takes equal vectors below 0
    own = float(np.linalg.norm(a - b, axis=1).mean())
    random = float(distances[~np.eye(len(a), dtype=bool)].mean())
    return {"translation": own, "random": random, "ratio": own / random if random else 0.0}


def in_the_plane(vectors: Vectors, seed: int) -> NDArray[np.float64]:
    """Vectors as points whose neighbours are theirs, by t-SNE: `[vectors, hidden]` to `[vectors, 2]`.

    The extra `analysis` has to be installed. Neighbourhoods mean something, distances and directions do not.

    Args:
        vectors: At least four.
        seed: The same gives the same points on one machine.

    References:
        van der Maaten and Hinton (2008), Visualizing Data using t-SNE, JMLR.
    """
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(vectors) - 1) / 3)  # 30 is usual; it has to be fewer than there are others
    points: NDArray[np.float64] = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    return points
