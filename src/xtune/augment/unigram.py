"""Exact sampling from a Unigram language model's lattice (Kudo 2018, https://aclanthology.org/P18-1007, section 3.2).

A segmentation x of a pre-token has probability ∝ exp(alpha · Σ score(piece)). Over the full lattice that law is sampled
by forward filtering, backward sampling; over the n best segmentations by listing them. The forward sums here are
F(end) = log Σ exp(alpha · score + F(start)): alpha belongs to the scores alone, and not to the sums once more.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from xtune.augment.pretokens import Cut, Fixed, PreToken
from xtune.errors import InputError
from xtune.schema import Piece

UNKNOWN_PENALTY = 10.0
"""A character without a piece scores this much less than the worst piece; SentencePiece's constant."""

Arrivals = list[list[tuple[int, float]]]
"""For each position of a pre-token the pieces that end there: (start, score), the first start first."""


_Step = tuple[list[float], list[int], list[Piece | None]]
"""What arrives at a position: cumulated probabilities but for the last, starts, and pieces once they were sampled."""


class Unigram:
    """A Unigram vocabulary.

    Args:
        config: The model of a `tokenizer.json`.
        alpha: How strongly the scores count; 0 would be uniform over segmentations, infinity the best one.
        nbest: Sample among so many best segmentations of a pre-token; None: among all.

    Raises:
        InputError: There is no unknown token.

    >>> scores = [["<unk>", 0.0], ["a", -1.0], ["b", -1.0], ["ab", -1.5]]
    >>> cut = Unigram({"vocab": scores, "unk_id": 0}, alpha=1.0).cut(PreToken("ab", ((0, 1), (1, 2))))
    >>> cut.best
    (Piece(token='ab', start=0, end=2),)
    >>> [piece.token for piece in cut.sample([0.0, 0.01])]
    ['ab']
    """

    def __init__(self, config: Mapping[str, Any], alpha: float, nbest: int | None = None) -> None:
        if config["unk_id"] is None:
            raise InputError("the Unigram vocabulary has no unknown token", field="model", remedy="set its unk_id")
        self.scores: dict[str, float] = dict(config["vocab"])
        self.unknown_score = min(score for _, score in config["vocab"]) - UNKNOWN_PENALTY
        self.longest = max(map(len, self.scores))
        self.byte_fallback = bool(config.get("byte_fallback"))
        self.alpha, self.nbest = alpha, nbest

    def cut(self, pretoken: PreToken) -> Cut:
        """The lattice of a pre-token."""
        arrivals, unknown = self._arrivals(pretoken.text)
        best = self.spell(pretoken, _best_path(arrivals), unknown)
        if self.nbest == 1 or all(len(pieces) <= 1 for pieces in arrivals):
            return Fixed(best)
        if self.nbest is not None:
            return NBest(self, pretoken, arrivals, unknown, best)
        return Lattice(self, pretoken, arrivals, unknown, best)

    def _arrivals(self, text: str) -> tuple[Arrivals, set[int]]:
        """The lattice's edges, and at which characters one stands for an unknown character."""
        arrivals: Arrivals = [[] for _ in range(len(text) + 1)]
        unknown = set()
        for start in range(len(text)):
            for end in range(start + 1, min(start + self.longest, len(text)) + 1):
                score = self.scores.get(text[start:end])
                if score is not None:
                    arrivals[end].append((start, score))
            if not arrivals[start + 1] or arrivals[start + 1][-1][0] != start:
                arrivals[start + 1].append((start, self.unknown_score))
                unknown.add(start)
        return arrivals, unknown

    def spell(self, pretoken: PreToken, path: Sequence[int], unknown: set[int]) -> tuple[Piece, ...]:
        """The pieces between the positions of a path, unknown neighbours as one.

        An unknown stretch is spelt by its bytes where the vocabulary falls back to them, and by itself otherwise.
        """
        if unknown:
            path = _fuse(path, unknown)
        pieces = []
        for start, end in pairwise(path):
            token = pretoken.text[start:end]
            tokens = [f"<0x{byte:02X}>" for byte in token.encode()] if self.byte_fallback and start in unknown else []
            if not tokens or token in self.scores or not all(byte in self.scores for byte in tokens):
                tokens = [token]
            pieces += [pretoken.piece(token, start, end) for token in tokens]
        return tuple(pieces)


