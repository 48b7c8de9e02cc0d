"""The command line on a user's own files, from training to predictions. What it refuses is in `test_bad_input`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import toy
from tests.invariant.runs import weights
from tests.recipes.conftest import Command, TinyModel

QUICK = ("train.use_cpu=true", "train.num_train_epochs=1", "train.learning_rate=1e-3", "method=plain")


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def train(xtune: Command, recipe: str, model: Path, run: Path, *keys: str) -> dict[str, Any]:
    said = xtune("train", recipe, f"model={model}", *QUICK, *keys, "--output-dir", run)
    assert said.code == 0, said.err
    results: dict[str, Any] = json.loads((run / "results.json").read_text("utf-8"))
    return results


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: training file, dev and test files in two languages, dictionaries, texts to label."""
    folder = tmp_path_factory.mktemp("files")
    toy.write_csv(folder / "train.csv", toy.rows(30))
    for split, seed in (("dev", 1), ("test", 2)):
        for language in ("en", "de"):
            toy.write_csv(folder / f"{split}-{language}.csv", toy.into(language, toy.rows(12, seed=seed)))
    toy.write_dictionaries(folder / "dictionaries")
    return folder


def keys_of(files: Path) -> tuple[str, ...]:
    return (
        f"data.train={files}/train.csv",
        f"data.dev={files}/dev-{{lang}}.csv",
        f"data.test={files}/test-{{lang}}.csv",
        f"data.dictionaries={files}/dictionaries",
    )


@pytest.fixture
def trained(xtune: Command, files: Path, tiny_model: TinyModel) -> Path:
    """A run of the generic recipe with both stages, made by the first test that asks."""
    run = files / "trained"
    if not run.exists():
        train(xtune, "text-classification", tiny_model("xlm-roberta"), run, *keys_of(files), "method=xtune")
    return run


# ---- what a run leaves, and using it


def test_a_finished_run_returns_at_once(xtune: Command, trained: Path, files: Path, tiny_model: TinyModel) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()}
    model = f"model={tiny_model('xlm-roberta')}"
    said = xtune(
        "train", "text-classification", model, *QUICK, *keys_of(files), "method=xtune", "--output-dir", trained
    )
    assert said.code == 0
    assert "is finished" in said.out and "accuracy" in said.out  # and shows the scores again
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("key", "field"), [("seed=2", "seed"), ("consistency.lambda1=1", "consistency.lambda1"), ("max_length=64", "max")]
)
def test_another_run_in_the_same_folder_is_refused(
    xtune: Command, trained: Path, files: Path, tiny_model: TinyModel, key: str, field: str
) -> None:
    before = (trained / "config.yaml").read_bytes()
    keys = (f"model={tiny_model('xlm-roberta')}", *QUICK, *keys_of(files), "method=xtune", key)
    said = xtune("train", "text-classification", *keys, "--output-dir", trained)
    assert said.code == 2
    assert "another run" in said.err and field in said.err
    assert (trained / "config.yaml").read_bytes() == before


def test_the_resolved_recipe_repeats_the_run(xtune: Command, trained: Path, tmp_path: Path) -> None:
    said = xtune("train", trained / "config.yaml", "--output-dir", tmp_path / "again")
    assert said.code == 0, said.err
    assert weights(tmp_path / "again") == weights(trained)
    config = [yaml.safe_load((run / "config.yaml").read_text("utf-8")) for run in (trained, tmp_path / "again")]
    assert config[0] == config[1]
    assert config[0]["data"]["labels"] == sorted(toy.THINGS)


def test_evaluation_gives_the_scores_of_the_run(xtune: Command, trained: Path, files: Path, tmp_path: Path) -> None:
    results = json.loads((trained / "results.json").read_text("utf-8"))
    for model, out in ((trained, tmp_path / "run"), (trained / "model", tmp_path / "model")):
        said = xtune("evaluate", model, "--input", f"{files}/test-{{lang}}.csv", "--output-dir", out)
        assert said.code == 0, said.err
        found = json.loads((out / "results.json").read_text("utf-8"))
        assert found["scores"] == {"test": results["scores"]["test"]}
        assert found["average"]["test"] == results["average"]["test"]
        assert found["transfer_gap"] == results["transfer_gap"]
        name = "predictions/text-classification/test-de.tsv"
        assert (out / name).read_bytes() == (trained / name).read_bytes()
    only = xtune(
        "evaluate",
        *(trained, "--input", f"{files}/dev-{{lang}}.csv", "--split", "dev", "--languages", "de"),
        *("--output-dir", tmp_path / "de", "--batch-size", "5"),
    )
    assert only.code == 0, only.err
    found = json.loads((tmp_path / "de" / "results.json").read_text("utf-8"))
    assert found["scores"] == {"dev": {"de": results["scores"]["dev"]["de"]}}


