"""Words and tags, through the command line: the recipes of the paper and a user's own CoNLL files, on tiny models."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForTokenClassification, pipeline

from tests import toy
from tests.recipes.conftest import Command, TinyModel
from xtune.config.load import load_recipe, recipe_names
from xtune.metrics import entity_scores, tag_accuracy
from xtune.tasks.datasets import dataset

PAPER = [name for name in recipe_names() if name.startswith(("udpos-", "panx-"))]
LANGUAGES = ("en", "de", "zh")
QUICK = ("train.use_cpu=true", "train.num_train_epochs=1", "train.logging_steps=1")


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both tasks in XTREME's folders, translations of their training sets, dictionaries, and a user's CoNLL files."""
    root = tmp_path_factory.mktemp("tagged")
    for task in ("udpos", "panx"):
        toy.write_tagged(root / "data", task, LANGUAGES)
        (root / "data" / task / "test-ko.tsv").write_text("개\n정원\n\n비\n", encoding="utf-8")  # without tags
        wanted = load_recipe(f"{task}-translate-base").translation.languages or ()
        examples = toy.sentences(20, entities=task == "panx")
        toy.write_sentence_translations(root / f"translate_train.{task}.txt", [*wanted, "zh"], examples)
    toy.write_dictionaries(root / "dictionaries")
    toy.write_conll(root / "train.conll", toy.sentences(40), between=" ")
    for language in ("en", "de"):
        toy.write_conll(root / f"dev-{language}.conll", toy.tagged_into(language, toy.sentences(9, seed=1)), " ")
    return root


def train(xtune: Command, recipe: str, run: Path, *keys: str) -> dict[str, Any]:
    said = xtune("train", recipe, *QUICK, *keys, "--output-dir", run)
    assert said.code == 0, said.err
    results: dict[str, Any] = json.loads((run / "results.json").read_text("utf-8"))
    return results


def own_files(folder: Path) -> tuple[str, str]:
    return f"data.train={folder}/train.conll", f"data.dev={folder}/dev-{{lang}}.conll"


# ---- the recipes of the paper


@pytest.mark.parametrize("name", PAPER)
def test_both_stages_end_in_a_plain_model_and_its_scores(
    name: str, xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path
) -> None:
    task, translated, run = name.partition("-")[0], "translate" in name, tmp_path / "run"
    keys = [f"model={tiny_model('xlm-roberta')}", "--data-dir", f"{data}/data"]
    if translated:
        keys.append(f"data.translations={data}/translate_train.{task}.txt")
    results = train(xtune, name, run, *keys)
    assert results["augmentation"] == {"stage1": "ss", "data": "mt" if translated else "ss", "consistency": "ss"}
    assert results["examples"]["train"] == 20
    check_log(read_lines(run / "train_log.jsonl"), rows=20)
    model = AutoModelForTokenClassification.from_pretrained(run / "model")
    assert tuple(model.config.id2label.values()) == dataset(task).labels
    assert model.config.xtune["pooling"] == {"udpos": "sum", "panx": "first"}[task]
    if translated:
        assert results["resources"]["translations"] == list(load_recipe(name).translation.languages or ())
    for split in ("dev", "test"):
        assert set(results["scores"][split]) == set(LANGUAGES)
        for language in LANGUAGES:
            check_predictions(data / "data", run, task, split, language, results)


