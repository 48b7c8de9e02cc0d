"""Laws of segmentations, listed by brute force and by other means than the library's, and the test against them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from scipy.stats import chisquare

from xtune.augment.segmentation import SubwordSampler

Law = dict[tuple[str, ...], float]
"""The probability of each sequence of pieces."""


def assert_law(sampler: SubwordSampler, word: str, law: Law, initial: bool = True, size: int = 4000) -> None:
    """Sample a word at a fixed seed and compare with a law: Pearson's chi-square, p > 0.001."""
    assert math.isclose(sum(law.values()), 1.0)
    rng = np.random.default_rng(20240)
    counts = Counter(tuple(sampler.sample(word, rng, initial)) for _ in range(size))
    assert set(counts) <= set(law), f"impossible: {set(counts) - set(law)}"
    rare = [pieces for pieces, probability in law.items() if probability * size < 5]
    cells = [(counts[pieces], probability * size) for pieces, probability in law.items() if pieces not in rare]
    expected_rare = sum(law[pieces] * size for pieces in rare)
    observed_rare = sum(counts[pieces] for pieces in rare)
    if expected_rare >= 5:
        cells.append((observed_rare, expected_rare))
    else:
        assert observed_rare <= 5 + 6 * math.sqrt(expected_rare)
        cells[0] = (cells[0][0] + observed_rare, cells[0][1] + expected_rare)
    if len(cells) > 1:
        observed, expected = zip(*cells, strict=True)
        assert chisquare(observed, expected).pvalue > 0.001, counts


def join(laws: Sequence[Law]) -> Law:
    """Pre-tokens are independent."""
    joined: Law = {}
    for parts in product(*(law.items() for law in laws)):
        pieces = tuple(piece for part, _ in parts for piece in part)
        joined[pieces] = joined.get(pieces, 0.0) + math.prod(probability for _, probability in parts)
    return joined


def unigram_law(text: str, scores: Mapping[str, float], alpha: float, nbest: int | None = None) -> Law:
    """All ways to cut a pre-token, by all subsets of its inner positions."""
    lowest = min(scores.values())
    ways = []
    for cuts in product((False, True), repeat=len(text) - 1):
        edges = [0, *(at for at, cut in enumerate(cuts, start=1) if cut), len(text)]
        parts = [text[start:end] for start, end in zip(edges, edges[1:], strict=False)]
        if all(part in scores or len(part) == 1 for part in parts):
            ways.append((sum(scores.get(part, lowest - 10) for part in parts), parts))
    ways.sort(key=lambda way: -way[0])
    ways = ways[:nbest]
    total = sum(math.exp(alpha * score) for score, _ in ways)
    law: Law = {}
    for score, parts in ways:
        printed: list[str] = []
        unknown_before = False
        for part in parts:
            if part not in scores and unknown_before:
                printed[-1] += part
            else:
                printed.append(part)
            unknown_before = part not in scores
        key = tuple(printed)
        law[key] = law.get(key, 0.0) + math.exp(alpha * score) / total
    return law


def bpe_law(pieces: tuple[str, ...], merges: Sequence[tuple[str, str]], dropout: float) -> Law:
    """BPE-dropout step by step, over all subsets of merges that could survive a step."""
    candidates = [
        (merges.index(pair), at) for at, pair in enumerate(zip(pieces, pieces[1:], strict=False)) if pair in merges
    ]
    law: Law = {}
    for survives in product((False, True), repeat=len(candidates)):
        kept = [candidate for candidate, alive in zip(candidates, survives, strict=True) if alive]
        probability = math.prod(1 - dropout if alive else dropout for alive in survives)
        if probability == 0:
            continue
        if kept:
            at = min(kept)[1]
            after = bpe_law((*pieces[:at], pieces[at] + pieces[at + 1], *pieces[at + 2 :]), merges, dropout)
        else:
            after = {pieces: 1.0}
        for result, conditional in after.items():
            law[result] = law.get(result, 0.0) + probability * conditional
    return law


def maxmatch_law(text: str, vocab: set[str], dropout: float, start: int = 0, glued: bool = False) -> Law:
    """MaxMatch-Dropout as published, for a vocabulary that has all characters."""
    if start == len(text):
        return {(): 1.0}
    prefix = "##" if start or glued else ""
    law: Law = {}
    reached = 1.0
    for end in range(len(text), start, -1):
        piece = prefix + text[start:end]
        if piece not in vocab:
            continue
        taken = reached if end == start + 1 else reached * (1 - dropout)
        reached -= taken
        for rest, probability in maxmatch_law(text, vocab, dropout, end, glued).items():
            law[(piece, *rest)] = law.get((piece, *rest), 0.0) + taken * probability
    return law
