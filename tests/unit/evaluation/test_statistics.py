from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from xtune.errors import InputError
from xtune.evaluation.counts import Counts
from xtune.evaluation.statistics import Comparison, System, compare, interval, rescore, two_sided_p


def counts(right: np.ndarray, ids: str = "", test_set: str = "") -> Counts:
    return Counts(tuple(f"{ids}{n}" for n in range(len(right))), right.astype(float), np.ones(len(right)), test_set)


def systems_of(
    rng: np.random.Generator, shares: dict[str, float], *, seeds: int, examples: int, languages: str = "en de fr"
) -> dict[str, System]:
    """Systems that are right in a share of the examples of a test set that all seeds have."""
    return {
        name: [{code: counts(rng.random(examples) < share) for code in languages.split()} for _ in range(seeds)]
        for name, share in shares.items()
    }


def test_means_and_sums_are_those_of_the_languages() -> None:
    rng = np.random.default_rng(0)
    systems = systems_of(rng, {"a": 0.7, "b": 0.8}, seeds=3, examples=50)
    found = compare(systems, "en", resamples=100)
    assert found.columns == ("en", "de", "fr", "average", "targets", "transfer_gap")  # the source first
    summary = found.summary("b", "a")
    scores = [[seed[code].score for code in ("en", "de", "fr")] for seed in systems["b"]]
    for name, values in {
        "average": [np.mean(row) for row in scores],
        "targets": [np.mean(row[1:]) for row in scores],
        "transfer_gap": [row[0] - np.mean(row[1:]) for row in scores],
    }.items():
        assert summary[name]["mean"] == pytest.approx(np.mean(values))
        assert summary[name]["sd"] == pytest.approx(np.std(values, ddof=1))
    assert summary["languages"]["de"]["mean"] == pytest.approx(np.mean([row[1] for row in scores]))
    base = found.summary("a", "a")
    assert "difference" not in base
    for name in ("average", "targets", "transfer_gap"):
        gain = summary["difference"][name]
        assert gain["mean"] == pytest.approx(summary[name]["mean"] - base[name]["mean"])
        assert gain["interval"][0] < gain["mean"] < gain["interval"][1]


def test_what_has_the_same_examples_gets_the_same_draws_and_nothing_else_does() -> None:
    right = np.arange(100) < 60
    found = rescore({"a": counts(right), "b": counts(right), "other": counts(right, ids="x")}, resamples=500)
    assert np.array_equal(found["a"], found["b"])
    assert abs(np.corrcoef(found["a"], found["other"])[0, 1]) < 0.2
    assert np.mean(found["a"]) == pytest.approx(60, abs=0.7)
    assert np.std(found["a"]) == pytest.approx(100 * np.sqrt(0.6 * 0.4 / 100), rel=0.15)


