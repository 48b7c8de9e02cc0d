"""Embeddings to translations that were found: nearest neighbours, margins, mined pairs and their threshold.

Artetxe and Schwenk, *Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings*, ACL 2019; what XTREME
and the paper (section 4.3) do with it. Nothing here knows of models, files or languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from xtune.errors import InputError

Similarity = Literal["cosine", "margin"]
Engine = Literal["exact", "faiss"]
Embeddings = NDArray[np.float32]
Rows = NDArray[np.int64]

NEIGHBOURS = 4
"""How many nearest sentences a margin compares with, and chooses among; the published value."""

QUERIES, KEYS = 1024, 16384
"""Sentences that are compared at a time: 64 MiB of similarities, however many there are in all."""


@dataclass(frozen=True)
class Pairs:
    """Mined pairs, the best first; no row stands in two of them.

    Args:
        first: Rows on one side, `[pairs]`.
        second: Rows on the other, `[pairs]`.
        scores: Not increasing, `[pairs]`.
    """

    first: Rows
    second: Rows
    scores: NDArray[np.float64]


def normalise(embeddings: Embeddings) -> Embeddings:
    """The same directions with length 1, so that inner products are cosines; a vector of zeros stays.

    >>> normalise(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return (embeddings / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def neighbours(queries: Embeddings, keys: Embeddings, k: int, engine: Engine = "exact") -> tuple[Embeddings, Rows]:
    """The keys with the greatest inner products, for each query.

    Args:
        queries: `[queries, dimensions]`.
        keys: `[keys, dimensions]`.
        k: How many; of fewer keys all.
        engine: `exact` compares block by block, in memory that does not grow with the product of the two; `faiss`
            leaves it to that library's flat index, which finds the same.

    Returns:
        Inner products, not increasing, and rows of keys, both `[queries, k]`.

    Raises:
        InputError: faiss is not installed.
    """
    k = min(k, len(keys))
    if engine == "faiss":
        index = load_faiss().IndexFlatIP(keys.shape[1])
        index.add(keys)
        found: tuple[Embeddings, Rows] = index.search(queries, k)
        return found
    device = "cuda" if torch.cuda.is_available() else "cpu"
    others = torch.from_numpy(keys).to(device)
    blocks = (torch.from_numpy(queries[start : start + QUERIES]) for start in range(0, len(queries), QUERIES))
    parts = [_nearest_of_block(block.to(device), others, k) for block in blocks]
    values, rows = (torch.cat([part[which] for part in parts]).cpu().numpy() for which in (0, 1))
    return values, rows


def load_faiss() -> Any:
    """The library.

    Raises:
        InputError: It is not installed.
    """
    try:
        import faiss
    except ImportError:
        remedy = 'pip install "xtune[faiss]", or --engine exact'
        raise InputError("faiss is not installed", field="--engine", remedy=remedy) from None
    return faiss


def find(
    queries: Embeddings, keys: Embeddings, similarity: Similarity = "cosine", engine: Engine = "exact"
) -> tuple[Rows, Rows]:
    """What translates what: the key found for each query, and the query found for each key.

    Args:
        queries: `[queries, dimensions]`, of any length.
        keys: `[keys, dimensions]`.
        similarity: `cosine`, or `margin` among the `NEIGHBOURS` nearest.
        engine: See `neighbours`.

    >>> find(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[2, 0, 1]])[0].tolist()
    [1, 2, 0]
    """
    there, back = _candidates(queries, keys, NEIGHBOURS if similarity == "margin" else 1, similarity, engine)
    return _best(*there)[1], _best(*back)[1]


def mine(first: Embeddings, second: Embeddings, similarity: Similarity = "margin", engine: Engine = "exact") -> Pairs:
    """Pairs of rows that may translate each other: the best of each row on both sides, the best pairs first.

    A pair with a row that a better pair has is left out.

    Args:
        first: `[rows, dimensions]`, of any length.
        second: The same of the other side.
        similarity: What is compared; candidates are the `NEIGHBOURS` nearest by cosine.
        engine: See `neighbours`.
    """
    there, back = _candidates(first, second, NEIGHBOURS, similarity, engine)
    (forward, found), (backward, sources) = _best(*there), _best(*back)
    rows = np.concatenate([np.arange(len(first)), sources])
    others = np.concatenate([found, np.arange(len(second))])
    scores = np.concatenate([forward, backward])
    free_row, free_other = np.ones(len(first), bool), np.ones(len(second), bool)
    kept = []
    for place in np.argsort(-scores, kind="stable"):
        row, other = rows[place], others[place]
        if free_row[row] and free_other[other]:
            free_row[row] = free_other[other] = False
            kept.append(place)
    return Pairs(rows[kept], others[kept], scores[kept])


def best_threshold(scores: Sequence[float] | NDArray[np.float64], right: Sequence[bool], gold: int) -> float:
    """The threshold at which the pairs that reach it have the best F1.

    It lies halfway between the scores of the last pair that is taken and of the next one.

    Args:
        scores: Of mined pairs, not increasing.
        right: Whether each is in the gold standard.
        gold: How many pairs that has.

    Returns:
        The threshold; infinity where no pair is right.

    >>> best_threshold([3.0, 2.0, 1.0], [True, True, False], gold=2)
    1.5
    """
    values, correct = np.asarray(scores, np.float64), np.cumsum(np.asarray(right, bool))
    if not len(values) or not correct[-1]:
        return float("inf")
    f1 = 2 * correct / (np.arange(1, len(values) + 1) + gold)
    ends = np.append(values[:-1] > values[1:], True)  # a threshold cannot part pairs of one score
    last = int(np.argmax(np.where(ends, f1, -1)))
    return float(values[last] + values[last + 1]) / 2 if last + 1 < len(values) else float(values[last])


def _candidates(
    first: Embeddings, second: Embeddings, k: int, similarity: Similarity, engine: Engine
) -> tuple[tuple[NDArray[np.float64], Rows], tuple[NDArray[np.float64], Rows]]:
    """The `k` nearest of each row, with their scores, from either side: `[rows, k]`.

    The margin is the cosine divided by the mean of both sentences' own mean cosines to their `k` nearest.
    """
    first, second = normalise(first), normalise(second)
    there, back = neighbours(first, second, k, engine), neighbours(second, first, k, engine)
    if similarity == "cosine":
        return (there[0].astype(np.float64), there[1]), (back[0].astype(np.float64), back[1])
    around, around_other = there[0].mean(1, dtype=np.float64), back[0].mean(1, dtype=np.float64)
    margin = there[0] / ((around[:, None] + around_other[there[1]]) / 2)
    margin_back = back[0] / ((around_other[:, None] + around[back[1]]) / 2)
    return (margin, there[1]), (margin_back, back[1])


def _best(scores: NDArray[np.float64], rows: Rows) -> tuple[NDArray[np.float64], Rows]:
    """The best of each row's candidates, the nearer where two are equal: its score and its row, `[rows]`."""
    place = scores.argmax(1)[:, None]
    return np.take_along_axis(scores, place, 1)[:, 0], np.take_along_axis(rows, place, 1)[:, 0]


def _nearest_of_block(queries: torch.Tensor, keys: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest keys of a block of queries, kept while the keys pass by in blocks."""
    values = queries.new_empty(len(queries), 0)
    rows = queries.new_empty(len(queries), 0, dtype=torch.int64)
    for start in range(0, len(keys), KEYS):
        near = queries @ keys[start : start + KEYS].T
        block = torch.topk(near, min(k, near.shape[1]))
        values, rows = torch.cat([values, block.values], 1), torch.cat([rows, block.indices + start], 1)
        best = torch.topk(values, min(k, values.shape[1]))
        values, rows = best.values, rows.gather(1, best.indices)
    return values, rows
