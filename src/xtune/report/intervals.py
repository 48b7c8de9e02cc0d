"""How far the scores of finished runs are off by chance: the bootstrap over the examples of their test sets.

The examples of a language are drawn again, with replacement, and scored again, a thousand times. All runs, and all
languages whose examples have the same ids, get the same draws: what is easy for both is what they have in common, so
differences between runs and means over parallel test sets have intervals of their own (the paired bootstrap). What
another seed of training would change is not in them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xtune.metrics import answer_scores, entities
from xtune.report.compare import Comparison, Run
from xtune.report.predictions import Said, normaliser, read_predictions

RESAMPLES = 1000
Z = 1.96  # standard errors to either side that 95 % of a normal distribution lie within

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """Within which 95 % lie, in percent or points."""

    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """The scores of each run on each draw of the examples.

    Args:
        comparison: The runs.
        scores: Run's place and language to the score on each draw, `[RESAMPLES]`, in percent.
        shares: The same to right examples and examples, where the score is a share of them.
    """

    comparison: Comparison
    scores: dict[tuple[int, str], Floats]
    shares: dict[tuple[int, str], tuple[int, int]]

    def score(self, run: int, language: str) -> Interval | None:
        """Of a score; None where the predictions are not there."""
        if (run, language) in self.shares:
            return wilson(*self.shares[run, language])
        return _interval(self.scores.get((run, language)))

    def mean(self, run: int, languages: Collection[str]) -> Interval | None:
        """Of a mean over languages."""
        return _interval(self._mean(run, languages))

    def gap(self, run: int) -> Interval | None:
        """Of the transfer gap."""
        return _interval(self._gap(run))

    def gain(self, language: str) -> Interval | None:
        """Of what the last run's score has more than the first's."""
        return self.mean_gain((language,))

    def mean_gain(self, languages: Collection[str]) -> Interval | None:
        """The same of a mean over languages."""
        return _interval(_minus(self._mean(len(self.comparison.runs) - 1, languages), self._mean(0, languages)))

    def gap_gain(self) -> Interval | None:
        """The same of the transfer gap."""
        return _interval(_minus(self._gap(len(self.comparison.runs) - 1), self._gap(0)))

    def _mean(self, run: int, languages: Collection[str]) -> Floats | None:
        found = [self.scores[run, code] for code in languages if (run, code) in self.scores]
        return np.mean(found, axis=0) if found and len(found) == len(languages) else None

    def _gap(self, run: int) -> Floats | None:
        return _minus(self.scores.get((run, self.comparison.source)), self._mean(run, self.comparison.targets))


def draw(comparison: Comparison) -> Draws:
    """Draw the examples of every run and language again; those without predictions, or scored otherwise, have none."""
    sums: dict[tuple[int, str], Floats] = {}
    same: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for number, run in enumerate(comparison.runs):
        for code in comparison.languages:
            said = read_predictions(run.folder, comparison.split, code)
            parts = _parts(comparison, run, code, said)
            if parts is not None:
                sums[number, code] = parts
                same[tuple(example.id for example in said)].append((number, code))
    scores: dict[tuple[int, str], Floats] = {}
    for ids, keys in same.items():
        weights = np.random.default_rng(0).multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=RESAMPLES)
        drawn = weights.astype(np.float32) @ np.hstack([sums[key] for key in keys]).astype(np.float32)
        for place, key in enumerate(keys):
            right, of = drawn[:, 2 * place].astype(np.float64), drawn[:, 2 * place + 1]
            scores[key] = 100 * right / np.maximum(of, 1e-9)
    shares = {key: (int(p[:, 0].sum()), len(p)) for key, p in sums.items() if np.all(p[:, 1] == 1) and _whole(p[:, 0])}
    return Draws(comparison, scores, {**shares, **_found(comparison)})


def _found(comparison: Comparison) -> dict[tuple[int, str], tuple[int, int]]:
    """How many sentences found their translation, of how many, where a run counts that: its predictions are pairs."""
    found = {}
    for number, run in enumerate(comparison.runs):
        counts = run.results.get("examples", {}).get(comparison.split, {})
        for code in comparison.languages if "layer" in run.results and comparison.metric == "accuracy" else ():
            score, count = comparison.score(run, code), counts.get(code)
            if score is not None and isinstance(count, int) and count > 0:
                found[number, code] = (round(score * count / 100), count)
    return found


def wilson(right: int, examples: int) -> Interval:
    """Wilson's interval of a share, in percent: true to its 95 % near 0 and 100 too, where the bootstrap is too narrow.

    >>> wilson(90, 100)
    Interval(low=82.56..., high=94.47...)
    """
    share, n = right / examples, examples
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(max(100 * (middle - half), 0.0), min(100 * (middle + half), 100.0))


def _parts(comparison: Comparison, run: Run, language: str, said: Sequence[Said]) -> Floats | None:
    """Two numbers an example whose sums, one over the other, are the score: `[examples, 2]`; None where there are none.

    Whatever the metric is, these must come out at the score that the run has: else they are of something else.
    """
    score = comparison.score(run, language)
    if not said or score is None or any(example.gold is None for example in said):
        return None
    try:
        parts = np.array([_part(example, comparison.metric, comparison.task, language) for example in said])
    except (KeyError, TypeError, ValueError):
        return None
    of = parts[:, 1].sum()
    return parts if of and abs(100 * parts[:, 0].sum() / of - score) < 0.01 else None


def _part(said: Said, metric: str, task: str, language: str) -> tuple[float, float]:
    """What an example adds to the score's numerator and denominator."""
    if said.kind == "tagging" and metric == "f1":
        gold, found = entities([said.gold]), entities([said.prediction])
        return 2 * len(gold & found), len(gold) + len(found)
    if said.kind == "tagging" and metric == "accuracy":
        return sum(map(str.__eq__, said.gold, said.prediction)), len(said.gold)
    if said.kind == "span":
        scores = answer_scores([(said.id, said.answers)], {said.id: said.prediction}, normaliser(task, language))
        return scores[metric] / 100, 1
    if metric != "accuracy":
        raise ValueError(metric)
    return said.gold == said.prediction, 1


def _interval(draws: Floats | None) -> Interval | None:
    return None if draws is None else Interval(*(float(value) for value in np.percentile(draws, (2.5, 97.5))))


def _minus(draws: Floats | None, others: Floats | None) -> Floats | None:
    return None if draws is None or others is None else draws - others


def _whole(numbers: Floats) -> bool:
    return bool(np.all((numbers == 0) | (numbers == 1)))
