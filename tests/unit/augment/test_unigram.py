"""Sampling from a Unigram lattice follows the law, whatever the normalizer makes of the word."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from transformers import XLMRobertaTokenizer

from tests.tiny import nmt_nfkc
from tests.unit.augment.laws import assert_law, join, unigram_law
from xtune.augment.segmentation import sampler_for

SCORES = {
    "▁": -2.17, "a": -3.03, "b": -3.41, "c": -3.79, "ab": -4.23, "bc": -5.11, "abc": -7.31, "ca": -6.07,
    "▁a": -4.57, "▁ab": -6.61, "▁abc": -9.13, "A": -5.03, "B": -5.47, "C": -5.91, "AB": -8.2, "▁AB": -9.91,
    "f": -3.9, "i": -3.3, "n": -3.1, "e": -2.9, "fi": -5.9, "ne": -5.3, "ine": -7.7, "▁fi": -7.4, "fine": -11.3,
    "株": -7.1, "式": -7.3, "株式": -9.7, "会": -6.9, "社": -7.0, "会社": -8.9, "式会": -12.2, "zb": -6.3,
}  # fmt: skip

CASES = {  # word: its pre-tokens, by hand
    "abcab": ["▁abcab"],
    "ＡＢＣ": ["▁ABC"],
    "ﬁne": ["▁fine"],
    "㍿": ["▁株式会社"],
    "ab\u200bca": ["▁ab", "▁ca"],
    "azzb": ["▁azzb"],
    "字a字字": ["▁字a字字"],
    "kab": ["▁kab"],
}


@cache
def tokenizer() -> XLMRobertaTokenizer:
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab = [*special, *SCORES.items(), ("<mask>", 0.0)]
    return XLMRobertaTokenizer(vocab=vocab, _spm_precompiled_charsmap=nmt_nfkc())


@pytest.mark.parametrize("nbest", [None, 1, 3, 10])
@pytest.mark.parametrize("alpha", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("word", CASES)
def test_samples_follow_the_law(word: str, alpha: float, nbest: int | None) -> None:
    law = join([unigram_law(text, SCORES, alpha, nbest) for text in CASES[word]])
    assert_law(sampler_for(tokenizer(), alpha, nbest), word, law)


@pytest.mark.parametrize("word", ["abcab", "ＡＢＣ", "ab\u200bca", "字a"])
def test_without_word_start_there_is_no_mark(word: str) -> None:
    first, *others = {**CASES, "字a": ["▁字a"]}[word]
    laws = [unigram_law(first.removeprefix("▁"), SCORES, 0.3), *(unigram_law(text, SCORES, 0.3) for text in others)]
    assert_law(sampler_for(tokenizer()), word, join(laws), initial=False)


def test_an_unknown_character_scores_ten_less_than_the_worst_piece() -> None:
    law = unigram_law("zb", SCORES, 0.1)  # "z" alone is unknown, "zb" is not
    assert 0.1 < law["z", "b"] < 0.2
    assert_law(sampler_for(tokenizer(), alpha=0.1), "zb", law, initial=False, size=40_000)


def test_the_chi_square_sees_a_slightly_wrong_law() -> None:
    law = unigram_law("▁abcab", SCORES, 0.4)
    with pytest.raises(AssertionError):
        assert_law(sampler_for(tokenizer(), alpha=0.3), "abcab", law)


def test_the_chi_square_sees_the_bias_of_the_tokenizers_library() -> None:
    # Its forward sums are alpha * (score + sum) where alpha * score + sum is right.
    law = unigram_law("abc", SCORES, 0.3)
    sums = [0.0]
    for end in range(1, 4):
        ways = [0.3 * (SCORES["abc"[start:end]] + sums[start]) for start in range(end) if "abc"[start:end] in SCORES]
        sums.append(float(np.logaddexp.reduce(ways)))

    def biased(end: int) -> dict[tuple[str, ...], float]:
        if end == 0:
            return {(): 1.0}
        ways = {start: 0.3 * (SCORES["abc"[start:end]] + sums[start]) for start in range(end)
                if "abc"[start:end] in SCORES}  # fmt: skip
        total = np.logaddexp.reduce(list(ways.values()))
        return {
            (*before, "abc"[start:end]): probability * float(np.exp(log - total))
            for start, log in ways.items()
            for before, probability in biased(start).items()
        }

    sampler = sampler_for(tokenizer(), alpha=0.3)
    assert_law(sampler, "abc", law, initial=False, size=20_000)
    with pytest.raises(AssertionError):
        assert_law(sampler, "abc", biased(3), initial=False, size=20_000)


def test_alpha_decides_between_uniform_and_best() -> None:
    rng = np.random.default_rng(0)
    sharp = sampler_for(tokenizer(), alpha=1e4)
    assert {tuple(sharp.segment("abcab", rng)) for _ in range(50)} == {sharp.viterbi("abcab")}
    flat = unigram_law("▁abcab", SCORES, 1e-9)
    assert_law(sampler_for(tokenizer(), alpha=1e-9), "abcab", flat)
    assert max(flat.values()) == pytest.approx(min(flat.values()))


def test_a_long_word_does_not_underflow() -> None:
    word = "abc" * 400
    sampler = sampler_for(tokenizer(), alpha=5.0)
    pieces = sampler.sample(word, np.random.default_rng(0))
    assert "".join(pieces) == f"▁{word}"
    assert len(set(pieces)) > 1


def test_unknown_neighbours_are_one_piece_with_one_span() -> None:
    sampler = sampler_for(tokenizer())
    pieces = sampler.segment("a字字b", np.random.default_rng(1))
    [unknown] = [piece for piece in pieces if piece.token not in SCORES]
    assert (unknown.token, unknown.start, unknown.end) == ("字字", 1, 3)
