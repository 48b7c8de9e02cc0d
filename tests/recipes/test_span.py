"""Questions and answers, through the command line: XTREME's datasets and a user's own files, on tiny models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from tests import toy
from tests.recipes.conftest import Command, TinyModel
from xtune.metrics import answer_scores, normalise_mlqa, normalise_squad
from xtune.tasks.classification import Classification

LANGUAGES = ("de", "en", "zh")
SMALL = ("max_length=48", "stride=16", "train.use_cpu=true", "train.num_train_epochs=1", "train.logging_steps=1")
TRAIN, UNKNOWN = 8, "q0-1"


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """XTREME's folders, a user's files, translations of the training set with one unknown answer, and dictionaries."""
    root = tmp_path_factory.mktemp("questions")
    toy.write_questions(root / "data", LANGUAGES, train=TRAIN, other=5)
    english = toy.questions(TRAIN)
    toy.write_squad(root / "train.json", english)
    for language in ("en", "de"):
        toy.write_squad(root / f"dev-{language}.json", toy.questions_into(language, toy.questions(5, seed=1)))
        translated = toy.questions_into("zh" if language == "en" else "de", english)
        name = f"squad.translate.train.en-{'zh' if language == 'en' else 'de'}.json"
        toy.write_squad(root / "translations" / name, translated, unknown=[UNKNOWN] if language == "de" else [])
    toy.write_dictionaries(root / "dictionaries")
    return root


def own_files(folder: Path) -> tuple[str, str]:
    return f"data.train={folder}/train.json", f"data.dev={folder}/dev-{{lang}}.json"


def train(xtune: Command, run: Path, *keys: str) -> dict[str, Any]:
    said = xtune("train", "span", *SMALL, *keys, "--output-dir", run)
    assert said.code == 0, said.err
    results: dict[str, Any] = read_json(run / "results.json")
    return results


def check_log(run: Path) -> None:
    """Steps of either stage have the components of its loss, and no other."""
    log = read_lines(run / "train_log.jsonl")
    for stage, names in (("stage1", {"task", "r1"}), ("stage2", {"task", "r1", "r2"})):
        lines = [line for line in log if line["stage"] == stage and "loss" in line]
        assert lines
        for line in lines:
            assert {name for name in ("task", "r1", "r2") if name in line} == names
            assert line["loss"] == pytest.approx(sum(line[name] for name in names), abs=1e-4)
            assert line["task"] > 0 and all(0 <= line[name] < 100 for name in names)
        assert any(line[name] > 0 for line in lines for name in names - {"task"})


def check_predictions(run: Path, split: str, language: str, asked: list[toy.Question], scores: Any) -> None:
    """Both files of predictions say the same, answers are stretches of the contexts, and the scores are theirs."""
    lines = read_lines(run / "predictions" / f"{split}-{language}.jsonl")
    assert [line["id"] for line in lines] == [each.id for each in asked]
    assert [line["gold"]["text"] for line in lines] == [each.answer for each in asked]
    for line, each in zip(lines, asked, strict=True):
        assert line["prediction"] and line["prediction"] in each.context
    answers = {line["id"]: line["prediction"] for line in lines}
    (submission,) = (run / "predictions").glob(f"*/{split}-{language}.json")
    assert read_json(submission) == answers
    expected = answer_scores([(each.id, (each.answer,)) for each in asked], answers, normalise_squad)
    mean = (expected["f1"] + expected["exact_match"]) / 2
    assert scores == pytest.approx({"f1": expected["f1"], "exact_match": expected["exact_match"], "mean": mean})


# ---- XTREME's datasets


@pytest.mark.parametrize("task", ["xquad", "tydiqa"])
def test_a_run_s_own_predictions_score_as_in_its_results(
    task: str, xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    where = ("--data-dir", str(data / "data"))
    results = train(xtune, run, f"task={task}", f"model={tiny_model('xlm-roberta')}", "method=plain", *where)
    assert set(results["scores"]["dev"]) == ({"en"} if task == "tydiqa" else set(LANGUAGES))
    assert set(results["scores"]["test"]) == set(LANGUAGES)
    for language, scores in results["scores"]["test"].items():
        check_predictions(run, "test", language, toy.questions_into(language, toy.questions(5, seed=2)), scores)
    if task == "xquad":
        assert read_lines(run / "predictions/dev-en.jsonl")[0]["id"] == "q1-0"  # of MLQA
    said = xtune("evaluate", run, *where, "--output-dir", tmp_path / "evaluated")
    assert said.code == 0, said.err
    evaluated = read_json(tmp_path / "evaluated" / "results.json")
    assert evaluated["scores"]["test"] == results["scores"]["test"]
    name = f"predictions/{task}/test-de.json"
    assert (tmp_path / "evaluated" / name).read_bytes() == (run / name).read_bytes()
    # XTREME's evaluator knows no Chinese of TyDiQA.
    said = xtune("score", run / "predictions", data / "data", "--output", tmp_path / "scores.json")
    assert said.code == 0, said.err
    scored = read_json(tmp_path / "scores.json")["scores"][task]
    assert set(scored) == (set(LANGUAGES) if task == "xquad" else {"en"})
    for language, each in scored.items():
        right = results["scores"]["test"][language]
        assert each == pytest.approx({name: right[name] for name in ("f1", "exact_match")})


def test_pairs_of_languages_are_scored_by_the_rules_of_mlqa(
    xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    toy.write_squad(folder / "squad/train-v1.1.json", toy.questions(4))
    english = toy.questions(3, seed=1)
    german = toy.questions_into("de", english)
    crossed = [toy.Question(a.id, b.question, a.context, a.answer) for a, b in zip(english, german, strict=True)]
    for pair, asked in (("en-question-en", english), ("de-question-de", german), ("en-question-de", crossed)):
        for split in ("dev", "test"):
            toy.write_squad(folder / f"mlqa/MLQA_V1/{split}/{split}-context-{pair}.json", asked)
    keys = ("task=mlqa", f"model={tiny_model('bert')}", "method=plain", f"data.dir={folder}")
    results = train(xtune, tmp_path / "run", *keys)
    assert set(results["scores"]["test"]) == {"de", "en"}
    assert set(results["pairs"]["test"]) == {"en-de"}
    asked = [(each.id, (each.answer,)) for each in crossed]
    answers = read_json(tmp_path / "run/predictions/mlqa/test-en-de.json")
    scores = answer_scores(asked, answers, normalise_mlqa("en"))
    assert results["pairs"]["test"]["en-de"] == pytest.approx({**scores, "mean": sum(scores.values()) / 2})
    lines = read_lines(tmp_path / "run/predictions/test-en-de.jsonl")
    assert {line["id"]: line["prediction"] for line in lines} == answers
    said = xtune("evaluate", tmp_path / "run", "--data-dir", folder, "--output-dir", tmp_path / "evaluated")
    assert said.code == 0, said.err
    assert read_json(tmp_path / "evaluated" / "results.json")["pairs"] == results["pairs"]
    assert read_json(tmp_path / "evaluated/predictions/mlqa/test-en-de.json") == answers
    said = xtune("score", tmp_path / "run/predictions", folder, "--output", tmp_path / "scores.json")
    assert said.code == 0, said.err
    scored = read_json(tmp_path / "scores.json")["scores"]["mlqa"]  # no pair among the languages
    assert {language: each["f1"] for language, each in scored.items()} == pytest.approx(
        {language: each["f1"] for language, each in results["scores"]["test"].items()}
    )
    assert "not among XTREME's languages" not in said.out


def test_a_run_on_the_hub_leaves_all_commits_and_repeats_itself(
    xtune: Command, tiny_model: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = {"rajpurkar/squad": "a" * 40, "google/xtreme": "b" * 40}
    asked: list[tuple[str, str | None, str | None]] = []

    def load_dataset(path: str, name: str | None, *, split: str, revision: str | None) -> datasets.Dataset:
        asked.append((path, name, revision))
        rows = [
            {**each.fields, "context": each.context, "answers": {"text": [each.answer], "answer_start": [at]}}
            for each in toy.questions(3, long=0)
            for at in [each.context.index(each.answer)]
        ]
        found = datasets.Dataset.from_list(rows)
        found.info.download_checksums = {f"hf://datasets/{path}@{commits[path]}/0.parquet": {}}
        return found

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    keys = ("task=mlqa", f"model={tiny_model('bert')}", "method=plain", "data.languages=de,en")
    results = train(xtune, tmp_path / "run", *keys)
    assert set(results["pairs"]["test"]) == {"de-en", "en-de"} and set(results["scores"]["test"]) == {"de", "en"}
    config = yaml.safe_load((tmp_path / "run/config.yaml").read_text("utf-8"))
    assert config["data"]["revision"] == commits
    asked.clear()
    said = xtune("train", tmp_path / "run/config.yaml", "--output-dir", tmp_path / "again")
    assert said.code == 0, said.err
    assert ("google/xtreme", "MLQA.de.en", "b" * 40) in asked
    assert {(path, revision) for path, _, revision in asked} == set(commits.items())
    assert yaml.safe_load((tmp_path / "again/config.yaml").read_text("utf-8")) == config


# ---- a user's own files


@pytest.mark.parametrize(
    ("family", "keys"),
    [
        ("xlm-roberta", ("augmentation=auto",)),
        ("bert", ("augmentation=ss", "consistency.positions=untouched")),
        ("modernbert", ("augmentation.stage1=cs", "augmentation.data=ss", "augmentation.consistency=ss")),
        ("xlm-roberta", ("augmentation=auto", "translations")),
        ("bert", ("augmentation.stage1=cs", "augmentation.data=mt", "augmentation.consistency=ss", "translations")),
    ],
)
def test_both_stages_with_every_family(
    xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path, family: str, keys: tuple[str, ...]
) -> None:
    run, translated = tmp_path / "run", "translations" in keys
    given = [f"model={tiny_model(family)}", *own_files(data), *(key for key in keys if "=" in key)]
    given += [f"data.dictionaries={data}/dictionaries", "subword_sampling.ratio=1", "subword_sampling.dropout=0.5"]
    if translated:
        given.append(f"data.translations={data}/translations")
    said = xtune("train", "span", *SMALL, *given, "--output-dir", run)
    assert said.code == 0, said.err
    results = read_json(run / "results.json")
    assert (results["method"], results["examples"]["train"]) == ("xtune", TRAIN)
    stage1 = "ss" if "augmentation=ss" in keys else "cs"
    assert results["augmentation"] == {"stage1": stage1, "data": "mt" if translated else "ss", "consistency": "ss"}
    if translated:
        assert results["setting"] == "translate-train-all"
        assert results["resources"]["translations"] == ["de", "zh"]
        counted = f"translations into de: {TRAIN} joined by id, 1 with an unknown answer"
        assert counted in said.out and f"translations into zh: {TRAIN} joined by id\n" in said.out
    check_log(run)
    for language in ("en", "de"):
        asked = toy.questions_into(language, toy.questions(5, seed=1))
        check_predictions(run, "dev", language, asked, results["scores"]["dev"][language])
    model, tokenizer = (kind.from_pretrained(run / "model") for kind in (AutoModelForQuestionAnswering, AutoTokenizer))
    encoded = tokenizer("who is city ?", "the bridge is near .", return_tensors="pt")
    assert model(**encoded).start_logits.shape == encoded["input_ids"].shape
    check_predict(xtune, data, run, tmp_path)


def check_predict(xtune: Command, data: Path, run: Path, tmp_path: Path) -> None:
    """`xtune predict` says what the run says, with or without answers in the file, whatever its format."""
    asked = toy.questions_into("de", toy.questions(5, seed=1))
    rows = [{"id": each.id, "question": each.question, "context": each.context, "language": "de"} for each in asked]
    bare = tmp_path / "bare.jsonl"
    bare.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for input in (data / "dev-de.json", bare):
        said = xtune("predict", run, "--input", input, "--output", tmp_path / "out.jsonl")
        assert said.code == 0, said.err
        lines, own = read_lines(tmp_path / "out.jsonl"), read_lines(run / "predictions" / "dev-de.jsonl")
        assert [line["answer"] for line in lines] == [line["prediction"] for line in own]
        for line, each in zip(lines, asked, strict=True):
            assert (line["id"], line["language"]) == (each.id, "de")
            assert each.context[line["start"] :].startswith(line["answer"])
            assert line["n_best"][0]["text"] == line["answer"]
            assert sum(one["probability"] for one in line["n_best"]) == pytest.approx(1)


def test_rows_of_a_user_with_several_languages(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    rows = [
        {"frage": each.question, "text": each.context, "antwort": each.answer, "lang": language}
        for language in ("en", "de")
        for each in toy.questions_into(language, toy.questions(3))
    ]
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    keys = (f"data.train={tmp_path}/all.jsonl", f"data.dev={tmp_path}/all.jsonl", "data.language_column=lang")
    named = ("data.text_columns=frage,text", "data.label_column=antwort", "selection.metric=exact_match")
    results = train(xtune, tmp_path / "run", f"model={tiny_model('bert')}", *keys, *named, "method=plain")
    assert results["examples"] == {"train": 3, "dev": {"de": 3, "en": 3}, "test": {}}
    assert results["selection"]["metric"] == "exact_match"


def test_translations_teach_answers_in_another_language(xtune: Command, tiny_model: TinyModel, tmp_path: Path) -> None:
    """Plain fine-tuning finds English answers; German ones it knows nothing of, their words being others."""
    english = toy.questions(192, long=0)[::3]
    toy.write_squad(tmp_path / "train.json", english)
    toy.write_squad(tmp_path / "mt-de.json", toy.questions_into("de", english))
    for language in ("en", "de"):
        asked = toy.questions(72, seed=1, long=1)[::3]
        toy.write_squad(tmp_path / f"dev-{language}.json", toy.questions_into(language, asked))
    fast = ("train.num_train_epochs=10", "train.learning_rate=3e-3", "train.per_device_train_batch_size=16")
    keys = (f"model={tiny_model('bert')}", *own_files(tmp_path), "max_length=96", "selection.by=last", *fast)
    plain = train(xtune, tmp_path / "plain", *keys, "method=plain")["scores"]["dev"]
    translated = ("method=data-augmentation", "augmentation.data=mt", f"data.translations={tmp_path}/mt-de.json")
    better = train(xtune, tmp_path / "translated", *keys, *translated)["scores"]["dev"]
    assert plain["en"]["f1"] > 40 and plain["en"]["exact_match"] > 20
    assert plain["de"]["f1"] < 25 and better["de"]["f1"] > 40


# ---- what is wrong


GOOD = toy.questions(3)
BAD = {
    "reduction=mean": ("", "", ("consistency.reduction=mean",), "outcomes are positions", "reduction=batchmean"),
    "broken json": ('"data": [', '"data": [[', (), "train.json, line", '{"data"'),
    "out of place": ('"answer_start": ', '"answer_start": 1', (), "is not at character 1", "mend the place"),
    "an answer of squad 2": ('"id": "q0-1"', '"id": "q0-1", "is_impossible": true', (), "(SQuAD 2)", "leave such"),
    "an id twice": ('"q0-1"', '"q0-0"', (), "the id 'q0-0' is there already", "its own"),
    "a format": ("", "", ("data.dev=dev.xml",), "'.xml' is no format", ".json, .csv"),
    "a metric that there is not": (
        "",
        "",
        ("selection.metric=accuracy",),
        "no metric 'accuracy'",
        "known: exact_match, f1",
    ),
    "positions that there are not": ("", "", ("consistency.positions=all",), "consistency.positions", "untouched"),
    "r1 with translations": (
        "",
        "",
        ("augmentation=mt", "data.translations=mt-de.json"),
        "R1 of stage1 would compare the words of a text with those of its translation",
        "augmentation.stage1=ss",
    ),
    "translations of something else": (
        '"id": "q0-',
        '"id": "other-',
        ("method=data-augmentation", "augmentation.data=mt", "data.translations=mt-de.json"),
        "no row translates an example",
        "check that these are translations",
    ),
}


@pytest.mark.parametrize(("old", "new", "keys", "problem", "remedy"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said_at_once(
    xtune: Command,
    tiny_model: TinyModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    keys: tuple[str, ...],
    problem: str,
    remedy: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train.json", "dev-en.json"):
        toy.write_squad(tmp_path / name, GOOD)
    (tmp_path / "dev.xml").write_text("<a/>", encoding="utf-8")
    toy.write_squad(tmp_path / "mt-de.json", toy.questions_into("de", GOOD))
    path = tmp_path / ("mt-de.json" if "other" in new else "train.json")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, -1 if "other" in new else 1), encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    given = (f"model={tiny_model('bert')}", "data.train=train.json", "data.dev=dev-en.json", *keys)
    said = xtune("train", "span", *SMALL, *given, "--output-dir", "run")
    assert said.code == 2 and problem in said.err and remedy in said.err
    assert said.err.count("error:") == 1 and "Traceback" not in said.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_model_of_another_kind(xtune: Command, data: Path, tiny_model: TinyModel, tmp_path: Path) -> None:
    model = Classification("text-classification", ("a", "b")).load_model(str(tiny_model("bert")))
    model.save_pretrained(tmp_path / "model")
    where = ("--data-dir", data / "data", "--output-dir", tmp_path / "out")
    said = xtune("evaluate", tmp_path / "model", "--task", "xquad", *where)
    assert said.code == 2 and "xquad is a task of span, and the model is one of classification" in said.err
    assert not (tmp_path / "out").exists()
