"""What the published scorers give, to the last digit: seqeval 0.0.12, SQuAD's, MLQA's, and XTREME's `evaluate.py`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from xtune.evaluation.scoring import score_folders
from xtune.metrics import answer_scores, entity_scores, normalise_mlqa, normalise_squad, tag_accuracy

MOCK = Path(os.environ.get("XTUNE_DATA", "")) / "xtreme-mock"
THERE = "XTUNE_DATA" in os.environ and MOCK.is_dir()

SEQEVAL = [  # gold, predicted; F1, precision, recall, accuracy of seqeval 0.0.12
    ("NOUN NOUN VERB | SCONJ SCONJ NOUN", "NOUN NOUN VERB | SCONJ NOUN NOUN", 200 / 3, 75, 60, 250 / 3),
    ("NOUN NOUN VERB", "NOUN ADJ VERB", 40, 100 / 3, 50, 200 / 3),
    ("INTJ SYM INTJ X", "INTJ INTJ SYM X", 200 / 7, 100 / 3, 25, 50),
    ("SYM SYM PUNCT PUNCT | DET NOUN", "SYM SYM PUNCT PUNCT | DET NOUN", 100, 100, 100, 100),
    ("PROPN PROPN ADP DET NOUN NOUN PUNCT", "PROPN NOUN ADP DET NOUN NOUN PUNCT", 800 / 11, 200 / 3, 80, 600 / 7),
    (
        "B-PER I-PER O B-LOC | O B-ORG I-ORG I-ORG",
        "B-PER I-PER O B-ORG | O B-ORG I-ORG O",
        100 / 3,
        100 / 3,
        100 / 3,
        75,
    ),
    ("I-PER I-PER O | I-LOC B-LOC", "B-PER I-PER O | B-LOC I-LOC", 40, 50, 100 / 3, 40),
    ("B-PER I-ORG I-ORG O", "B-PER I-PER I-ORG O", 0, 0, 0, 75),
    ("S-PER O B-LOC E-LOC E-LOC | I-ORG", "S-PER S-PER B-LOC I-LOC E-LOC | B-ORG", 50, 50, 50, 50),
    ("O O O", "B-PER O O", 0, 0, 0, 200 / 3),
]

ANSWERS = [  # language, reference, answer; exact match and F1 of MLQA's scorer, and of SQuAD's
    ("de", "am Ufer des Rheins", "Ufer der Rheins", 0, 80, 0, 400 / 7),
    ("de", "die »Alte Brücke«", "Alte Brücke, Eine", 100, 100, 0, 0),
    ("en", "the Golden Gate", "a golden gate bridge", 0, 80, 0, 80),
    ("en", "U.S. $5", "US 5", 100, 100, 100, 100),
    ("es", "La Paz, en los Andes", "las Andes", 0, 50, 0, 200 / 7),
    ("es", "un río", "el rio", 0, 0, 0, 0),
    ("hi", "दिल्ली का लाल किला।", "लाल किला", 0, 200 / 3, 0, 100 / 3),
    ("vi", "những chiếc thuyền của làng", "thuyền làng", 100, 100, 0, 400 / 7),
    ("ar", "في القاهرة القديمة", "القاهرة", 0, 50, 0, 50),
    ("ar", "الكتاب", "كتاب", 100, 100, 0, 0),
    ("zh", "北京大学", "北京的大学", 0, 800 / 9, 0, 0),
    ("zh", "约200年", "200 年", 0, 80, 0, 0),
    ("zh", "《红楼梦》 ABC def", "红楼梦,abc", 0, 800 / 9, 0, 0),
]

XTREME: dict[str, dict[str, float]] = {  # averages over all languages of XTREME's mock submission
    "xnli": {"accuracy": 30.666666666666668},
    "pawsx": {"accuracy": 51.42857142857143},
    "udpos": {"f1": 70.21746048354693, "precision": 71.02232625883823, "recall": 69.54982073976082},
    "panx": {"f1": 57.50793650793652, "precision": 54.729166666666664, "recall": 62.750000000000014},
    "xquad": {"exact_match": 77.27272727272727, "f1": 79.9586776859504},
    "mlqa": {"exact_match": 57.142857142857146, "f1": 81.76870748299321},
    "tydiqa": {"exact_match": 88.88888888888889, "f1": 97.22222222222223},
    "bucc2018": {"f1": 55.0, "precision": 55.0, "recall": 55.0},
    "tatoeba": {"accuracy": 53.611111111111114},
}


def sentences(text: str) -> list[list[str]]:
    return [sentence.split() for sentence in text.split(" | ")]


@pytest.mark.parametrize(("gold", "predicted", "f1", "precision", "recall", "accuracy"), SEQEVAL)
def test_seqeval(gold: str, predicted: str, f1: float, precision: float, recall: float, accuracy: float) -> None:
    tags = sentences(gold), sentences(predicted)
    assert entity_scores(*tags) == pytest.approx({"f1": f1, "precision": precision, "recall": recall}, rel=1e-14)
    assert tag_accuracy(*tags) == pytest.approx(accuracy, rel=1e-14)


@pytest.mark.parametrize(("language", "reference", "answer", "exact", "f1", "squad_exact", "squad_f1"), ANSWERS)
def test_answers(
    language: str, reference: str, answer: str, exact: float, f1: float, squad_exact: float, squad_f1: float
) -> None:
    mlqa = answer_scores([("q", [reference])], {"q": answer}, normalise_mlqa(language))
    assert mlqa == pytest.approx({"exact_match": exact, "f1": f1}, rel=1e-14)
    squad = answer_scores([("q", [reference])], {"q": answer}, normalise_squad)
    assert squad == pytest.approx({"exact_match": squad_exact, "f1": squad_f1}, rel=1e-14)


@cache
def mock() -> dict[str, Any]:
    return score_folders(MOCK / "predictions", MOCK / "labels").summary()


@pytest.mark.skipif(not THERE, reason="XTUNE_DATA names no folder with xtreme-mock/")
@pytest.mark.parametrize("task", XTREME)
def test_xtreme_s_own_mock_submission_to_the_last_digit(task: str) -> None:
    average = mock()["average"][task]
    assert {metric: average[metric] for metric in XTREME[task]} == XTREME[task]


@pytest.mark.skipif(not THERE, reason="XTUNE_DATA names no folder with xtreme-mock/")
def test_xtreme_s_overall_scores_of_its_mock_submission() -> None:
    """By its rule from the averages above: of questions the mean of F1 and exact match, else F1 or accuracy."""
    qa = [(XTREME[task]["f1"] + XTREME[task]["exact_match"]) / 2 for task in ("xquad", "mlqa", "tydiqa")]
    tagging = [XTREME["udpos"]["f1"], XTREME["panx"]["f1"]]
    classification = [XTREME["xnli"]["accuracy"], XTREME["pawsx"]["accuracy"]]
    retrieval = [55.0, XTREME["tatoeba"]["accuracy"]]
    expected = {"qa": qa, "tagging": tagging, "classification": classification, "retrieval": retrieval}
    expected["all_task"] = [value for values in list(expected.values()) for value in values]
    means = {group: sum(values) / len(values) for group, values in expected.items()}
    assert mock()["overall"] == pytest.approx(means, rel=1e-14)
    assert mock()["average"]["udpos"]["accuracy"] == pytest.approx(74.194, abs=5e-4)
