"""Every recipe of classification, through the command line, on a tiny model of its architecture: both stages run.

That the saved model needs no xtune is shown in `test_cli`; recipes of tagging are in `test_tagging`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests import toy
from tests.recipes.conftest import Command, TinyModel
from xtune.config.load import load_recipe, recipe_names
from xtune.runs.generic import kind_of

FAMILIES = {
    "FacebookAI/xlm-roberta-base": "xlm-roberta",
    "FacebookAI/xlm-roberta-large": "xlm-roberta",
    "google-bert/bert-base-multilingual-cased": "bert",
    "microsoft/mdeberta-v3-base": "deberta-v2",
    "jhu-clsp/mmBERT-base": "modernbert",
}
TASKS = ("xnli", "pawsx")
FILES = ("text-classification", "text-pair")
LANGUAGES = {"xnli": ("en", "de", "sw"), "pawsx": ("en", "de", "ko")}


@pytest.fixture(scope="session")
def xtreme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`data/` with both tasks, `dictionaries/` into three languages, `translations/` of both training sets into all."""
    root = tmp_path_factory.mktemp("xtreme")
    for task in TASKS:
        toy.write_xtreme(root / "data", task, LANGUAGES[task], train=20, other=6)
        source = toy.rows(20, seed=0, texts=2, labels=toy.LABELS[task])
        languages = toy.XNLI_LANGUAGES if task == "xnli" else ("de", "es", "fr", "ja", "ko", "zh")
        toy.write_translations(root / "translations" / task, languages, source)
    toy.write_dictionaries(root / "dictionaries", ("de", "fr", "zh"))
    for name, texts in zip(FILES, (1, 2), strict=True):
        columns = ("text", "label") if texts == 1 else ("premise", "hypothesis", "label")
        toy.write_csv(root / f"{name}-train.csv", toy.rows(20, texts=texts), columns)
        toy.write_csv(root / f"{name}-dev.csv", toy.rows(6, seed=1, texts=texts), columns)
    return root


def arguments(name: str, root: Path, model: Path) -> list[str]:
    """What a user adds to a recipe's name, and one epoch for ten."""
    added = [f"model={model}", "train.num_train_epochs=1", "train.use_cpu=true", "train.logging_steps=1"]
    if name in FILES:
        files = [f"data.{split}={root}/{name}-{split}.csv" for split in ("train", "dev")]
        return [*added, *files, f"data.dictionaries={root}/dictionaries"]
    if "translate" in name:
        added.append(f"data.translations={root}/translations/{name.partition('-')[0]}")
    else:
        added.append(f"data.dictionaries={root}/dictionaries")
    return [*added, "--data-dir", f"{root}/data"]


def are_tested_here(names: list[str]) -> list[str]:
    """Those of classification, but for the pocket benchmark's."""
    return [name for name in names if kind_of(load_recipe(name).task) == "classification" and "pocket" not in name]


