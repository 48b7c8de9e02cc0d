from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.unit.report.runs import labels, results, write_predictions, write_run
from xtune.report.compare import Comparison, compare, read_run
from xtune.report.intervals import draw, wilson

TASKS = {"accuracy": "topic", "precision": "topic", "f1": "tagging", "exact_match": "span"}


def runs_of(
    folder: Path, metric: str, *said: tuple[dict[str, float], dict[str, list[tuple[Any, Any]]]], task: str = ""
) -> Comparison:
    """Runs with these scores and predictions."""
    runs = []
    for number, (scores, pairs) in enumerate(said):
        values = results(f"method{number}", {"en": 0.0, "de": 0.0}) | {"task": task or TASKS[metric]}
        values["scores"]["test"] = {code: {metric: score} for code, score in scores.items()}
        write_predictions(write_run(folder / f"run{number}", values), pairs)
        runs.append(read_run(folder / f"run{number}"))
    return compare(runs)


@pytest.mark.parametrize(("right", "examples"), [(0, 20), (7, 30), (299, 300), (300, 300)])
def test_a_share_has_wilsons_interval(right: int, examples: int) -> None:
    other = binomtest(right, examples).proportion_ci(method="wilson")
    assert wilson(right, examples) == pytest.approx((100 * other.low, 100 * other.high), abs=0.01)


def test_a_gain_on_the_same_examples_is_surer_than_the_scores_are(tmp_path: Path) -> None:
    """150 and 180 of 300, the same first ones: only 30 examples differ."""
    first, second = labels(150, 300), labels(180, 300)
    draws = draw(runs_of(tmp_path, "accuracy", ({"de": 50.0}, {"de": first}), ({"de": 60.0}, {"de": second})))
    score, gain = draws.score(0, "de"), draws.gain("de")
    assert score is not None and gain is not None
    assert score == pytest.approx((44.4, 55.6), abs=0.1)
    sd = 100 * np.sqrt(0.1 * 0.9 / 300)  # of the mean of 30 ones and 270 zeros
    assert gain == pytest.approx((10 - 1.96 * sd, 10 + 1.96 * sd), abs=0.4)


def test_the_mean_of_parallel_sets_knows_that_they_have_the_same_examples(tmp_path: Path) -> None:
    """Two languages with the same answers tell no more than one; with opposite ones their mean hardly moves."""
    same = labels(150, 300)
    opposite = [(gold, "ba"["ab".index(said)]) for gold, said in same]
    one = draw(runs_of(tmp_path / "a", "accuracy", ({"de": 50.0, "fr": 50.0}, {"de": same, "fr": same})))
    two = draw(runs_of(tmp_path / "b", "accuracy", ({"de": 50.0, "fr": 50.0}, {"de": same, "fr": opposite})))
    wide, narrow = one.mean(0, ("de", "fr")), two.mean(0, ("de", "fr"))
    assert wide is not None and wide.high - wide.low > 9
    assert narrow is not None and narrow.high - narrow.low == pytest.approx(0, abs=1e-3)


def test_f1_of_entities_is_drawn_sentence_by_sentence(tmp_path: Path) -> None:
    right, wrong = (["B-PER", "O"], ["B-PER", "O"]), (["B-PER", "O"], ["B-LOC", "O"])
    draws = draw(runs_of(tmp_path, "f1", ({"de": 50.0}, {"de": [right, wrong] * 50})))
    interval = draws.score(0, "de")
    assert interval == pytest.approx((40, 60), abs=1.5)  # as the share of 100 sentences, half of them right


def test_answers_count_by_the_words_they_share(tmp_path: Path) -> None:
    gold = {"text": "the Danube", "start": 4, "alternatives": ["Danube river"]}
    pairs = [(gold, "Danube River in Vienna"), (gold, "a danube")] * 30
    f1 = (100 * 2 / 3 + 100) / 2
    draws = draw(runs_of(tmp_path, "f1", ({"de": f1}, {"de": pairs}), task="span"))
    interval = draws.score(0, "de")
    assert interval is not None and interval.low < f1 < interval.high and interval.high - interval.low < 10


def test_predictions_that_are_not_what_was_scored_give_no_interval(tmp_path: Path) -> None:
    wrong = draw(runs_of(tmp_path / "a", "accuracy", ({"de": 51.0}, {"de": labels(150, 300)})))
    assert wrong.score(0, "de") is None and wrong.gain("de") is None
    unknown = draw(runs_of(tmp_path / "b", "precision", ({"de": 50.0}, {"de": labels(150, 300)})))
    assert unknown.score(0, "de") is None
    none = draw(runs_of(tmp_path / "c", "accuracy", ({"de": 50.0}, {})))
    assert none.score(0, "de") is None and none.gap(0) is None
