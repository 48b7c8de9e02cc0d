from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xtune.config.load import load_recipe
from xtune.data.files import language_files
from xtune.evaluation.suite import LanguageResult
from xtune.runs.resolve import resolve
from xtune.runs.results import build_results, summarise, write_predictions
from xtune.runs.stage import StageResult
from xtune.schema import Example, Text
from xtune.tasks.classification import Prediction

# The contract of `results.json`. What is nested stands behind a dot.
CONTRACT = {
    *("schema", "xtune", "task", "setting", "method", "model", "seed", "source_language"),
    *("augmentation.stage1", "augmentation.data", "augmentation.consistency"),
    *("selection.by", "selection.metric", "selection.stage1_step", "selection.stage2_step"),
    *("scores", "pairs", "average", "transfer_gap"),
    *("examples.train", "timing.train_seconds", "timing.examples_per_second"),
    *(f"environment.{name}" for name in ("torch", "transformers", "git", "device", "threads")),
}
BESIDES = {"transfer_gap_split", "environment.python", "examples.dev", "examples.test"}


def language_result(language: str, right: int, count: int, labelled: bool = True) -> LanguageResult:
    """`count` examples, the first `right` of them right."""
    examples = [
        Example(f"{language}{n}", language, (Text.from_string("ä"),), "x" if labelled else None) for n in range(count)
    ]
    predictions = [
        Prediction("x" if n < right else "y", {"x": 0.75, "y": 0.25} if n < right else {"x": 0.25, "y": 0.75})
        for n in range(count)
    ]
    return LanguageResult(examples, predictions, {"accuracy": 100 * right / count} if labelled else {})


RESULTS = {
    "dev": {"en": language_result("en", 3, 4), "de": language_result("de", 2, 4)},
    "test": {"en": language_result("en", 9, 10), "de": language_result("de", 7, 10), "th": language_result("th", 1, 2)},
}


def built() -> dict[str, Any]:
    augmentation = {"stage1": "cs", "data": "ss", "consistency": "cs"}
    keys = {"model": "some/encoder", "data.dictionaries": "d", "seed": 3, "augmentation": augmentation}
    recipe = resolve(load_recipe("text-classification", keys))
    stages = {
        "stage1": StageResult(Path("a"), selected_step=20, seconds=10.04, steps=40, examples=400),
        "stage2": StageResult(Path("b"), selected_step=60, seconds=30.0, steps=80, examples=800),
    }
    return build_results(recipe, RESULTS, stages, 123)


def test_results_hold_what_the_contract_says_and_little_else() -> None:
    results = built()
    flat = set()
    for key, value in results.items():
        nested = key in ("augmentation", "selection", "examples", "timing", "environment")
        flat |= {f"{key}.{name}" for name in value} if nested else {key}
    assert flat >= CONTRACT
    assert flat - CONTRACT == BESIDES
    assert json.loads(json.dumps(results)) == results


def test_results_of_a_run() -> None:
    results = built()
    assert (results["schema"], results["seed"], results["source_language"]) == (1, 3, "en")
    assert (results["task"], results["method"], results["model"]) == ("text-classification", "xtune", "some/encoder")
    assert results["setting"] == "cross-lingual-transfer"
    assert results["augmentation"] == {"stage1": "cs", "data": "ss", "consistency": "cs"}
    assert results["selection"] == {"by": "source-dev", "metric": "accuracy", "stage1_step": 20, "stage2_step": 60}
    assert results["scores"]["dev"] == {"en": {"accuracy": 75.0}, "de": {"accuracy": 50.0}}
    assert results["scores"]["test"]["de"] == {"accuracy": 70.0}
    assert results["average"] == {"dev": {"accuracy": 62.5}, "test": {"accuracy": 70.0}}
    assert results["transfer_gap"] == {"accuracy": pytest.approx(30.0)}
    assert results["transfer_gap_split"] == "test"
    assert results["examples"] == {"train": 123, "dev": {"en": 4, "de": 4}, "test": {"en": 10, "de": 10, "th": 2}}
    assert results["timing"] == {"train_seconds": 40.0, "examples_per_second": 30.0}


def test_pairs_are_by_split() -> None:
    assert built()["pairs"] == {"test": {}}


def test_languages_without_annotation_have_no_score_and_are_in_no_average() -> None:
    found = summarise("en", {"test": {**RESULTS["test"], "sw": language_result("sw", 1, 2, labelled=False)}})
    assert "sw" not in found["scores"]["test"]
    assert found["average"]["test"]["accuracy"] == pytest.approx(70.0)


def test_the_gap_is_that_of_the_test_set_or_else_of_the_dev_set() -> None:
    only_dev = summarise("en", {"dev": RESULTS["dev"], "test": {}})
    assert only_dev["transfer_gap"] == {"accuracy": 25.0}
    assert only_dev["transfer_gap_split"] == "dev"
    assert only_dev["scores"]["test"] == {} and "test" not in only_dev["average"]
    unlabelled = {language: language_result(language, 1, 2, labelled=False) for language in ("en", "de")}
    assert summarise("en", {"dev": RESULTS["dev"], "test": unlabelled})["transfer_gap_split"] == "dev"
    nothing = summarise("en", {"dev": {}, "test": {}})
    assert (nothing["transfer_gap"], nothing["transfer_gap_split"]) == ({}, None)


def test_predictions_of_pairs_are_no_language_s(tmp_path: Path) -> None:
    pair = language_result("en", 1, 2)
    write_predictions(tmp_path, "xnli", {"test": {"en": RESULTS["test"]["en"]}}, {"test": {"en-de": pair}})
    assert (tmp_path / "xnli/test-en-de.tsv").read_text("utf-8") == "x\ny\n"
    assert len((tmp_path / "test-en-de.jsonl").read_text("utf-8").splitlines()) == 2
    assert list(language_files(f"{tmp_path}/xnli/test-{{lang}}.tsv")) == ["en"]


def test_predictions_in_both_layouts(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions", "xnli", {"test": RESULTS["test"], "dev": {"en": RESULTS["dev"]["en"]}})
    found = sorted(str(path.relative_to(tmp_path / "predictions")) for path in tmp_path.rglob("*") if path.is_file())
    assert found == [
        *("dev-en.jsonl", "test-de.jsonl", "test-en.jsonl", "test-th.jsonl"),
        *("xnli/dev-en.tsv", "xnli/test-de.tsv", "xnli/test-en.tsv", "xnli/test-th.tsv"),
    ]
    assert (tmp_path / "predictions/xnli/test-th.tsv").read_text("utf-8") == "x\ny\n"
    lines = (tmp_path / "predictions/test-de.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 10
    assert json.loads(lines[7]) == {
        "id": "de7",
        "gold": "x",
        "prediction": "y",
        "probabilities": {"x": 0.25, "y": 0.75},
    }
