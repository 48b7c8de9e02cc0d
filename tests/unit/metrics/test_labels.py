from __future__ import annotations

import pytest

from xtune.metrics import METRICS, accuracy


def test_accuracy_is_in_percent() -> None:
    assert accuracy(["a", "b", "c"], ["a", "c", "b"]) == pytest.approx(100 / 3)
    assert accuracy(["a"], ["a"]) == 100.0
    assert METRICS["accuracy"] is accuracy


def test_nothing_to_score_is_an_error_and_no_zero() -> None:
    with pytest.raises(ValueError, match="no example"):
        accuracy([], [])
    with pytest.raises(ValueError):
        accuracy(["a", "b"], ["a"])


def test_a_share_is_rounded_as_xtreme_rounds_it() -> None:
    right = [str(number < 29) for number in range(100)]
    assert accuracy(["True"] * 100, right) == 29 / 100 * 100 == 28.999999999999996