def test_predictions_of_a_file_in_its_order(xtune: Command, trained: Path, files: Path, tmp_path: Path) -> None:
    said = xtune("predict", trained, "--input", files / "test-de.csv", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    lines, own = read_lines(tmp_path / "out.jsonl"), read_lines(trained / "predictions" / "test-de.jsonl")
    assert [line["id"] for line in lines] == [str(n) for n in range(12)]
    assert {line["language"] for line in lines} == {"de"}
    assert [line["label"] for line in lines] == [line["prediction"] for line in own]
    for line, other in zip(lines, own, strict=True):
        assert set(line) == {"id", "language", "label", "probabilities"}
        assert line["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
        assert sum(line["probabilities"].values()) == pytest.approx(1)
        assert max(line["probabilities"], key=line["probabilities"].get) == line["label"]


def test_texts_of_several_languages_without_labels(xtune: Command, trained: Path, tmp_path: Path) -> None:
    rows = [("b7", "the old dog", "en"), ("a1", "der alt Hund", "de"), ("c", "嗨", "zh-CN"), ("d", "x " * 900, "de")]
    lines = [{"id": id_, "text": text, "language": language} for id_, text, language in rows]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    said = xtune("predict", trained, "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    found = [(line["id"], line["language"]) for line in read_lines(tmp_path / "out.jsonl")]
    assert found == [("b7", "en"), ("a1", "de"), ("c", "zh"), ("d", "de")]


PLAIN_TRANSFORMERS = """
import json, sys

class Block:  # as where xtune was never installed
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "xtune":
            raise ImportError(name)

sys.meta_path.insert(0, Block())
import torch
from transformers import pipeline

classify = pipeline("text-classification", model=sys.argv[1], device="cpu", top_k=None)
for text in json.load(sys.stdin):
    print(json.dumps({found["label"]: found["score"] for found in classify([text])[0]}))
assert not any(name.partition(".")[0] == "xtune" for name in sys.modules)
"""


@pytest.mark.slow
def test_the_model_is_a_plain_one(xtune: Command, trained: Path, tmp_path: Path) -> None:
    """`transformers` alone gives the labels of `xtune predict`."""
    texts = [text for (text,), _ in toy.rows(6, seed=5) + toy.into("de", toy.rows(6, seed=6))]
    toy.write_csv(tmp_path / "in.csv", [((text,), "?") for text in texts])
    assert xtune("predict", trained, "--input", tmp_path / "in.csv", "--output", tmp_path / "out.jsonl").code == 0
    command = [sys.executable, "-c", PLAIN_TRANSFORMERS, str(trained / "model")]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    plain = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({tuple(found.values()) for found in plain}) == len(texts)  # or the comparison says nothing
    for line, other in zip(read_lines(tmp_path / "out.jsonl"), plain, strict=True):
        assert line["probabilities"] == pytest.approx(other, abs=1e-5)
        assert line["label"] == max(other, key=other.get)


# ---- a user's own files


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        (("text", "label"), ()),
        (("sentence", "label"), ()),
        (("text_a", "text_b", "label"), ()),
        (("sentence1", "sentence2", "label"), ()),
        (("premise", "hypothesis", "label"), ()),
        (("question1", "question2", "label"), ()),
        (("sentence_a", "sentence_b", "label"), ()),
        (("body", "topic"), ("data.text_columns=body", "data.label_column=topic")),
        (("title", "body", "stars"), ("data.text_columns=title,body", "data.label_column=stars")),
    ],
)
def test_columns_of_all_usual_names(
    xtune: Command, tiny_model: TinyModel, tmp_path: Path, columns: Sequence[str], keys: tuple[str, ...]
) -> None:
    texts = len(columns) - 1
    toy.write_csv(tmp_path / "train.csv", toy.rows(6, texts=texts), columns)
    toy.write_csv(tmp_path / "dev.csv", toy.rows(6, seed=1, texts=texts), columns)
    toy.write_csv(tmp_path / "new.csv", toy.rows(3, seed=2, texts=texts), columns)
    recipe = "text-classification" if texts == 1 else "text-pair"
    files = (f"data.train={tmp_path}/train.csv", f"data.dev={tmp_path}/dev.csv")
    results = train(xtune, recipe, tiny_model("bert"), tmp_path / "run", *files, *keys)
    assert results["examples"] == {"train": 6, "dev": {"en": 6}, "test": {}}
    said = xtune("predict", tmp_path / "run", "--input", tmp_path / "new.csv", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    assert len(read_lines(tmp_path / "out.jsonl")) == 3
    assert set(read_lines(tmp_path / "out.jsonl")[0]["probabilities"]) == set(toy.THINGS)


def test_many_labels(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    """Intents: a hundred numbered ones, in the order of their numbers."""
    rows = [((f"please {word} {n}",), str(n)) for n in range(100) for word in ("book", "cancel")]
    toy.write_csv(tmp_path / "train.csv", rows)
    toy.write_csv(tmp_path / "dev.csv", rows[:20])
    files = (f"data.train={tmp_path}/train.csv", f"data.dev={tmp_path}/dev.csv", "method=xtune", "augmentation=ss")
    train(xtune, "text-classification", tiny_model("xlm-roberta"), tmp_path / "run", *files)
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text("utf-8"))
    assert config["id2label"] == {str(n): str(n) for n in range(100)}


def test_json_lines_with_a_language_column(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    for split, seed in (("train", 0), ("dev", 1)):
        lines = [
            {"id": f"{language}{n}", "text": text, "label": label, "lang": language}
            for language in (("en", "de", "fr") if split == "dev" else ("en", "de"))
            for n, ((text,), label) in enumerate(
                toy.into(language, toy.rows(9, seed=seed)) if language != "fr" else toy.rows(3, seed=4)
            )
        ]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    files = (f"data.train={tmp_path}/train.jsonl", f"data.dev={tmp_path}/dev.jsonl", "data.language_column=lang")
    results = train(xtune, "text-classification", tiny_model("xlm-roberta"), tmp_path / "run", *files)
    assert results["examples"] == {"train": 9, "dev": {"de": 9, "en": 9, "fr": 3}, "test": {}}  # English is trained on
    assert [line["id"] for line in read_lines(tmp_path / "run/predictions/dev-fr.jsonl")] == ["fr0", "fr1", "fr2"]


def test_a_source_language_other_than_english(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    toy.write_csv(tmp_path / "train.csv", toy.into("de", toy.rows(9)))
    toy.write_csv(tmp_path / "dev.csv", toy.into("de", toy.rows(6, seed=1)))
    toy.write_csv(tmp_path / "test.csv", toy.into("de", toy.rows(6, seed=2)))
    files = (f"data.train={tmp_path}/train.csv", f"data.dev={tmp_path}/dev.csv", "source_language=de")
    results = train(xtune, "text-classification", tiny_model("xlm-roberta"), tmp_path / "run", *files)
    assert set(results["scores"]["dev"]) == {"de"}
    said = xtune("predict", tmp_path / "run", "--input", tmp_path / "test.csv", "--output", tmp_path / "out.jsonl")
    assert said.code == 0 and read_lines(tmp_path / "out.jsonl")[0]["language"] == "de"


def test_evaluation_in_a_source_language_other_than_english(
    xtune: Command, tiny_model: TinyModel, tmp_path: Path
) -> None:
    for name, seed in (("train", 0), ("dev", 1), ("test", 2)):
        toy.write_csv(tmp_path / f"{name}.csv", toy.into("de", toy.rows(6, seed=seed)))
    files = (f"data.train={tmp_path}/train.csv", f"data.dev={tmp_path}/dev.csv", "source_language=de")
    train(xtune, "text-classification", tiny_model("xlm-roberta"), tmp_path / "run", *files)
    said = xtune("evaluate", tmp_path / "run", "--input", tmp_path / "test.csv", "--output-dir", tmp_path / "out")
    assert said.code == 0
    results = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert (results["source_language"], set(results["scores"]["test"])) == ("de", {"de"})


def test_the_seed_decides(xtune: Command, files: Path, tiny_model: TinyModel, tmp_path: Path) -> None:
    found = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        train(xtune, "text-classification", tiny_model("bert"), tmp_path / name, *keys_of(files), f"seed={seed}")
        found.append(weights(tmp_path / name))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("method", ["data-augmentation", "r1", "r2", "xtune-no-stopgrad", "r-drop", "r3f", "r4f"])
def test_every_other_method(xtune: Command, files: Path, tiny_model: TinyModel, tmp_path: Path, method: str) -> None:
    results = train(
        xtune, "text-classification", tiny_model("xlm-roberta"), tmp_path / "run", *keys_of(files), f"method={method}"
    )
    assert results["method"] == method
    log = read_lines(tmp_path / "run" / "train_log.jsonl")
    last = [line for line in log if "loss" in line][-1]
    expected = {
        "data-augmentation": {"task"},
        "r1": {"task", "r1"},
        "r2": {"task", "r2"},
        "xtune-no-stopgrad": {"task", "r1", "r2"},
        "r-drop": {"task", "r1"},
        "r3f": {"task", "r1"},
        "r4f": {"task", "r1"},
    }
    assert {"task", "r1", "r2"} & set(last) == expected[method]
    assert (tmp_path / "run" / "stage2").exists() == (method in ("r2", "xtune-no-stopgrad"))


# ---- the process, and the other commands


def test_the_process_ends_with_the_code() -> None:
    """`python -m xtune`, for shells and schedulers that look at nothing else."""
    command = [sys.executable, "-m", "xtune", "recipes", "show", "no-such-recipe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no recipe 'no-such-recipe'" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_ctrl_c_and_the_same_command_again(xtune: Command, files: Path, tiny_model: TinyModel, tmp_path: Path) -> None:
    """A real interrupt of a real process: one line, no traceback, and the next command goes on where it stopped."""
    run = tmp_path / "run"
    often = ("train.max_steps=90", "train.logging_steps=1", "train.save_strategy=steps", "train.save_steps=5")
    keys = [f"model={tiny_model('bert')}", *QUICK, *keys_of(files), *often, "selection.by=last"]
    words = ["train", "text-classification", *keys, "--output-dir", str(run)]
    process = subprocess.Popen(
        [sys.executable, "-m", "xtune", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    while not any(run.glob("stage1/checkpoint-*")) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted; the same command given again resumes" in said
    assert "Traceback" not in said
    before = [line for line in read_lines(run / "train_log.jsonl") if "loss" in line]
    assert len(before) < 90 and not (run / "results.json").exists()
    assert xtune(*words).code == 0
    after = [line for line in read_lines(run / "train_log.jsonl") if "loss" in line]
    assert [line["step"] for line in after] == list(range(1, 91))
    assert after[:5] == before[:5]  # the time that they took, too: these steps were not taken again


def test_the_list_of_recipes(xtune: Command) -> None:
    said = xtune("recipes")
    assert said.code == 0
    for name in ("xnli-transfer-base", "pawsx-translate-large", "text-pair"):
        assert name in said.out
    assert "FacebookAI/xlm-roberta-large" in said.out
    shown = xtune("recipes", "show", "xnli-transfer-base")
    assert shown.code == 0
    assert yaml.safe_load(shown.out)["consistency"]["lambda1"] == 5.0
    assert "# paper, table 7" in shown.out


def test_help_names_the_commands(xtune: Command) -> None:
    said = xtune("--help")
    assert said.code == 0
    for command in ("train", "evaluate", "predict", "recipes", "doctor"):
        assert command in said.out


def test_the_doctor_works_without_network(xtune: Command) -> None:
    said = xtune("doctor")
    assert said.code == 0
    assert "transformers" in said.out and "HF_HUB_OFFLINE" in said.out
