from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xtune.errors import InputError
from xtune.evaluation.counts import read_counts
from xtune.metrics import answer_scores, entity_scores, normalise_mlqa, normalise_squad, tag_accuracy

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def written(path: Path, rows: list[tuple[str, Any, Any]]) -> Path:
    lines = [{"id": id, "gold": gold, "prediction": said, "probabilities": None} for id, gold, said in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def sentences(seed: int) -> list[tuple[str, list[str], list[str]]]:
    """Tags, and predictions that are right now and then."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(30):
        gold = rng.choice(TAGS, rng.integers(1, 9)).tolist()
        said = [tag if rng.random() < 0.7 else str(rng.choice(TAGS)) for tag in gold]
        rows.append((f"{number}", gold, said))
    return rows


@pytest.mark.parametrize("metric", ["f1", "precision", "recall", "accuracy"])
def test_tags_add_up_to_the_score_of_the_corpus(tmp_path: Path, metric: str) -> None:
    rows = sentences(1)
    gold, said = [row[1] for row in rows], [row[2] for row in rows]
    expected = tag_accuracy(gold, said) if metric == "accuracy" else entity_scores(gold, said)[metric]
    found = read_counts(written(tmp_path / "p.jsonl", rows), "tagging", metric)
    assert 10 < found.score < 90 and found.score == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("metric", ["f1", "exact_match"])
@pytest.mark.parametrize("mlqa", [None, "de"])
def test_answers_add_up_by_the_rules_of_their_task(tmp_path: Path, metric: str, mlqa: str | None) -> None:
    rows: list[tuple[str, Any, Any]] = [
        ("q1", {"text": "der Rhein", "start": 0, "alternatives": ["Rhein in Köln"]}, "Rhein"),
        ("q2", {"text": "a cat", "start": 3, "alternatives": []}, "the cat sleeps"),
        ("q3", {"text": "x", "start": 3, "alternatives": []}, "y"),
    ]
    references = [(id, (gold["text"], *gold["alternatives"])) for id, gold, _ in rows]
    normalise = normalise_mlqa(mlqa) if mlqa else normalise_squad
    expected = answer_scores(references, {id: said for id, _, said in rows}, normalise)[metric]
    found = read_counts(written(tmp_path / "p.jsonl", rows), "span", metric, normalise)
    assert found.score == pytest.approx(expected)


def test_labels_in_any_order_are_the_same_test_set(tmp_path: Path) -> None:
    rows: list[tuple[str, Any, Any]] = [("b", "x", "x"), ("a", "y", "x"), ("c", None, "x"), ("d", "x", "x")]
    one = read_counts(written(tmp_path / "1.jsonl", rows), "classification", "accuracy")
    other = read_counts(written(tmp_path / "2.jsonl", rows[::-1]), "classification", "accuracy")
    assert (one.ids, one.score) == (("a", "b", "d"), pytest.approx(200 / 3))  # what nobody annotated does not count
    assert one.test_set == other.test_set
    changed = [("b", "y", "x"), *rows[1:]]
    assert read_counts(written(tmp_path / "3.jsonl", changed), "classification", "accuracy").test_set != one.test_set


def test_files_that_are_no_predictions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text('{"id": 1', encoding="utf-8")
    for name in ("broken.jsonl", "missing.jsonl"):
        with pytest.raises(InputError, match="no predictions") as caught:
            read_counts(tmp_path / name, "classification", "accuracy")
        assert caught.value.file == tmp_path / name
    with pytest.raises(InputError, match="no annotated example"):
        read_counts(written(tmp_path / "bare.jsonl", [("a", None, "x")]), "classification", "accuracy")
    with pytest.raises(InputError, match="accuracy"):
        read_counts(tmp_path / "bare.jsonl", "classification", "f1")
