from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from xtune.pocket.tokenizer import SPECIAL
from xtune.pocket.vectors import _decompose, translations_of, word_vectors

FIRST = len(SPECIAL)
NEIGHBOURS = 8
WORDS = list(combinations(range(NEIGHBOURS), 2))  # a word is what stands beside two neighbours
BLOCK = NEIGHBOURS + len(WORDS)
SIZE = FIRST + 2 * BLOCK + 1


def documents(language: int) -> list[list[int]]:
    start = FIRST + language * BLOCK
    return [[0, start + one, start + NEIGHBOURS + word, start + two, 2] for word, (one, two) in enumerate(WORDS)] * 3


def vectors(dictionary: dict[int, int], seed: int = 0) -> np.ndarray:
    texts = {"en": documents(0), "xx": documents(1)}
    return word_vectors(texts, {"xx": dictionary}, SIZE, 6, np.random.default_rng(seed))


def found(made: np.ndarray) -> float:
    """How many words of the other language, none of which a dictionary has, are nearest to their translation."""
    unit = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    english, other = (unit[FIRST + start + NEIGHBOURS : FIRST + start + BLOCK] for start in (0, BLOCK))
    return float(((other @ english.T).argmax(axis=1) == np.arange(len(WORDS))).mean())


def test_words_with_translated_neighbours_meet_their_translations() -> None:
    dictionary = {FIRST + BLOCK + piece: FIRST + piece for piece in range(NEIGHBOURS)}
    assert found(vectors(dictionary)) > 0.9
    assert found(vectors({})) < 0.3


def test_what_occurs_is_scaled_and_what_does_not_is_zero() -> None:
    made = vectors({})
    seen = made[FIRST:-1]
    assert made.shape == (SIZE, 6)
    assert not made[:FIRST].any() and not made[-1].any()
    assert seen.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-5)
    assert seen.std() == pytest.approx(1, abs=1e-5)
    assert np.array_equal(made, vectors({}))


def test_neighbours_do_not_reach_into_the_next_document() -> None:
    apart = word_vectors({"en": [[4], [5]] + [[6, 7]]}, {}, 9, 2, np.random.default_rng(0))
    assert not apart[[4, 5, 8]].any()
    assert apart[[6, 7]].any()


def test_the_decomposition_is_that_of_the_textbook() -> None:
    rng = np.random.default_rng(1)
    matrix = (rng.standard_normal((60, 12)) @ rng.standard_normal((12, 60))).astype(np.float32)
    left, strengths = _decompose(matrix.copy(), 5, rng)
    right_left, right_strengths, _ = np.linalg.svd(matrix)
    assert strengths == pytest.approx(right_strengths[:5], rel=1e-4)
    assert np.abs(np.sum(left * right_left[:, :5], axis=0)) == pytest.approx(np.ones(5), rel=1e-4)


def test_a_dictionary_is_read_with_and_without_a_blank_before_the_word() -> None:
    vocabulary = {"▁apple": 4, "りんご": 5, "▁りんご": 6, "▁pear": 7, "梨": 8}
    pairs = [("apple", "りんご"), ("pear", "りんご"), ("pear", "桃"), ("plum", "梨")]
    assert translations_of(pairs, vocabulary) == {5: 4, 6: 4}
