from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest

from xtune.errors import InputError
from xtune.evaluation import retrieval
from xtune.evaluation.retrieval import best_threshold, find, mine, neighbours, normalise
from xtune.metrics import pair_scores


def vectors(rows: int, seed: int, dimensions: int = 12) -> np.ndarray:
    """Of different lengths, and all a little alike, as the embeddings of sentences are."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(rows, dimensions)) + 0.7
    return np.asarray(drawn * rng.uniform(0.2, 5, size=(rows, 1)), np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def table(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.array([[cosine(a, b) for b in second] for a in first])


def published_margin(near: np.ndarray, row: int, other: int, k: int = 4) -> float:
    """Artetxe and Schwenk, equations 2 and 3, as they stand: the ratio, over both neighbourhoods."""
    around = sum(sorted(near[row], reverse=True)[:k]) / (2 * k)
    return float(near[row, other] / (around + sum(sorted(near[:, other], reverse=True)[:k]) / (2 * k)))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "QUERIES", 7)
    monkeypatch.setattr(retrieval, "KEYS", 5)


@pytest.mark.parametrize("k", [1, 4, 9, 100])
def test_blocks_find_what_brute_force_finds(small_blocks: None, k: int) -> None:
    queries, keys = vectors(20, 1), vectors(33, 2)
    near = queries.astype(np.float64) @ keys.T.astype(np.float64)
    values, rows = neighbours(queries, keys, k)
    assert rows.shape == (20, min(k, 33))
    assert np.array_equal(rows, np.argsort(-near, 1)[:, :k])
    assert values == pytest.approx(np.sort(near, 1)[:, ::-1][:, :k], rel=1e-5)


@pytest.mark.parametrize("k", [1, 4])
def test_faiss_finds_the_same(k: int) -> None:
    pytest.importorskip("faiss")
    queries, keys = normalise(vectors(50, 3)), normalise(vectors(40, 4))
    values, rows = neighbours(queries, keys, k, "faiss")
    expected, expected_rows = neighbours(queries, keys, k)
    assert np.array_equal(rows, expected_rows)
    assert values == pytest.approx(expected, abs=1e-6)


def test_without_faiss_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r'(?s)--engine.*pip install "xtune\[faiss\]"'):
        neighbours(vectors(2, 1), vectors(2, 2), 1, "faiss")


def test_cosine_finds_the_nearest_in_both_directions(small_blocks: None) -> None:
    queries, keys = vectors(20, 5), vectors(31, 6)
    near = table(queries, keys)
    there, back = find(queries, keys)
    assert there.tolist() == near.argmax(1).tolist() and back.tolist() == near.argmax(0).tolist()
    swapped = find(keys, queries)
    assert swapped[0].tolist() == back.tolist() and swapped[1].tolist() == there.tolist()
    assert [back[row] for row in there] != list(range(20))  # the two directions do not follow from each other


def test_the_margin_is_the_published_formula(small_blocks: None) -> None:
    queries, keys = vectors(20, 7), vectors(31, 8)
    near = table(queries, keys)
    expected = []
    for row in range(20):
        candidates = sorted(range(31), key=lambda other: -near[row, other])[:4]
        expected.append(max(candidates, key=lambda other: published_margin(near, row, other)))
    found, _ = find(queries, keys, "margin")
    assert found.tolist() == expected
    assert found.tolist() != find(queries, keys)[0].tolist()  # else the test would show nothing


@pytest.mark.parametrize("similarity", ["cosine", "margin"])
def test_mining_keeps_the_best_pairs_one_to_one(small_blocks: None, similarity: retrieval.Similarity) -> None:
    first, second = vectors(18, 9), vectors(25, 10)
    near = table(first, second)

    def score(row: int, other: int) -> float:
        return published_margin(near, row, other) if similarity == "margin" else float(near[row, other])

    wanted = set()
    for row in range(18):
        candidates = sorted(range(25), key=lambda other: -near[row, other])[:4]
        wanted.add((row, max(candidates, key=lambda other: score(row, other))))
    for other in range(25):
        candidates = sorted(range(18), key=lambda row: -near[row, other])[:4]
        wanted.add((max(candidates, key=lambda row: score(row, other)), other))
    expected: list[tuple[int, int]] = []
    for row, other in sorted(wanted, key=lambda pair: -score(*pair)):
        if all(row != taken[0] and other != taken[1] for taken in expected):
            expected.append((row, other))
    mined = mine(first, second, similarity)
    assert list(zip(mined.first.tolist(), mined.second.tolist(), strict=True)) == expected
    assert mined.scores == pytest.approx([score(*pair) for pair in expected], rel=1e-5)
    assert len(expected) < len(wanted)


def test_fewer_sentences_than_neighbours_will_do() -> None:
    assert find(vectors(2, 1), vectors(3, 2), "margin")[0].shape == (2,)
    assert len(mine(vectors(1, 1), vectors(2, 2)).scores) == 1


def test_the_same_twice_is_the_same_in_every_bit() -> None:
    first, second = mine(vectors(60, 1), vectors(70, 2)), mine(vectors(60, 1), vectors(70, 2))
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("first", "second", "scores"))


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_is_better_than_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.sort(rng.integers(0, 8, size=15) / 4.0)[::-1]  # with ties
    right, gold = (rng.random(15) < 0.4).tolist(), 9
    if not any(right):
        right[3] = True
    pairs, truth = [(str(n), str(n)) for n in range(15)], [(str(n), str(n)) for n in range(15) if right[n]]
    truth += [("x", str(n)) for n in range(gold - len(truth))]

    def f1(threshold: float) -> float:
        taken = [pair for pair, score in zip(pairs, scores, strict=True) if score >= threshold]
        return pair_scores(truth, taken)["f1"]

    every = [*scores, *((a + b) / 2 for a, b in pairwise(scores))]
    assert f1(best_threshold(scores, right, gold)) == pytest.approx(max(map(f1, every)))


def test_where_no_pair_is_right_none_is_taken() -> None:
    assert best_threshold([2.0, 1.0], [False, False], 3) == float("inf")
    assert best_threshold([], [], 3) == float("inf")