def test_one_seed_is_the_bootstrap_of_its_examples() -> None:
    """SciPy's own bootstrap gives the same interval, up to the draws."""
    rng = np.random.default_rng(1)
    a, b = rng.random(200) < 0.6, rng.random(200) < 0.7
    found = compare({"a": [{"en": counts(a)}], "b": [{"en": counts(b)}]}, "en", resamples=4000)
    gain = found.summary("b", "a")["difference"]["average"]
    theirs = stats.bootstrap(
        (100.0 * a, 100.0 * b),
        lambda x, y, axis: y.mean(axis) - x.mean(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert gain["interval"] == pytest.approx([theirs.low, theirs.high], abs=1.0)
    assert found.summary("a", "a")["average"]["sd"] is None


def test_many_seeds_on_large_test_sets_agree_with_a_paired_t_test() -> None:
    """There the spread over seeds is all there is."""
    rng = np.random.default_rng(3)
    shares = 0.6 + 0.05 * rng.standard_normal(20)
    gains = 0.02 + 0.03 * rng.standard_normal(20)

    def system(shares: np.ndarray) -> list[dict[str, Counts]]:
        return [{"en": counts(np.arange(1000) < 1000 * share, test_set=str(at))} for at, share in enumerate(shares)]

    a, b = system(shares), system(shares + gains)
    gain = compare({"a": a, "b": b}, "en", resamples=1000).summary("b", "a")["difference"]["average"]
    scores = [[seed["en"].score for seed in each] for each in (a, b)]
    expected = stats.ttest_rel(scores[1], scores[0])
    assert gain["p"] == pytest.approx(expected.pvalue, abs=0.02)
    assert gain["interval"] == pytest.approx(list(expected.confidence_interval()), abs=0.5)


def test_f1_is_resampled_as_a_quotient_of_sums() -> None:
    """SciPy's bootstrap of the same quotient; the mean of the sentences' own F1 would be another number."""
    rng = np.random.default_rng(4)
    possible = rng.integers(1, 30, 150).astype(float)
    gained = np.floor(possible * rng.beta(8, 2, 150))
    found = compare({"a": [{"en": Counts(tuple(map(str, range(150))), gained, possible, "")}]}, "en", resamples=4000)
    own = found.summary("a", "a")["average"]
    theirs = stats.bootstrap(
        (gained, possible),
        lambda x, y, axis: 100 * x.sum(axis) / y.sum(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert own["interval"] == pytest.approx([theirs.low, theirs.high], abs=0.3)
    assert own["mean"] == pytest.approx(100 * gained.sum() / possible.sum())


def test_languages_of_one_example_are_drawn_together() -> None:
    """Two languages with the same right examples: drawn together the gap between them is always 0."""
    right = np.random.default_rng(6).random(100) < 0.6
    together = compare({"a": [{"en": counts(right), "de": counts(right)}]}, "en").summary("a", "a")
    assert together["transfer_gap"]["interval"] == [0.0, 0.0]
    apart = compare({"a": [{"en": counts(right), "de": counts(right, ids="x")}]}, "en").summary("a", "a")
    low, high = apart["transfer_gap"]["interval"]
    assert low < -5 and high > 5
    # and the average is as uncertain as one language, where two would make it surer
    wide, narrow = (np.ptp(each["average"]["interval"]) for each in (together, apart))
    assert narrow < 0.8 * wide


def test_a_common_test_set_does_not_become_surer_by_more_seeds() -> None:
    """Five seeds that say the same: on one test set that is no news, on five it is."""
    right = np.random.default_rng(7).random(100) < 0.6
    one, common, own = (
        np.ptp(compare({"a": system}, "en").summary("a", "a")["average"]["interval"])
        for system in (
            [{"en": counts(right)}],
            [{"en": counts(right)} for _ in range(5)],
            [{"en": counts(right, test_set=str(seed))} for seed in range(5)],
        )
    )
    assert common == pytest.approx(one, rel=0.1)
    assert own == pytest.approx(one / np.sqrt(5), rel=0.1)


def test_draws_depend_on_their_seed_alone() -> None:
    systems = systems_of(np.random.default_rng(8), {"a": 0.7, "b": 0.8}, seeds=2, examples=40)
    first, again, other = (compare(systems, "en", resamples=50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.resampled, again.resampled)
    assert not np.array_equal(first.resampled, other.resampled)


def test_systems_on_different_examples_are_refused() -> None:
    right = np.ones(5, bool)
    with pytest.raises(InputError, match="different examples in en"):
        compare({"a": [{"en": counts(right)}], "b": [{"en": counts(right, test_set="other")}]}, "en")


@pytest.mark.parametrize(("difference", "p"), [(np.full(99, 2.0), 0.02), (np.linspace(-1, 1, 99), 1.0)])
def test_p_is_two_sided_and_never_0(difference: np.ndarray, p: float) -> None:
    assert two_sided_p(difference) == pytest.approx(p, abs=0.03)
    assert two_sided_p(-difference) == two_sided_p(difference)


def world(rng: np.random.Generator, seeds: int, *, common: bool, luck: float) -> Comparison:
    """A system that is 5 points better on 300 examples whose difficulty differs, by training that takes luck."""

    def test_set() -> np.ndarray:
        return rng.normal(0.0, 1.0, 300)

    hard = test_set()
    pair: dict[str, list[dict[str, Counts]]] = {"a": [], "b": []}
    for seed in range(seeds):
        of_seed = hard if common else test_set()
        for name, better in (("a", 0.0), ("b", 0.2)):
            skill = rng.normal(0.0, luck) + better
            right = rng.random(300) < stats.norm.cdf(of_seed + skill)
            pair[name].append({"en": counts(right, test_set="one" if common else f"{seed}")})
    return compare(pair, "en", resamples=400, seed=int(rng.integers(1 << 30)))


@pytest.mark.parametrize(
    ("seeds", "common", "luck", "least"),
    [(2, True, 0.3, 0.66), (5, True, 0.3, 0.82), (5, True, 0.1, 0.91), (5, False, 0.3, 0.80)],
)
def test_how_often_intervals_of_95_percent_hold_the_truth(seeds: int, common: bool, luck: float, least: float) -> None:
    """Of 300 worlds, in per cent, by the number of seeds. Here it is 100 worlds, give or take 8.

    | what differs most | test sets | 2 | 3 | 5 | 8 |
    |---|---|---|---|---|---|
    | training (luck 0.3) | one | 78 | 85 | 90 | 93 |
    | training (luck 0.3) | one a seed | 77 | 83 | | |
    | examples (luck 0.1) | one | 93 | 96 | 99 | 98 |
    | examples (luck 0.1) | one a seed | 93 | 93 | 96 | 97 |
    """
    rng = np.random.default_rng(9)
    truth = 100 * (stats.norm.cdf(0.2 / np.sqrt(2 + luck**2)) - 0.5)  # over all difficulties and skills
    held = 0
    for _ in range(100):
        low, high = interval(difference(world(rng, seeds, common=common, luck=luck)))
        held += low <= truth <= high
    assert held >= 100 * least


def difference(found: Comparison) -> np.ndarray:
    column = found.columns.index("average")
    drawn: np.ndarray = found.resampled[:, 1, column] - found.resampled[:, 0, column]
    return drawn


def test_a_usual_study_takes_no_time() -> None:
    systems = systems_of(np.random.default_rng(10), dict.fromkeys("abcdef", 0.7), seeds=5, examples=300)
    started = time.process_time()
    compare(systems, "en")
    assert time.process_time() - started < 2  # a third of a second, with room for a machine that is busy
