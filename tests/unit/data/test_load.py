from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.data.conftest import Write
from xtune.data import Columns, Source, has_split, languages_of, load_split
from xtune.errors import InputError
from xtune.schema import Example, Text


def text(string: str) -> Text:
    return Text.from_string(string)


@pytest.mark.parametrize("given", ["", "xnli"])
def test_an_xtreme_folder_is_found_from_itself_and_from_above(write: Write, tmp_path: Path, given: str) -> None:
    write("xnli/dev-en.tsv", 'one "\ttwo\tneutral\nthree\tfour\tneutral\n')
    write("xnli/dev-de.tsv.gz", gzip.compress(b"eins\tzwei\tneutral\n"))
    write("xnli/test-en.tsv", "one\ttwo\n")
    write("xnli/train-en.source.txt.gz", b"")
    source = Source(folder=tmp_path / given, task="xnli")
    assert [has_split(source, split) for split in ("train", "dev", "test")] == [False, True, True]
    assert languages_of(source, "dev") == ["de", "en"]
    assert list(load_split(source, "dev", "en", labelled=True)) == [
        Example("0", "en", (text('one "'), text("two")), "neutral"),
        Example("1", "en", (text("three"), text("four")), "neutral"),
    ]
    assert [example.texts[0].text for example in load_split(source, "dev", "de-AT")] == ["eins"]
    assert list(load_split(source, "test", "en")) == [Example("0", "en", (text("one"), text("two")), None)]


@pytest.mark.parametrize("given", ["", "topic"])
def test_the_folder_of_a_dataset_may_hold_files_with_names_of_columns(write: Write, tmp_path: Path, given: str) -> None:
    write("topic/dev-en.csv", 'label,text\nfood,"a, b"\n')
    write("topic/dev-de.jsonl", '{"text": "c", "label": "money"}\n')
    source = Source(folder=tmp_path / given, task="topic", texts=1)
    assert has_split(source, "dev") and not has_split(source, "train")
    assert languages_of(source, "dev") == ["en"]  # one format in a folder, the first of csv and jsonl
    assert list(load_split(source, "dev", "en")) == [Example("0", "en", (text("a, b"),), "food")]
    (tmp_path / "topic" / "dev-en.csv").unlink()
    assert [example.target for example in load_split(source, "dev", "de")] == ["money"]


def test_xtremes_files_come_before_those_with_names_of_columns(write: Write, tmp_path: Path) -> None:
    write("xnli/dev-en.tsv", "one\ttwo\tneutral\n")
    write("xnli/dev-en.csv", "text_a,text_b,label\nx,y,z\n")
    source = Source(folder=tmp_path, task="xnli", texts=2)
    assert [example.target for example in load_split(source, "dev", "en")] == ["neutral"]


def test_one_text_of_a_published_pair_may_be_empty(write: Write, tmp_path: Path) -> None:
    write("pawsx/dev-de.tsv", "\tzwei\t0\n")
    (example,) = load_split(Source(folder=tmp_path, task="pawsx"), "dev", "de")
    assert example.texts == (text(""), text("zwei"))


def test_other_spellings_of_a_label(write: Write, tmp_path: Path) -> None:
    write("train-en.tsv", "a\tb\tcontradictory\n")
    source = Source(folder=tmp_path, labels=("contradiction",), aliases={"contradictory": "contradiction"})
    assert [example.target for example in load_split(source, "train", "en")] == ["contradiction"]


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("text,label", ["a"]),
        ("text_b,label,text_a", ["c", "a"]),
        ("sentence1,label,sentence2", ["a", "c"]),
        ("premise,label,hypothesis", ["a", "c"]),
        ("question2,label,question1", ["c", "a"]),
    ],
)
def test_text_columns_are_found_by_their_usual_names(write: Write, header: str, texts: list[str]) -> None:
    row = "a,b" if header == "text,label" else "a,b,c"
    path = write("train.csv", f"{header}\n{row}\n")
    (example,) = load_split(Source(files={"train": str(path)}), "train", "en", labelled=True)
    assert ([found.text for found in example.texts], example.target) == (texts, "b")


def test_columns_named_by_the_user(write: Write) -> None:
    path = write("train.csv", "text,title,body,stars,key,in\nno,T,B,5,k7,fr\n")
    columns = Columns(text=("body", "title"), label="stars", id="key", language="in")
    (example,) = load_split(Source(files={"train": str(path)}, columns=columns), "train", "fr")
    assert example == Example("k7", "fr", (text("B"), text("T")), "5")


