"""What is wrong with a user's words and tags is said once, at once, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import toy
from tests.recipes.conftest import Command, TinyModel
from xtune.tasks.classification import Classification


@pytest.fixture(scope="module")
def classifier(tiny_model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifier")
    Classification("text-classification", ("a", "b")).load_model(str(tiny_model("bert"))).save_pretrained(folder)
    return folder


BIO = "dog\tB-LOC\nnew\tO\n\ngarden\tB-LOC\nrain\tI-LOC\n"
BAD = {
    "one tag": ({"train.conll": "dog\tO\n"}, (), "there is only O", "data.label_column"),
    "a tag that only the dev set has": ({"dev-en.conll": "dog\tB-ORG\n"}, (), "dev-en.conll, line 1", "mean 'B-LOC'"),
    "bilou": ({"train.conll": BIO.replace("I-", "L-")}, (), "'L-LOC' is of BILOU", "E- in place of L-"),
    "entities and other tags": ({"train.conll": f"{BIO}\nis\tAUX\n"}, (), "'AUX' is no tag of BIO", "O, B-TYPE"),
    "a broken line": ({"train.conll": f"{BIO}dog\n"}, (), "train.conll, line 6", "there are 1 columns, and 2"),
    "csv": ({"train.csv": "a,b\n"}, ("data.train=train.csv",), "'.csv' is no format", ".conllu"),
    "a column that there is not": ({}, ("data.label_column=3",), "there is no column 3", "counted from 1"),
    "a metric that these tags do not have": ({}, ("selection.metric=accuracy",), "no metric 'accuracy'", "known: f1"),
    "pooling that there is not": ({}, ("pooling=last",), "'last' does not fit", "pooling"),
    "sums without a linear head": ({}, ("pooling=sum", "model=@modernbert"), "no linear head", "pooling=first"),
    "r1 with translations": (
        {"t.txt": "dog new\tde\tHund neu\n"},
        ("augmentation=mt", "method=xtune", "data.translations=t.txt"),
        "R1 of stage1 would compare the words of a text with those of its translation",
        "augmentation.stage1=ss",
    ),
    "translations of something else": (
        {"t.txt": "cat\tde\tKatze\n"},
        ("augmentation.data=mt", "method=data-augmentation", "data.translations=t.txt"),
        "t.txt, field 'data.translations': no row translates an example",
        "check that these are translations",
    ),
}


@pytest.mark.parametrize(("files", "keys", "problem", "remedy"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said_at_once(
    xtune: Command,
    tiny_model: TinyModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    keys: tuple[str, ...],
    problem: str,
    remedy: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {"train.conll": BIO, "dev-en.conll": BIO, **files}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    given = [f"model={tiny_model('bert')}", "method=plain", "data.train=train.conll", "data.dev=dev-en.conll"]
    given += [key.replace("@modernbert", str(tiny_model("modernbert"))) for key in keys]
    before = sorted(tmp_path.iterdir())
    said = xtune("train", "tagging", *given, "--output-dir", "run")
    assert said.code == 2 and problem in said.err and remedy in said.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("task", "problem"),
    [("panx", "panx is a task of tagging, and the model is one of classification"), ("tagging", "a task of tagging")],
)
def test_a_model_of_another_kind(xtune: Command, classifier: Path, tmp_path: Path, task: str, problem: str) -> None:
    where = ("--data-dir", toy.write_tagged(tmp_path / "data", "panx", ("en",)), "--output-dir", tmp_path / "out")
    said = xtune("evaluate", classifier, "--task", task, *where)
    assert said.code == 2 and problem in said.err and not (tmp_path / "out").exists()
