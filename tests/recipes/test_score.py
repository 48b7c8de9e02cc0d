"""`xtune score`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recipes.conftest import Command
from tests.submission import write_submission
from xtune.evaluation.suite import LanguageResult
from xtune.evaluation.xtreme import TASKS
from xtune.metrics import accuracy
from xtune.runs.results import summarise, write_predictions
from xtune.schema import Example, Text
from xtune.tasks.classification import Prediction


def test_a_submission_is_scored_shown_and_written(xtune: Command, tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path)
    (predictions / "mewslix").mkdir()
    said = xtune("score", predictions, labels, "--output", tmp_path / "out.json")
    assert said.code == 0 and not said.err
    for words in (
        "tatoeba",
        "zh  Chinese",
        "all nine tasks",
        "! mewslix: not a task of XTREME",
        str(tmp_path / "out.json"),
    ):
        assert words in said.out
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert list(found) == ["scores", "average", "overall"]
    assert found["scores"]["xnli"]["ar"] == {"accuracy": 25.0} and found["scores"]["xnli"]["zh"] == {"accuracy": 75.0}
    assert found["scores"]["mlqa"]["ar"] == {"exact_match": 100.0, "f1": 100.0}
    assert found["average"]["bucc2018"]["recall"] == 87.5
    assert found["overall"].keys() == {"all_task", "classification", "tagging", "qa", "retrieval"}


def test_missing_languages_are_shown_and_written(
    xtune: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions, labels = write_submission(tmp_path, "panx")
    (predictions / "panx" / "test-yo.tsv").unlink()
    monkeypatch.chdir(tmp_path)
    said = xtune("score", predictions, labels)
    assert said.code == 0
    assert "! panx: * its average is over 39 of 40 languages" in said.out and "yo: no predictions" in said.out
    found = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert found["missing"] == {"panx": {"yo": "no predictions"}} and "yo" not in found["scores"]["panx"]


def test_a_run_s_own_predictions_score_as_in_its_results(xtune: Command, tmp_path: Path) -> None:
    results = {}
    text = (Text.from_string("a"), Text.from_string("b"))
    for place, language in enumerate(TASKS["pawsx"].languages):
        gold = ["0", "1", "1", "0", "1", "0", "1"]
        found = ["1"] * place + gold[place:]
        examples = [Example(str(row), language, text, label) for row, label in enumerate(gold)]
        predictions = [Prediction(label, {label: 1.0}) for label in found]
        results[language] = LanguageResult(examples, predictions, {"accuracy": accuracy(gold, found)})
        rows = "".join(f"a\tb\t{label}\n" for label in gold)
        (tmp_path / "data" / "pawsx").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "pawsx" / f"test-{language}.tsv").write_text(rows, "utf-8")
    write_predictions(tmp_path / "predictions", "pawsx", {"test": results})
    said = xtune("score", tmp_path / "predictions", tmp_path / "data", "--output", tmp_path / "scores.json")
    assert said.code == 0
    ours, scores = summarise("en", {"test": results}), json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert scores["scores"] == {"pawsx": ours["scores"]["test"]}
    assert scores["average"]["pawsx"] == pytest.approx(ours["average"]["test"], rel=1e-14)
    assert len(set(map(str, ours["scores"]["test"].values()))) > 3


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("predictions/xnli/test-sw.tsv", "neutral\n", ("test-sw.tsv, line 1", "1 predictions for the 4", "one a line")),
        ("predictions/xquad/test-th.json", '{"q1": "a",\n', ("test-th.json, line 1", "not JSON", "where it came from")),
        ("labels/xquad/test-th.json", "[]", ("test-th.json", "no question")),
    ],
)
def test_bad_input_is_one_error_and_nothing_is_written(
    xtune: Command, tmp_path: Path, file: str, text: str, said: tuple[str, ...]
) -> None:
    predictions, labels = write_submission(tmp_path, "xnli", "xquad")
    (tmp_path / file).write_text(text, "utf-8")
    found = xtune("score", predictions, labels, "--output", tmp_path / "out.json")
    assert found.code == 2 and not found.out
    assert found.err.startswith("error: ") and "remedy: " in found.err and all(words in found.err for words in said)
    assert not [path for path in tmp_path.iterdir() if path.name not in ("predictions", "labels")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("predictions", "label"), ("label, field 'LABELS_DIR'", "no such folder")),
        (("predictions/xnli/test-sw.tsv", "labels"), ("field 'PREDICTIONS_DIR'", "a file, not a folder")),
        (("labels/..", "labels"), ("field 'PREDICTIONS_DIR'", "no task of XTREME", "xnli/, pawsx/")),
        (("predictions", "labels", "--output", "predictions"), ("field '--output'", "this is a folder")),
        (("predictions", "labels", "--output", "no/out.json"), ("field '--output'", "folder does not exist")),
        (("predictions", "labels", "--output", ""), ("field '--output'", "name is empty", "name a file")),
    ],
)
def test_a_bad_path_is_one_error(
    xtune: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    write_submission(tmp_path, "xnli")
    monkeypatch.chdir(tmp_path)
    found = xtune("score", *words)
    assert found.code == 2 and not found.out and all(part in found.err for part in said)
    assert {path.name for path in tmp_path.iterdir()} == {"predictions", "labels"}