def test_the_number_of_texts_chooses_among_the_usual_names(write: Write) -> None:
    path = write("train.csv", "text,premise,hypothesis,label\na,b,c,x\n")
    (pair,) = load_split(Source(files={"train": str(path)}, texts=2), "train", "en")
    assert pair.texts == (text("b"), text("c"))


def test_labels_and_ids_may_be_numbers_and_become_strings(write: Write) -> None:
    path = write("train.jsonl", '{"id": 0, "text": "a", "label": 3}\n{"id": 1, "text": "b", "label": " 4 "}\n')
    examples = list(load_split(Source(files={"train": str(path)}), "train", "en", labelled=True))
    assert [(example.id, example.target) for example in examples] == [("0", "3"), ("1", "4")]


def test_a_file_of_several_languages(write: Write) -> None:
    path = write("dev.csv", "text,label,language\na,x,en\nb,y,zh-CN\nc,x,en\n")
    source = Source(files={"dev": str(path)})
    assert languages_of(source, "dev") == ["en", "zh"]
    assert [(example.id, example.texts[0].text) for example in load_split(source, "dev", "en")] == [
        ("0", "a"),
        ("2", "c"),
    ]
    assert [(example.id, example.language) for example in load_split(source, "dev", "zh")] == [("1", "zh")]


def test_the_same_id_may_stand_once_in_each_language(write: Write) -> None:
    path = write("dev.csv", "id,text,label,language\n7,a,x,en\n7,b,y,de\n")
    source = Source(files={"dev": str(path)})
    assert [example.id for code in ("en", "de") for example in load_split(source, "dev", code)] == ["7", "7"]


def test_a_file_that_says_nothing_is_in_the_source_language(write: Write) -> None:
    source = Source(files={"train": str(write("train.csv", "text,label\na,x\n"))}, source_language="fr")
    assert languages_of(source, "train") == ["fr"]
    assert [example.language for example in load_split(source, "train", "fr")] == ["fr"]
    with pytest.raises(InputError, match="no row is in 'en'"):
        list(load_split(source, "train", "en"))


@pytest.mark.parametrize("given", ["", "dev-{lang}.csv", "dev-{lang}.tsv"])
def test_a_folder_or_a_pattern_of_files(write: Write, tmp_path: Path, given: str) -> None:
    write("dev-en.csv", "text,label\na,x\n")
    write("dev-de.tsv", "text\tlabel\nb\tx\n")
    write("dev-sw.jsonl", '{"text": "c", "label": "x"}\n')
    source = Source(files={"dev": str(tmp_path / given)})
    expected = {"": {"de": "b", "en": "a", "sw": "c"}, "dev-{lang}.csv": {"en": "a"}, "dev-{lang}.tsv": {"de": "b"}}
    found = {code: next(load_split(source, "dev", code)).texts[0].text for code in languages_of(source, "dev")}
    assert found == expected[given]
    assert has_split(source, "dev")


def test_a_single_file_says_its_language_by_its_name(write: Write) -> None:
    source = Source(files={"dev": str(write("reviews-pt-BR.csv", "text,label\na,x\n"))})
    assert languages_of(source, "dev") == ["pt"]
    assert [example.language for example in load_split(source, "dev", "pt")] == ["pt"]


def test_the_users_file_comes_before_the_folder(write: Write, tmp_path: Path) -> None:
    write("xnli/train-en.tsv", "a\tb\tx\n")
    path = write("mine.csv", "text_a,text_b,label\nc,d,x\n")
    source = Source(files={"train": str(path)}, folder=tmp_path, task="xnli", texts=2)
    assert next(load_split(source, "train", "en")).texts[0].text == "c"


def test_the_first_examples(write: Write) -> None:
    path = write("dev.csv", "text,label,language\na,x,en\nb,y,de\nc,x,en\nd,x,en\n")
    source = Source(files={"dev": str(path)})
    assert [example.id for example in load_split(source, "dev", "en", max_examples=2)] == ["0", "2"]


def test_labels_may_be_absent_where_nobody_needs_them(write: Write) -> None:
    source = Source(files={"test": str(write("test.csv", "text\na\n"))})
    assert [example.target for example in load_split(source, "test", "en")] == [None]


def test_nothing_given(tmp_path: Path) -> None:
    assert not has_split(Source(), "dev")
    assert not has_split(Source(files={"dev": str(tmp_path)}), "dev")
    assert has_split(Source(files={"dev": str(tmp_path / "dev.csv")}), "dev")
    with pytest.raises(InputError, match="nothing says where the dev examples are"):
        languages_of(Source(), "dev")
