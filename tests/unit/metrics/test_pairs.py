from __future__ import annotations

import pytest

from xtune.metrics import pair_scores


def test_pairs_are_a_set_in_any_order() -> None:
    gold = [("de-1", "en-7"), ("de-2", "en-3"), ("de-3", "en-1"), ("de-4", "en-4")]
    found = [("de-3", "en-1"), ("de-1", "en-3"), ("de-3", "en-1")]
    assert pair_scores(gold, found) == pytest.approx({"f1": 100 / 3, "precision": 50, "recall": 25})


def test_the_other_way_round_is_another_pair() -> None:
    assert pair_scores([("a", "b")], [("b", "a")]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


def test_nothing_found_is_zero_and_nothing_to_find_an_error() -> None:
    assert pair_scores([("a", "b")], []) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    with pytest.raises(ValueError, match="no pair"):
        pair_scores([], [("a", "b")])
