from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import AutoTokenizer

from tests.unit.runs.test_results import built
from xtune.evaluation.predict import predict_outputs
from xtune.runs.card import model_card
from xtune.schema import Example, Text
from xtune.tasks.qa import QuestionAnswering
from xtune.views.encode import Encoder

RECIPE = {"task": "text-classification", "model": "some/encoder", "note": "Übung $5 ${x}"}


def test_the_card_says_how_well_and_how_and_whom_to_cite() -> None:
    results = built()
    card = model_card(results, RECIPE)
    _, front, text = card.split("---\n", 2)
    assert yaml.safe_load(front) == {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "base_model": "some/encoder",
        "language": ["de", "en", "th"],
        "tags": ["xtune", "cross-lingual"],
    }
    lines = text.splitlines()
    start = lines.index("| language | dev accuracy | test accuracy |")
    assert lines[start + 1 : start + 6] == [
        "|---|---:|---:|",
        "| en | 75.0 | 90.0 |",
        "| de | 50.0 | 70.0 |",
        "| th |  | 50.0 |",
        "| **average** | 62.5 | 70.0 |",
    ]
    for said in ("`xtune`", "`cross-lingual-transfer`", "Seed: 3", "Training examples: 123", "source-dev"):
        assert said in text
    for author in ("Zheng", "Dong", "Huang", "Wang", "Chi", "Singhal", "Che", "Liu", "Song", "Wei"):
        assert author in text
    assert "@inproceedings" in text and "Consistency Regularization for Cross-Lingual Fine-Tuning" in text
    recipe = text.split("```yaml\n")[1].split("```")[0]
    assert yaml.safe_load(recipe) == RECIPE  # dollars and all
    assert results["environment"]["torch"] in text


def test_the_card_of_a_tagging_model_says_how_it_is_used() -> None:
    results = {**built(), "task": "panx"}
    first, summed = (model_card(results, {"task": "panx", "pooling": pooling}) for pooling in ("first", "sum"))
    assert yaml.safe_load(first.split("---\n")[1])["pipeline_tag"] == "token-classification"
    assert 'pipeline("token-classification"' in first and "is_split_into_words=True" in first
    assert "is_split_into_words" not in summed and "`xtune predict` does" in summed


def test_the_code_of_a_span_models_card_gives_an_answer(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """By transformers alone: it has no pipeline for this kind any more."""
    task, folder = QuestionAnswering("span"), tiny_model("xlm-roberta")
    torch.manual_seed(0)
    model, tokenizer = task.load_model(str(folder)), AutoTokenizer.from_pretrained(folder)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    card = model_card({**built(), "task": "xquad"}, {"task": "xquad"})
    code = card.split("```python\n")[1].split("```")[0].replace("path/to/this/folder", str(tmp_path))
    said: dict[str, Any] = {}
    exec(code, said)
    example = Example("0", "en", (Text.from_string(said["question"]), Text.from_string(said["context"])))
    (best,) = task.decode([example], predict_outputs(model, Encoder(tokenizer, 64), task, [example]))
    assert said["answer"] == best.label != ""


def test_a_card_without_scores() -> None:
    nothing = {"scores": {"dev": {}, "test": {}}, "average": {}, "transfer_gap": {}}
    card = model_card({**built(), **nothing}, RECIPE)
    assert "no labelled dev or test sets" in card
    assert yaml.safe_load(card.split("---\n")[1])["language"] == ["en"]
    assert "| language |" not in card
