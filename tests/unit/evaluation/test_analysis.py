from __future__ import annotations

import math

import numpy as np
import pytest

from xtune.evaluation.analysis import agreement, calibration, closeness, in_the_plane


def said(labels: str) -> dict[str, str]:
    return {str(number): label for number, label in enumerate(labels) if label != "."}


def test_agreement_counts_what_both_have_right_or_wrong() -> None:
    found = agreement({"de": said("aab."), "en": said("abbb"), "sw": said("abba")}, "en")
    assert found["de"] == {"agreement": pytest.approx(200 / 3), "examples": 3}
    assert found["sw"] == {"agreement": 75.0, "examples": 4}
    assert found["mean"] == {"agreement": pytest.approx((200 / 3 + 75) / 2)}
    assert found["all"] == {"agreement": pytest.approx(200 / 3), "examples": 3, "languages": 3}
    assert "en" not in found


def test_languages_that_share_no_example_are_left_out() -> None:
    found = agreement({"en": {"0": "a"}, "de": {"0": "a"}, "fr": {"9": "a"}}, "en")
    assert set(found) == {"all", "mean", "de"} and found["all"]["languages"] == 2
    assert agreement({"en": {"0": "a"}, "fr": {"9": "a"}}, "en") == {}
    assert agreement({"de": {"0": "a"}, "fr": {"0": "a"}}, "en") == {}
    assert agreement({"en": {"0": "a"}}, "en") == {}


def test_calibration_is_the_definition() -> None:
    rng = np.random.default_rng(3)
    sure, right = rng.random(500) ** 0.5, rng.random(500) < 0.6
    error = 0.0
    for number in range(15):
        inside = [i for i, p in enumerate(sure) if number / 15 < p <= (number + 1) / 15]
        if inside:
            gap = sum(right[i] for i in inside) / len(inside) - sum(sure[i] for i in inside) / len(inside)
            error += len(inside) / 500 * abs(gap)
    found = calibration(list(sure), list(right))
    assert found["ece"] == pytest.approx(100 * error)
    assert found["accuracy"] == pytest.approx(100 * right.mean())
    assert found["confidence"] == pytest.approx(100 * sure.mean())
    assert found["predictions"] == 500


def test_bins_are_closed_on_the_right() -> None:
    """0.2 is the end of the third bin, 0.2 and a little more in the fourth: apart, their errors do not cancel."""
    assert calibration([0.2, 0.2001], [True, False])["ece"] == pytest.approx((80 + 20.01) / 2)
    assert calibration([0.1999, 0.2], [True, False])["ece"] == pytest.approx(50 - 19.995)
    assert calibration([0.0, 1.0], [False, True])["ece"] == 0


def test_closeness_is_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(5, 7)).astype(np.float32), rng.normal(size=(5, 7)).astype(np.float32)
    own = [math.dist(a[i], b[i]) for i in range(5)]
    others = [math.dist(a[i], b[j]) for i in range(5) for j in range(5) if i != j]
    found = closeness(a, b)
    assert found["translation"] == pytest.approx(sum(own) / 5)
    assert found["random"] == pytest.approx(sum(others) / 20)
    assert found["ratio"] == pytest.approx(sum(own) * 4 / sum(others))


def test_closeness_at_its_ends() -> None:
    a = 100 * np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    assert closeness(a, a)["ratio"] == 0
    assert closeness(a, a + 1e6)["ratio"] == pytest.approx(1, abs=1e-3)
    assert closeness(a * 0, a * 0) == {"translation": 0.0, "random": 0.0, "ratio": 0.0}


def test_the_plane_keeps_neighbours_and_is_the_same_again() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(3), 12)
    vectors = (10 * np.eye(3)[groups] + rng.normal(0, 0.1, (36, 3))).astype(np.float32)
    points = in_the_plane(vectors, seed=4)
    assert points.shape == (36, 2)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (groups[apart.argmin(1)] == groups).all()
    assert np.array_equal(points, in_the_plane(vectors, seed=4))
    assert in_the_plane(vectors[:4], seed=4).shape == (4, 2)
