"""How far the scores of finished runs are off by chance: the bootstrap over the examples of their test sets.

All runs, and all languages whose examples have the same ids, get the same draws: what is easy for both is what they
have in common, so differences between runs and means over parallel test sets have intervals of their own (the paired
bootstrap). What another seed of training would change is not in them; a study's are of seeds and examples both.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xtune.errors import InputError
from xtune.evaluation.counts import Counts, Values, read_counts
from xtune.evaluation.statistics import interval, rescore
from xtune.metrics import normaliser
from xtune.report.compare import Comparison, Run
from xtune.runs.generic import kind_of

Z = 1.96  # standard errors to either side that 95 % of a normal distribution lie within


class Interval(NamedTuple):
    """Within which 95 % lie, in percent or points."""

    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """The scores of each run on each draw of the examples.

    Args:
        comparison: The runs.
        scores: Run's place and language to the score on each draw, `[resamples]`, in percent.
        shares: The same to right examples and examples, where the score is a share of them.
    """

    comparison: Comparison
    scores: dict[tuple[int, str], Values]
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

    def _mean(self, run: int, languages: Collection[str]) -> Values | None:
        found = [self.scores[run, code] for code in languages if (run, code) in self.scores]
        return np.mean(found, axis=0) if found and len(found) == len(languages) else None

    def _gap(self, run: int) -> Values | None:
        return _minus(self.scores.get((run, self.comparison.source)), self._mean(run, self.comparison.targets))


def draw(comparison: Comparison) -> Draws:
    """Draw the examples of every run and language again; those without predictions, or scored otherwise, have none."""
    found = {
        (number, code): counts
        for number, run in enumerate(comparison.runs)
        for code in comparison.languages
        if (counts := _counts(comparison, run, code))
    }
    shares = {key: (int(each.gained.sum()), len(each.ids)) for key, each in found.items() if _is_share(each)}
    return Draws(comparison, rescore(found), {**shares, **_found(comparison)})


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


def _counts(comparison: Comparison, run: Run, language: str) -> Counts | None:
    """What each example adds to a score; None where that does not come out at the score: it is of something else."""
    path, task = run.folder / "predictions" / f"{comparison.split}-{language}.jsonl", comparison.task
    try:
        found = read_counts(path, kind_of(task), comparison.metric, normaliser(task, language))
    except InputError:
        return None
    score = comparison.score(run, language)
    return found if score is not None and abs(found.score - score) < 0.01 else None


def _is_share(counts: Counts) -> bool:
    """Whether each example is right or wrong, and counts once."""
    return bool(np.all(counts.possible == 1) and np.all((counts.gained == 0) | (counts.gained == 1)))


def _interval(draws: Values | None) -> Interval | None:
    return None if draws is None else Interval(*interval(draws))


def _minus(draws: Values | None, others: Values | None) -> Values | None:
    return None if draws is None or others is None else draws - others
