"""Every recipe that comes with xtune, through the real command line, on a tiny model of its architecture.

What is left is looked at as its user would: a plain checkpoint that transformers loads where xtune cannot be imported.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.toy import (
    LABELS,
    XNLI_LANGUAGES,
    rows,
    write_csv,
    write_dictionaries,
    write_translations,
    write_xtreme,
)
from xtune.cli import main
from xtune.config.load import load_recipe, recipe_names
from xtune.pocket import Sizes, write_benchmark

FAMILY = {
    "FacebookAI/xlm-roberta-base": "xlm-roberta",
    "FacebookAI/xlm-roberta-large": "xlm-roberta",
    "google-bert/bert-base-multilingual-cased": "bert",
    "microsoft/mdeberta-v3-base": "deberta-v2",
    "jhu-clsp/mmBERT-base": "modernbert",
}
GENERIC = {"text-classification": 1, "text-pair": 2}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["xtune", *arguments])
    try:
        main()
    except SystemExit as end:
        assert end.code in (0, None), f"xtune {' '.join(arguments)} ended with {end.code}"


def keys_of(name: str, folder: Path) -> list[str]:
    """What a user would add to a recipe, with the data that it is for."""
    recipe = load_recipe(name)
    if name in GENERIC:
        columns = ("text", "label") if GENERIC[name] == 1 else ("text_a", "text_b", "label")
        write_csv(folder / "train.csv", rows(12, texts=GENERIC[name]), columns)
        write_csv(folder / "dev-en.csv", rows(6, seed=1, texts=GENERIC[name]), columns)
        return [f"data.train={folder / 'train.csv'}", f"data.dev={folder / 'dev-en.csv'}"]
    if recipe.model == "pocket":
        write_benchmark(folder / "data", 1, parts=(recipe.task,), sizes=Sizes(train=12, dev=14, test=14))
        return ["data.languages=en,de"]
    examples = rows(12, texts=2, labels=LABELS[recipe.task])
    write_xtreme(folder / "data", recipe.task)
    if recipe.setting == "translate-train-all":
        languages = XNLI_LANGUAGES if recipe.task == "xnli" else ("de", "es", "fr", "ja", "ko", "zh")
        return [f"data.translations={write_translations(folder / 'mt', languages, examples)}"]
    return [f"data.dictionaries={write_dictionaries(folder / 'muse', ('de', 'fr'))}"]


@pytest.mark.parametrize("name", recipe_names())
def test_both_stages_run(
    name: str, tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe(name)
    keys = keys_of(name, tmp_path)
    folder = [] if name in GENERIC else ["--data-dir", str(tmp_path / "data")]
    model = [f"model={tiny_model(FAMILY[recipe.model])}"] if recipe.model in FAMILY else []  # else it is in the package
    tiny = [
        *model,
        "train.num_train_epochs=1",
        "max_length=64",
        "train.use_cpu=true",
    ]
    run(monkeypatch, "train", name, *keys, *tiny, *folder, "--output-dir", str(tmp_path / "run"))

    results = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    log = [json.loads(line) for line in (tmp_path / "run" / "train_log.jsonl").read_text("utf-8").splitlines()]
    last = {
        stage: [line for line in log if line["stage"] == stage and "loss" in line][-1] for stage in ("stage1", "stage2")
    }
    assert {"task", "r1"} <= set(last["stage1"]) and "r2" not in last["stage1"]
    assert {"task", "r1", "r2"} <= set(last["stage2"])
    assert last["stage2"]["step"] >= last["stage1"]["step"]  # D_A is twice D
    assert results["method"] == "xtune" and results["examples"]["train"] == 12
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()
    expected = {"en"} if name in GENERIC else {"en", "de"}
    assert set(results["scores"]["dev"]) == expected


def test_the_model_needs_no_xtune(
    tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "train.csv", rows(240))
    write_csv(tmp_path / "dev-en.csv", rows(60, seed=1))
    model = tiny_model("xlm-roberta")
    keys = [f"model={model}", f"data.train={tmp_path / 'train.csv'}", f"data.dev={tmp_path / 'dev-en.csv'}"]
    keys += [
        "method=plain",
        "train.num_train_epochs=20",
        "train.learning_rate=3e-3",
        "train.use_cpu=true",
        "max_length=64",
    ]
    run(monkeypatch, "train", "text-classification", *keys, "--output-dir", str(tmp_path / "run"))
    results = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    assert results["scores"]["dev"]["en"]["accuracy"] > 80  # chance is 33

    texts = [text for (text,), _ in rows(20, seed=2)]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    arguments = ["--input", str(tmp_path / "new.jsonl"), "--output", str(tmp_path / "out.jsonl")]
    run(monkeypatch, "predict", str(tmp_path / "run"), *arguments)
    predicted = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in predicted] == [str(number) for number in range(20)]

    script = (
        "import json, sys; sys.modules['xtune'] = None\n"
        "from transformers import pipeline\n"
        "classify = pipeline('text-classification', model=sys.argv[1], device='cpu')\n"
        "print(json.dumps([(said['label'], said['score']) for said in classify(json.loads(sys.argv[2]))]))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "run" / "model"), json.dumps(texts)]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    for line, (label, score) in zip(predicted, said, strict=True):
        assert line["label"] == label
        assert line["probabilities"][label] == pytest.approx(score, abs=1e-4)