@pytest.mark.parametrize("name", are_tested_here(recipe_names()))
def test_both_stages_end_in_a_plain_model_and_its_scores(
    name: str, xtune: Command, xtreme: Path, tiny_model: TinyModel, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    model = tiny_model(FAMILIES[load_recipe(name).model])
    said = xtune("train", name, *arguments(name, xtreme, model), "--output-dir", run)
    assert said.code == 0, said.err
    results = json.loads((run / "results.json").read_text("utf-8"))
    check_results(name, results)
    log = [json.loads(line) for line in (run / "train_log.jsonl").read_text("utf-8").splitlines()]
    check_log(log)
    assert (run / "stage1" / "stage.json").is_file() and (run / "stage2" / "stage.json").is_file()
    unfinished = [path for path in run.rglob("*") if path.name.startswith((".", "checkpoint-", "selected-"))]
    assert unfinished == []
    assert not list(run.rglob("*.bin"))  # weights in safetensors alone
    loaded = AutoModelForSequenceClassification.from_pretrained(run / "model")
    labels = toy.LABELS.get(results["task"], sorted(toy.THINGS))
    assert list(loaded.config.id2label.values()) == list(labels)
    assert len(AutoTokenizer.from_pretrained(run / "model")) == loaded.config.vocab_size
    for split, languages in results["scores"].items():
        for language in languages:
            predicted = (run / "predictions" / results["task"] / f"{split}-{language}.tsv").read_text("utf-8")
            assert len(predicted.splitlines()) == 6
            assert set(predicted.splitlines()) <= set(labels)
    assert "@inproceedings" in (run / "model" / "README.md").read_text("utf-8")


def check_results(name: str, results: dict[str, Any]) -> None:
    task = results["task"]
    if name in FILES:
        assert results["scores"]["test"] == {} and set(results["scores"]["dev"]) == {"en"}
        assert results["augmentation"] == {"stage1": "cs", "data": "cs", "consistency": "cs"}
        return
    wanted = "mt" if "translate" in name else "cs"
    assert results["augmentation"] == dict.fromkeys(("stage1", "data", "consistency"), wanted)
    assert results["setting"] == ("translate-train-all" if "translate" in name else "cross-lingual-transfer")
    assert results["method"] == "xtune"
    assert results["selection"]["by"] == "dev-mean"
    for split in ("dev", "test"):
        assert set(results["scores"][split]) == set(LANGUAGES[task])
        accuracies = [scores["accuracy"] for scores in results["scores"][split].values()]
        assert results["average"][split]["accuracy"] == pytest.approx(sum(accuracies) / len(accuracies))
    assert results["examples"]["train"] == 20
    assert (results["code_switch_rate"] is not None) == (wanted == "cs")


def check_log(log: list[dict[str, Any]]) -> None:
    """Steps of either stage with the components that it has; twice the rows in the second."""
    components = {"stage1": {"task", "r1"}, "stage2": {"task", "r1", "r2"}}
    for stage, names in components.items():
        steps = [line for line in log if line["stage"] == stage and "loss" in line]
        assert len(steps) == {"stage1": 1, "stage2": 2}[stage]
        for line in steps:
            assert {name for name in ("task", "r1", "r2") if name in line} == names
            assert line["loss"] == pytest.approx(sum(line[name] for name in names), abs=1e-4)
            assert 0 < line["loss"] < 100
        assert any(line["stage"] == stage and "eval_selection" in line for line in log)


# ---- that something is learnt, in English and beyond


def learn(xtune: Command, run: Path, recipe: str, *keys: str) -> dict[str, Any]:
    fast = ("train.learning_rate=3e-3", "train.per_device_train_batch_size=16", "train.use_cpu=true")
    said = xtune("train", recipe, *keys, *fast, "--output-dir", run)
    assert said.code == 0, said.err
    results: dict[str, Any] = json.loads((run / "results.json").read_text("utf-8"))
    return results


def test_code_switch_carries_what_is_learnt_to_the_language_of_the_dictionary(
    xtune: Command, tiny_model: TinyModel, tmp_path: Path
) -> None:
    """Plain fine-tuning knows no German: its words are others. Three labels, so chance is 33."""
    toy.write_csv(tmp_path / "train.csv", toy.rows(96))
    for language in ("en", "de"):
        toy.write_csv(tmp_path / f"dev-{language}.csv", toy.into(language, toy.rows(30, seed=1)))
    toy.write_dictionaries(tmp_path / "dictionaries")
    keys = (
        f"model={tiny_model('xlm-roberta')}",
        f"data.train={tmp_path}/train.csv",
        f"data.dev={tmp_path}/dev-{{lang}}.csv",
        f"data.dictionaries={tmp_path}/dictionaries",
        "code_switch.ratio=0.5",
        "train.num_train_epochs=8",
    )
    plain = learn(xtune, tmp_path / "plain", "text-classification", "method=plain", *keys)["scores"]["dev"]
    full = learn(xtune, tmp_path / "xtune", "text-classification", *keys)["scores"]["dev"]
    assert plain["en"]["accuracy"] >= 85
    assert plain["de"]["accuracy"] <= 60
    assert full["en"]["accuracy"] >= 85
    assert full["de"]["accuracy"] >= 80


def test_translations_carry_what_is_learnt_to_their_language(
    xtune: Command, tiny_model: TinyModel, tmp_path: Path
) -> None:
    """A recipe of the paper, on pairs of two labels: chance is 50."""
    toy.write_xtreme(tmp_path / "data", "pawsx", train=48, other=30)
    source = toy.rows(48, seed=0, texts=2, labels=toy.LABELS["pawsx"])
    keys = (
        f"model={tiny_model('xlm-roberta')}",
        f"data.dir={tmp_path}/data",
        f"data.translations={toy.write_translations(tmp_path / 'translations', ('de',), source)}",
        "translation.languages=de",
        "train.num_train_epochs=6",
    )
    scores = learn(xtune, tmp_path / "run", "pawsx-translate-base", *keys)["scores"]["test"]
    assert scores["en"]["accuracy"] >= 85
    assert scores["de"]["accuracy"] >= 80
