"""How sure a score or a difference is: mean and deviation over seeds, and a paired bootstrap over seeds and examples.

The bootstrap is hierarchical. A resample draws as many seeds as there are, with replacement, and examples within each;
every system is scored on the same draws, so that differences are paired. All languages of one example stay together
where their ids agree. Where all seeds have the same test sets, one draw of examples holds for all drawn seeds (a test
set that suits a system suits it with every seed); where each seed has test sets of its own, as on the pocket benchmark,
each drawn seed has a draw of its own.

Few seeds make the spread over them look smaller than it is, by (S - 1) / S; that part of every resample's deviation is
scaled back up. What no resampling mends is that few seeds say little of their spread: where training differs more than
test sets do, intervals of 95 % hold the truth in 78 % of cases with two seeds, 85 % with three, 90 % with five, 93 %
with eight; where test sets do, in 93 % and more (measured in `tests/unit/evaluation/test_statistics.py`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xtune.errors import InputError
from xtune.evaluation.counts import Counts, Values, ratio

RESAMPLES = 2000
ELEMENTS = 4_000_000
"""Of the largest array: a longer one would be memory without use."""

System = Sequence[Mapping[str, Counts]]
"""For each seed, language to counts."""

K = TypeVar("K", bound=Hashable)
Draws = NDArray[np.int64]
Weights = NDArray[np.float32]


def mean_sd(values: Sequence[float] | Values) -> dict[str, float | None]:
    """Mean and standard deviation of a sample; one value has no deviation.

    >>> mean_sd([1.0, 3.0]), mean_sd([2.0])
    ({'mean': 2.0, 'sd': 1.4142135623730951}, {'mean': 2.0, 'sd': None})
    """
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None}


def two_sided_p(differences: Values) -> float:
    """How often a resampled difference is on the other side of 0, twice; never 0, as a sample is finite.

    >>> two_sided_p(np.array([1.0, 2.0, -0.5])), two_sided_p(np.zeros(3))
    (1.0, 1.0)
    """
    fewer = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(1.0, 2 * (fewer + 1) / (len(differences) + 1)))


def interval(values: Values) -> list[float]:
    """Where the middle 95 % lie."""
    return [float(value) for value in np.percentile(values, (2.5, 97.5))]


@dataclass(frozen=True)
class Comparison:
    """Scores of several systems with the same seeds on the same test sets.

    Args:
        names: Of the systems.
        columns: The languages, then `average`, `targets` and `transfer_gap`, as far as there are.
        scores: In percent: `[seeds, systems, columns]`.
        resampled: `[resamples, systems, columns]`.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    scores: Values
    resampled: Values

    def summary(self, name: str, baseline: str) -> dict[str, Any]:
        """What `study.json` says of a system: `languages`, `average` …, and `difference` from another one."""
        at, base = self.names.index(name), self.names.index(baseline)
        own = {
            column: {**mean_sd(self.scores[:, at, place]), "interval": interval(self.resampled[:, at, place])}
            for place, column in enumerate(self.columns)
        }
        if name == baseline:
            return self._nested(own)
        differences = {}
        for place, column in enumerate(self.columns):
            mean = float((self.scores[:, at, place] - self.scores[:, base, place]).mean())
            drawn = self.resampled[:, at, place] - self.resampled[:, base, place]
            differences[column] = {"mean": mean, "interval": interval(drawn), "p": two_sided_p(drawn)}
        return {**self._nested(own), "difference": self._nested(differences)}

    def _nested(self, values: Mapping[str, Any]) -> dict[str, Any]:
        languages = {column: values[column] for column in self.columns if column not in SUMS}
        return {"languages": languages, **{column: values[column] for column in self.columns if column in SUMS}}


SUMS = ("average", "targets", "transfer_gap")


