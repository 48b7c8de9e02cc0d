from __future__ import annotations

from pathlib import Path

import pytest

from xtune.data import Columns, languages_of, load_split
from xtune.errors import InputError
from xtune.evaluation.xtreme import TASKS
from xtune.languages import LANGUAGES
from xtune.tasks.datasets import dataset, datasets, parse_datasets
from xtune.tasks.tagging import Tagging

ROW = """
toy:
  kind: classification
  description: Which is it?
  source: https://example.org
  licence: CC0
  folder: toy
  texts: 1
  labels: [a, b]
  languages: [en, de]
  metrics: [accuracy]
  hub:
    - {path: some/toy, columns: {text: [text]}}
"""


def test_the_languages_are_those_of_the_paper() -> None:
    assert " ".join(dataset("xnli").languages) == "en ar bg de el es fr hi ru sw th tr ur vi zh"
    assert " ".join(dataset("pawsx").languages) == "en de es fr ja ko zh"
    assert set(dataset("udpos").languages) == set(TASKS["udpos"].languages)
    assert set(dataset("panx").languages) == set(TASKS["panx"].languages)


@pytest.mark.parametrize("name", ["xnli", "pawsx"])
def test_a_row_is_whole(name: str) -> None:
    row = dataset(name)
    assert (row.name, row.kind, row.texts, row.metrics) == (name, "classification", 2, ("accuracy",))
    assert row.languages[0] == row.source_language == "en"
    assert set(row.languages) <= set(LANGUAGES)
    assert row.hub[0].splits == {"train": "train", "dev": "validation", "test": "test"}
    for hub in row.hub:
        assert (len(hub.columns.text or ()), hub.languages, hub.revision) == (2, row.languages, None)


@pytest.mark.parametrize(("name", "labels"), [("udpos", 17), ("panx", 7), ("pos", 17), ("ner", 7)])
def test_a_row_of_tags_is_whole(name: str, labels: int) -> None:
    row = dataset(name)
    assert (row.name, row.kind, row.texts, len(row.labels)) == (name, "tagging", 1, labels)
    assert row.metrics[0] == "f1" and ("accuracy" in row.metrics) == (labels == 17)
    assert row.languages[0] == row.source_language == "en"
    assert len(set(row.languages)) == len(row.languages) and set(row.languages) <= set(LANGUAGES)
    assert Tagging(name, row.labels, row.metrics).metrics == row.metrics


def test_tags_on_the_hub() -> None:
    (udpos,), (panx,) = dataset("udpos").hub, dataset("panx").hub
    assert [panx.configuration(code) for code in ("en", "zh")] == ["PAN-X.en", "PAN-X.zh"]
    assert [udpos.configuration(code) for code in ("en", "zh", "af")] == [
        *("udpos.English", "udpos.Chinese", "udpos.Afrikans"),
    ]
    assert {udpos.names[code] for code in udpos.languages if code != "af"} == {
        LANGUAGES[code].name for code in udpos.languages if code != "af"
    }
    assert set(udpos.languages) - set(udpos.languages_of("dev")) == {"kk", "th", "tl", "yo"}


def test_an_unknown_name_is_an_error_that_names_a_near_one() -> None:
    with pytest.raises(InputError, match=r"field 'task': there is no dataset 'paws-x'\n  remedy: did you mean 'pawsx'"):
        dataset("paws-x")


def test_a_row_says_where_its_examples_are(tmp_path: Path) -> None:
    (tmp_path / "xnli").mkdir()
    (tmp_path / "xnli" / "dev-de.tsv").write_text("a\tb\tcontradictory\n", "utf-8")
    source = dataset("xnli").locate(folder=tmp_path)
    assert languages_of(source, "dev") == ["de"]
    assert [example.target for example in load_split(source, "dev", "de", labelled=True)] == ["contradiction"]


def test_a_run_may_bring_its_own_files_columns_and_revision() -> None:
    source = dataset("pawsx").locate(files={"train": "mine.csv"}, columns=Columns(label="same"), revision="abc")
    assert (source.files, source.columns.label) == ({"train": "mine.csv"}, "same")
    assert [hub.revision for hub in source.hub] == ["abc", "abc"]


def test_a_row_needs_only_what_has_no_default() -> None:
    (row,) = parse_datasets(ROW).values()
    assert (row.aliases, row.untranslated, row.hub[0].languages) == ({}, None, ("en", "de"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("  licence: CC0\n", "", "toy.licence"),
        ("texts: 1", "texts: 3", "toy.texts"),
        ("texts: 1", "textes: 1", "toy"),
        ("kind: classification", "kind: regression", "toy.kind"),
        ("labels: [a, b]", "labels: [a]", "toy.labels"),
        ("labels: [a, b]", "labels: [a, 1]", "toy.labels.1"),
        ("languages: [en, de]", "languages: [en, no]", "toy.languages.1"),
        ("languages: [en, de]", "languages: [en, xx]", "toy.languages"),
        ("languages: [en, de]", "languages: [en, deu]", "toy.languages"),
        ("metrics: [accuracy]", "aliases: {c: d}\n  metrics: [accuracy]", "toy.aliases"),
        ("metrics: [accuracy]", "metrics: [acuracy]", "toy.metrics"),
        ("metrics: [accuracy]", "metrics: [f1]", "toy.metrics"),
        ("kind: classification", "kind: span", "toy.metrics"),
        ("text: [text]", "texte: [text]", "toy.hub.0.columns"),
    ],
)
def test_a_broken_row_is_an_error_that_names_the_key(old: str, new: str, field: str) -> None:
    assert old in ROW
    with pytest.raises(InputError) as raised:
        parse_datasets(ROW.replace(old, new))
    assert raised.value.file == "tasks/datasets.yaml"
    assert (raised.value.field or "").startswith(field)


@pytest.mark.parametrize("text", ["toy: [", "- toy", "toy: 5", ""])
def test_what_is_no_table_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match=r"^tasks/datasets\.yaml"):
        parse_datasets(text)


def test_the_table_is_read_once() -> None:
    assert datasets() is datasets()