class Lattice:
    """All segmentations of a pre-token, their forward sums computed when first asked for a sample."""

    __slots__ = ("_arrivals", "_model", "_pretoken", "_steps", "_unknown", "best", "draws")

    def __init__(
        self, model: Unigram, pretoken: PreToken, arrivals: Arrivals, unknown: set[int], best: Sequence[Piece]
    ) -> None:
        self._model, self._pretoken, self._arrivals, self._unknown = model, pretoken, arrivals, unknown
        self._steps: list[_Step] | None = None
        self.best, self.draws = best, len(pretoken.text)

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """Walk from the end back to the start, at each position by the uniform of that position."""
        steps = self._steps
        if steps is None:
            steps = self._steps = self._filter()
        end, pieces, path = self.draws, [], [self.draws]
        while end:
            limits, starts, arriving = steps[end]
            which = bisect_right(limits, uniforms[end - 1]) if limits else 0
            start, piece = starts[which], arriving[which]
            if piece is None:
                piece = arriving[which] = self._pretoken.piece(self._pretoken.text[start:end], start, end)
            pieces.append(piece)
            path.append(start)
            end = start
        if self._unknown:
            return self._model.spell(self._pretoken, path[::-1], self._unknown)
        pieces.reverse()
        return pieces

    def _filter(self) -> list[_Step]:
        alpha = self._model.alpha
        sums = [0.0]
        steps: list[_Step] = [([], [], [])]
        for arriving in self._arrivals[1:]:
            starts = [start for start, _ in arriving]
            logs = [alpha * score + sums[start] for start, score in arriving]
            limits, total = _limits(logs)
            sums.append(total)
            steps.append((limits, starts, [None] * len(starts)))
        self._arrivals = []  # they have served
        return steps


class NBest:
    """The n best segmentations of a pre-token."""

    __slots__ = ("_limits", "_ways", "best", "draws")

    def __init__(
        self, model: Unigram, pretoken: PreToken, arrivals: Arrivals, unknown: set[int], best: Sequence[Piece]
    ) -> None:
        paths = _best_paths(arrivals, model.nbest or 1)
        self._ways = [model.spell(pretoken, path, unknown) for _, path in paths]
        self._limits, _ = _limits([model.alpha * score for score, _ in paths])
        self.best, self.draws = best, 1

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """One of the n."""
        return self._ways[bisect_right(self._limits, uniforms[0])]


def _fuse(path: Sequence[int], unknown: set[int]) -> list[int]:
    """The path without its positions between two unknown characters."""
    alone = {start for start, end in pairwise(path) if end == start + 1 and start in unknown}
    return [at for at in path if not (at in alone and at - 1 in alone)]


def _limits(logs: Sequence[float]) -> tuple[list[float], float]:
    """Cumulated probabilities ∝ exp(logs), but for the last, which is 1; and log Σ exp(logs)."""
    highest = max(logs)
    cumulated = list(accumulate(math.exp(value - highest) for value in logs))
    return [value / cumulated[-1] for value in cumulated[:-1]], highest + math.log(cumulated[-1])


def _best_path(arrivals: Arrivals) -> list[int]:
    """The positions of the best path; of equal ones the tokenizer's, whose last piece is the longer."""
    scores, origins = [0.0], [0]
    for arriving in arrivals[1:]:
        totals = [scores[start] + score for start, score in arriving]
        best = max(range(len(totals)), key=totals.__getitem__)
        scores.append(totals[best])
        origins.append(arriving[best][0])
    path = [len(arrivals) - 1]
    while path[-1]:
        path.append(origins[path[-1]])
    return path[::-1]


def _best_paths(arrivals: Arrivals, n: int) -> list[tuple[float, list[int]]]:
    """The n best paths with their scores, the best first: exact, for a best path's beginning is one of n best too."""
    found: list[list[tuple[float, int, int]]] = [[(0.0, 0, 0)]]  # by position: score, start, rank at the start
    for arriving in arrivals[1:]:
        ways = [
            (total + score, start, rank) for start, score in arriving for rank, (total, _, _) in enumerate(found[start])
        ]
        found.append(sorted(ways, key=lambda way: -way[0])[:n])
    paths = []
    for score, start, rank in found[-1]:
        path = [len(arrivals) - 1]
        while path[-1]:
            path.append(start)
            _, start, rank = found[start][rank]
        paths.append((score, path[::-1]))
    return paths