def check_log(log: list[dict[str, Any]], rows: int) -> None:
    """Steps of either stage with the components that it has; twice the rows in the second."""
    for stage, names, steps in (("stage1", {"task", "r1"}, rows), ("stage2", {"task", "r1", "r2"}, 2 * rows)):
        lines = [line for line in log if line["stage"] == stage and "loss" in line]
        assert len(lines) == -(-steps // 32)
        for line in lines:
            assert {name for name in ("task", "r1", "r2") if name in line} == names
            assert line["loss"] == pytest.approx(sum(line[name] for name in names), abs=1e-4)
            assert all(0 < line[name] < 100 for name in names)


def check_predictions(folder: Path, run: Path, task: str, split: str, language: str, results: dict[str, Any]) -> None:
    """Both files of predictions say the same, and the scores are theirs."""
    text = (run / "predictions" / task / f"{split}-{language}.tsv").read_text("utf-8")
    submitted = [block.split("\n") for block in text.removesuffix("\n\n").split("\n\n")]
    gold = (folder / task / f"{split}-{language}.tsv").read_text("utf-8").removesuffix("\n").split("\n\n")
    right = [[line.split("\t")[1] for line in block.split("\n")] for block in gold]
    lines = read_lines(run / "predictions" / f"{split}-{language}.jsonl")
    assert [line["prediction"] for line in lines] == submitted
    assert [line["gold"] for line in lines] == right
    assert all(len(line["probabilities"]) == len(line["gold"]) for line in lines)
    expected = {**entity_scores(right, submitted), "accuracy": tag_accuracy(right, submitted)}
    assert results["scores"][split][language] == {name: expected[name] for name in dataset(task).metrics}


@pytest.mark.parametrize("task", ["udpos", "panx"])
def test_a_run_s_own_predictions_score_as_in_its_results(
    task: str, xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path
) -> None:
    model = f"model={tiny_model('xlm-roberta')}"
    keys = (model, "method=plain", "--data-dir", f"{data}/data")
    results = train(xtune, f"{task}-transfer-base", tmp_path / "run", *keys)
    said = xtune("score", tmp_path / "run" / "predictions", data / "data", "--output", tmp_path / "scores.json")
    assert said.code == 0, said.err
    scored = json.loads((tmp_path / "scores.json").read_text("utf-8"))["scores"][task]
    assert scored == results["scores"]["test"]
    said = xtune("evaluate", tmp_path / "run", "--data-dir", data / "data", "--output-dir", tmp_path / "evaluated")
    assert said.code == 0, said.err
    assert json.loads((tmp_path / "evaluated" / "results.json").read_text("utf-8"))["scores"]["test"] == scored
    assert "no labels in ko: predicted, not scored" in said.out
    for folder in ("run", "evaluated"):
        lines = (tmp_path / folder / "predictions" / task / "test-ko.tsv").read_text("utf-8").split("\n")
        assert [line == "" for line in lines[:5]] == [False, False, True, False, True]


# ---- a user's own files


@pytest.mark.parametrize(
    ("family", "pooling", "augmentation"),
    [
        ("xlm-roberta", "first", "auto"),
        ("xlm-roberta", "sum", "cs"),
        ("bert", "first", "cs+ss"),
        ("bert", "sum", "auto"),
        ("modernbert", "first", "gn"),
        ("modernbert", "mean", "auto"),
        ("deberta-v2", "mean", "ss+cs"),
    ],
)
def test_both_stages_on_conll_files_with_every_family(
    xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path, family: str, pooling: str, augmentation: str
) -> None:
    keys = (f"model={tiny_model(family)}", f"pooling={pooling}", f"augmentation={augmentation}", *own_files(data))
    often = ("subword_sampling.ratio=1", "subword_sampling.dropout=0.5")  # no batch in which nothing changes
    results = train(xtune, "tagging", tmp_path / "run", *keys, *often, f"data.dictionaries={data}/dictionaries")
    check_log(read_lines(tmp_path / "run" / "train_log.jsonl"), rows=40)
    assert set(results["scores"]["dev"]) == {"en", "de"}
    assert list(results["scores"]["dev"]["de"]) == ["f1", "precision", "recall"]
    assert results["augmentation"]["stage1"] == ("ss" if augmentation == "auto" else augmentation)
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text("utf-8"))
    assert list(config["id2label"].values()) == sorted({tag for _, tags in toy.sentences(40) for tag in tags})
    assert config["xtune"]["pooling"] == pooling
    said = xtune("predict", tmp_path / "run", "--input", data / "dev-de.conll", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    lines, own = read_lines(tmp_path / "out.jsonl"), read_lines(tmp_path / "run" / "predictions" / "dev-de.jsonl")
    assert [line["tags"] for line in lines] == [line["prediction"] for line in own]
    assert [tuple(line["tokens"]) for line in lines] == [
        words for words, _ in toy.tagged_into("de", toy.sentences(9, seed=1))
    ]
    assert {line["language"] for line in lines} == {"de"}


def test_plain_tags_are_scored_by_words(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    rows = [
        {"id": f"s{number}", "tokens": words, "pos_tags": tags, "lang": language}
        for language in ("en", "de")
        for number, (words, tags) in enumerate(toy.tagged_into(language, toy.sentences(9, entities=False)))
    ]
    for split in ("train", "dev"):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files = (f"data.train={tmp_path}/train.jsonl", f"data.dev={tmp_path}/dev.jsonl", "data.language_column=lang")
    results = train(xtune, "tagging", tmp_path / "run", f"model={tiny_model('bert')}", *files, "method=plain")
    assert results["examples"] == {"train": 9, "dev": {"de": 9, "en": 9}, "test": {}}
    assert list(results["scores"]["dev"]["en"]) == ["accuracy"]
    assert results["selection"]["metric"] == "accuracy"
    assert [line["id"] for line in read_lines(tmp_path / "run/predictions/dev-de.jsonl")] == [f"s{n}" for n in range(9)]


def test_texts_of_every_format_are_tagged(xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path) -> None:
    """The columns of the training file have numbers, those of these files have names, or there are none."""
    lines = [f"{number} {word} x {tag}" if word else "" for number, (word, tag) in enumerate(rows_of(toy.sentences(6)))]
    (tmp_path / "train.txt").write_text("\n".join(lines), encoding="utf-8")
    keys = ("data.text_columns=2", "data.label_column=4", "selection.by=last", "method=plain")
    train(xtune, "tagging", tmp_path / "run", f"model={tiny_model('bert')}", f"data.train={tmp_path}/train.txt", *keys)
    files = {
        "a.txt": "the old dog\nunder  the table\n",
        "a.jsonl": '{"tokens": ["the", "old", "dog"]}\n{"tokens": ["under", "the", "table"]}\n',
        "a.csv": "text\nthe old dog\nunder the table\n",
        "a.conll": "1 the x\n2 old x\n3 dog x\n\n1 under x\n2 the x\n3 table x\n",
    }
    found = {}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        said = xtune("predict", tmp_path / "run", "--input", tmp_path / name, "--output", tmp_path / "out.jsonl")
        assert said.code == 0, said.err
        found[name] = [(line["tokens"], line["tags"]) for line in read_lines(tmp_path / "out.jsonl")]
    assert [words for words, _ in found["a.txt"]] == [["the", "old", "dog"], ["under", "the", "table"]]
    assert all(other == found["a.txt"] for other in found.values())
    thai = "แมวดำตัวใหญ่นอนอยู่บนโต๊ะในครัว"
    for name, content, notices in {
        ("b.txt", f"{thai}\nthe old dog\n東京都は日本の首都であり大きな都市です\n", 1),
        ("b.csv", f"text\n{thai}\n", 1),
        (
            "c.txt",
            "東京 都 は 日本 の 首都\nhttps://example.org/東京/sixteen-letters\n대한민국의수도는서울특별시이며아주큽니다\n",
            0,
        ),
    }:
        (tmp_path / name).write_text(content, encoding="utf-8")
        said = xtune("predict", tmp_path / "run", "--input", tmp_path / name, "--output", tmp_path / "out.jsonl")
        assert said.code == 0 and said.out.count("script without spaces") == said.out.count("notice:") == notices
        if name == "b.txt":
            assert "notice: 2 words of more than 15 letters" in said.out and "in example 0: แมวดำ" in said.out
            assert "give words" in said.out


def rows_of(examples: list[toy.Sentence]) -> list[tuple[str, str]]:
    """Words and tags, and an empty pair behind each sentence."""
    return [pair for words, tags in examples for pair in [*zip(words, tags, strict=True), ("", "")]]


def test_no_word_of_a_long_sentence_is_lost(xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path) -> None:
    """Sentences of many times the longest input, in training and in prediction."""
    words, tags = (sum((list(part) for part in parts), []) for parts in zip(*toy.sentences(15), strict=True))
    toy.write_conll(tmp_path / "train.conll", [(tuple(words), tuple(tags)), *toy.sentences(6)])
    (tmp_path / "new.txt").write_text(" ".join(words) + "\n", encoding="utf-8")
    keys = (f"model={tiny_model('xlm-roberta')}", "max_length=16", f"data.train={tmp_path}/train.conll")
    results = train(xtune, "tagging", tmp_path / "run", *keys, own_files(data)[1])
    assert results["examples"]["train"] == 7
    said = xtune("predict", tmp_path / "run", "--input", tmp_path / "new.txt", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    (line,) = read_lines(tmp_path / "out.jsonl")
    assert line["tokens"] == words and len(line["tags"]) == len(line["probabilities"]) == len(words)


# ---- that something is learnt, and that the model is a plain one


@pytest.fixture(scope="module")
def learnt(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts of speech, and runs of `learn` on them, each made by the first test that asks."""
    folder = tmp_path_factory.mktemp("learnt")
    toy.write_conll(folder / "train.conll", toy.sentences(96, entities=False))
    for language in ("en", "de"):
        examples = toy.tagged_into(language, toy.sentences(30, seed=1, entities=False))
        toy.write_conll(folder / f"dev-{language}.conll", examples)
    toy.write_dictionaries(folder / "dictionaries")
    return folder


def learn(xtune: Command, learnt: Path, model: Path, name: str, *keys: str) -> dict[str, dict[str, float]]:
    """The scores of a run with code-switch."""
    if not (learnt / name).exists():
        given = (f"model={model}", *own_files(learnt), f"data.dictionaries={learnt}/dictionaries", *keys)
        fast = ("train.num_train_epochs=8", "train.learning_rate=3e-3", "train.per_device_train_batch_size=16")
        train(xtune, "tagging", learnt / name, *given, "augmentation=cs", "code_switch.ratio=0.5", *fast)
    scores: dict[str, Any] = json.loads((learnt / name / "results.json").read_text("utf-8"))["scores"]["dev"]
    return scores


def test_code_switch_carries_tags_to_the_language_of_the_dictionary(
    xtune: Command, learnt: Path, tiny_model: TinyModel
) -> None:
    """Plain fine-tuning knows no German: its words are others."""
    plain = learn(xtune, learnt, tiny_model("xlm-roberta"), "plain", "method=plain")
    full = learn(xtune, learnt, tiny_model("xlm-roberta"), "first")
    assert plain["en"]["accuracy"] >= 75
    assert plain["de"]["accuracy"] <= 30
    assert full["en"]["accuracy"] >= 80
    assert full["de"]["accuracy"] >= 50


@pytest.mark.parametrize(("pooling", "agreement"), [("first", 1.0), ("mean", 0.4), ("sum", 0.4)])
def test_the_pipeline_of_transformers_beside_xtune_predict(
    xtune: Command, learnt: Path, tiny_model: TinyModel, tmp_path: Path, pooling: str, agreement: float
) -> None:
    """The first sub-word's tag is the word's, and so the same; one of a model that was taught to pool often is."""
    keys = () if pooling == "first" else (f"pooling={pooling}", "method=plain")  # the first is there already
    learn(xtune, learnt, tiny_model("xlm-roberta"), pooling, *keys)
    examples = [words for words, _ in toy.sentences(30, seed=7) + toy.tagged_into("de", toy.sentences(30, seed=8))]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"tokens": words}) + "\n" for words in examples), "utf-8")
    said = xtune("predict", learnt / pooling, "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert said.code == 0, said.err
    tagger = pipeline("token-classification", str(learnt / pooling / "model"), ignore_labels=[], device="cpu")
    same = []
    for words, line in zip(examples, read_lines(tmp_path / "out.jsonl"), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (tokens,) = tagger([list(words)], is_split_into_words=True)
        starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
        first = [next(token for token in tokens if token["start"] == start) for start in starts]
        same += [token["entity"] == tag for token, tag in zip(first, line["tags"], strict=True)]
        if pooling == "first":
            assert [token["score"] for token in first] == pytest.approx(line["probabilities"], abs=1e-5)
    assert sum(same) / len(same) >= agreement
