"""Word vectors that pre-training starts from: positive PMI of pieces and their neighbours, cut down to few dimensions.

A neighbour counts as its English translation where a dictionary has one, so that words of different languages are told
apart by the same neighbours. Masked language modelling from random vectors comes to the same, much later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from xtune.pocket.tokenizer import MARK, SPECIAL

WINDOW = 10
_SMOOTHING = 0.75  # of the neighbours' frequencies (Levy, Goldberg and Dagan 2015)
_SPARE = 32  # dimensions more than wanted, and rounds: the accuracy of the randomised decomposition
_ROUNDS = 4


def word_vectors(
    documents: Mapping[str, Sequence[Sequence[int]]],
    translations: Mapping[str, Mapping[int, int]],
    size: int,
    width: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """A vector for each piece.

    Args:
        documents: Pieces of each language's documents.
        translations: Of each language's pieces, the English piece that they count as where they are neighbours.
        size: Of the vocabulary.
        width: Of the vectors.
        rng: For the randomised decomposition.

    Returns:
        Array (size, width); pieces that occur have mean 0 and standard deviation 1, the others are 0.
    """
    counts = np.zeros((size, size), dtype=np.float32)
    for language, rows in documents.items():
        shown = np.arange(size)
        for piece, english in translations.get(language, {}).items():
            shown[piece] = english
        _count(counts, rows, shown)
    seen = counts.any(axis=1)
    left, strengths = _decompose(_positive_pmi(counts), width, rng)
    vectors = left * np.sqrt(strengths)
    vectors[seen] -= vectors[seen].mean(axis=0)
    vectors[~seen] = 0
    scaled: np.ndarray = vectors / vectors[seen].std()
    return scaled


def translations_of(pairs: Iterable[tuple[str, str]], vocabulary: Mapping[str, int]) -> dict[int, int]:
    """The English piece of each piece that a dictionary has, with or without a blank before it.

    Args:
        pairs: English and other words.
        vocabulary: Ids by piece.
    """
    found: dict[int, int] = {}
    for english, other in pairs:
        for piece in (MARK + other, other):
            if piece in vocabulary and MARK + english in vocabulary:
                found.setdefault(vocabulary[piece], vocabulary[MARK + english])
    return found


def _count(counts: np.ndarray, documents: Sequence[Sequence[int]], shown: np.ndarray) -> None:
    """Add how often each piece (rows) stands near which neighbour (columns); nearer ones count more."""
    none = np.full(WINDOW, -1)
    flat = np.concatenate([part for row in documents for part in (np.asarray(row), none)])
    flat = flat[(flat < 0) | (flat >= len(SPECIAL))]
    cells = counts.reshape(-1)
    for distance in range(1, WINDOW + 1):
        first, second = flat[:-distance], flat[distance:]
        within = (first >= 0) & (second >= 0)
        first, second = first[within], second[within]
        for piece, neighbour in ((first, second), (second, first)):
            np.add.at(cells, piece * len(shown) + shown[neighbour], np.float32(1 / distance))


def _positive_pmi(counts: np.ndarray) -> np.ndarray:
    """log p(piece, neighbour) / p(piece) p(neighbour) where it is positive, else 0; computed in place."""
    rows = counts.sum(axis=1, dtype=np.float64)
    columns = counts.sum(axis=0, dtype=np.float64) ** _SMOOTHING
    shares = columns / columns.sum()
    for row in np.flatnonzero(rows):
        there = np.flatnonzero(counts[row])
        counts[row, there] = np.maximum(np.log(counts[row, there] / (rows[row] * shares[there])), 0)
    return counts


def _decompose(matrix: np.ndarray, width: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The first left singular vectors and values (Halko, Martinsson and Tropp 2011, algorithm 4.4)."""
    basis = rng.standard_normal((matrix.shape[1], min(width + _SPARE, matrix.shape[1])), dtype=np.float32)
    basis, _ = np.linalg.qr(matrix @ basis)
    for _ in range(_ROUNDS):
        across, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ across)
    left, strengths, _ = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    return basis @ left[:, :width], strengths[:width]