def compare(systems: Mapping[str, System], source: str, *, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Score systems, and resample their scores.

    Args:
        systems: By name; each with the same seeds, languages and test sets.
        source: The language of the labels.
        resamples: How many.
        seed: Of the draws; the same systems and seed give the same intervals, to the last digit.

    Raises:
        InputError: The systems were not tested on the same examples.
    """
    blocks = _blocks(systems)
    languages = [language for block in blocks for language in block.languages]
    scores = np.concatenate([block.scores() for block in blocks], axis=-1)
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(scores), (resamples, len(scores)))
    drawn = np.concatenate([block.resample(chosen, rng) for block in blocks], axis=-1)
    order = sorted(range(len(languages)), key=lambda place: (languages[place] != source, languages[place]))
    languages = [languages[place] for place in order]
    matrix = _sums(languages, source)
    whole = _widened(_spread(scores[..., order], chosen) + drawn[..., order], matrix)
    names = tuple(languages) + tuple(matrix)
    return Comparison(tuple(systems), names, _widened(scores[..., order], matrix), whole)


def rescore(test_sets: Mapping[K, Counts], *, resamples: int = RESAMPLES, seed: int = 0) -> dict[K, Values]:
    """Scores on drawn examples, of whatever there is: those whose examples have the same ids get the same draws.

    Args:
        test_sets: By any key, such as run and language; some runs may lack some.
        resamples: How many.
        seed: Of the draws.

    Returns:
        Key to scores in percent: `[resamples]`.
    """
    alike: dict[tuple[str, ...], list[K]] = {}
    for key, counts in test_sets.items():
        alike.setdefault(counts.ids, []).append(key)
    found: dict[K, Values] = {}
    rng = np.random.default_rng(seed)
    for ids, keys in alike.items():
        gained = np.array([test_sets[key].gained for key in keys], np.float32).T
        possible = np.array([test_sets[key].possible for key in keys], np.float32).T
        parts = [
            _scores(_weights(rng, part.stop - part.start, len(ids)), gained, possible)
            for part in _parts(resamples, len(ids))
        ]
        found |= zip(keys, np.concatenate(parts).T, strict=True)
    return {key: found[key] for key in test_sets}


def _widened(scores: Values, sums: Mapping[str, Values]) -> Values:
    """Scores of languages, `[…, languages]`, with the columns of their sums beside them."""
    return np.concatenate([scores, *(scores @ weights[:, None] for weights in sums.values())], axis=-1)


def _sums(languages: Sequence[str], source: str) -> dict[str, Values]:
    """How much each language counts in the average, in that of the targets, and in the transfer gap."""
    target = np.array([language != source for language in languages], float)
    sums = {"average": np.full(len(languages), 1 / len(languages))}
    if target.any():
        sums["targets"] = target / target.sum()
    if target.any() and not target.all():
        sums["transfer_gap"] = 1 - target - sums["targets"]
    return sums


def _spread(scores: Values, chosen: Draws) -> Values:
    """What the draw of seeds adds to the scores on whole test sets: `[resamples, systems, languages]`."""
    seeds, mean = len(scores), scores.mean(0)
    counts = (chosen[:, :, None] == np.arange(seeds)).mean(1)
    scale = np.sqrt(seeds / (seeds - 1)) if seeds > 1 else 0.0
    spread: Values = mean + scale * (np.tensordot(counts, scores, 1) - mean)
    return spread


@dataclass(frozen=True)
class _Block:
    """Languages whose examples are drawn together.

    Args:
        languages: They.
        gained: For each seed `[examples, systems, languages]`.
        possible: Likewise.
        shared: All seeds have the same test sets.
    """

    languages: tuple[str, ...]
    gained: Sequence[Values]
    possible: Sequence[Values]
    shared: bool

    def scores(self) -> Values:
        """`[seeds, systems, languages]`."""
        pairs = zip(self.gained, self.possible, strict=True)
        return np.stack([100 * ratio(gained.sum(0), possible.sum(0)) for gained, possible in pairs])

    def resample(self, chosen: Draws, rng: np.random.Generator) -> Values:
        """What the draw of examples adds to the scores of the drawn seeds: `[resamples, systems, languages]`.

        Args:
            chosen: The drawn seeds: `[resamples, seeds]`.
            rng: Draws examples.
        """
        scores = self.scores()
        gained, possible = ([each.astype(np.float32) for each in values] for values in (self.gained, self.possible))
        added = np.zeros((len(chosen), *scores.shape[1:]))
        for part in _parts(len(chosen), max(map(len, self.gained))):
            common = _weights(rng, part.stop - part.start, len(self.gained[0])) if self.shared else None
            for slot in range(chosen.shape[1]):
                for seed in range(len(scores)):
                    rows = np.flatnonzero(chosen[part, slot] == seed)
                    weights = _weights(rng, len(rows), len(self.gained[seed])) if common is None else common[rows]
                    added[part.start + rows] += _scores(weights, gained[seed], possible[seed]) - scores[seed]
        return np.asarray(added / chosen.shape[1])


def _scores(weights: Weights, gained: Weights, possible: Weights) -> Values:
    """The scores of drawn examples: `[rows, …]`; in fp32, which is plenty for a spread.

    Args:
        weights: How often each is drawn: `[rows, examples]`.
        gained: `[examples, …]`.
        possible: Likewise.
    """
    above = np.tensordot(weights, gained, 1)
    if possible.min() == possible.max() > 0:  # as of every mean over examples: half the work
        return np.asarray(100 * above / (len(gained) * possible.max()), float)
    return np.asarray(100 * ratio(above, np.tensordot(weights, possible, 1)), float)


def _parts(count: int, examples: int) -> Iterator[slice]:
    size = max(1, ELEMENTS // examples)
    return (slice(start, min(count, start + size)) for start in range(0, count, size))


def _weights(rng: np.random.Generator, rows: int, examples: int) -> Weights:
    """How often each example is drawn: `[rows, examples]`."""
    drawn = rng.integers(0, examples, (rows, examples), dtype=np.int32) + examples * np.arange(rows)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=rows * examples)
    return np.asarray(counts.reshape(rows, examples), np.float32)


def _blocks(systems: Mapping[str, System]) -> list[_Block]:
    """The languages, those together whose examples have the same ids in every seed."""
    first = next(iter(systems.values()))
    groups: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for language in first[0]:
        _check(systems, language)
        ids = tuple(seed[language].ids for seed in first)
        whole = len(set(ids[0])) == len(ids[0])  # else an id says nothing
        groups.setdefault(ids if whole else ((language,),), []).append(language)
    blocks = []
    for languages in groups.values():
        tables = [[[system[at][code] for code in languages] for system in systems.values()] for at in range(len(first))]
        gained, possible = (
            [np.array([[getattr(c, name) for c in row] for row in table]).transpose(2, 0, 1) for table in tables]
            for name in ("gained", "possible")
        )
        shared = all(len({seed[code].test_set for seed in first}) == 1 for code in languages)
        blocks.append(_Block(tuple(languages), gained, possible, shared))
    return blocks


def _check(systems: Mapping[str, System], language: str) -> None:
    """Refuse systems that were tested on other examples with the same seed."""
    for seeds in zip(*systems.values(), strict=True):
        found = {counts[language].test_set if language in counts else "" for counts in seeds}
        if len(found) > 1:
            problem = f"the runs were tested on different examples in {language}"
            raise InputError(problem, remedy="compare runs on the same test sets")
