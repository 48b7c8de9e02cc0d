from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from tests.unit.data.conftest import Write
from tests.unit.data.test_bad_inputs import Case
from xtune.data import Columns, Source, has_split, languages_of, load_file, load_split, write_examples
from xtune.errors import InputError
from xtune.schema import Example, Text


def read(path: Path, columns: Columns | None = None, **options: Any) -> list[Example]:
    """The sentences of a training file in English."""
    source = Source(kind="tagging", files={"train": str(path)}, columns=columns or Columns(), **options)
    return list(load_split(source, "train", "en", labelled=True))


def sentences(path: Path, columns: Columns | None = None) -> list[list[tuple[str, str]]]:
    """Words and tags."""
    found = []
    for example in read(path, columns):
        (text,) = example.texts
        assert isinstance(example.target, tuple) and text.pretokenized
        found.append(list(zip(map(text.word, range(len(text.words))), example.target, strict=True)))
    return found


DOGS = [[("Two", "NUM"), ("dogs", "NOUN")], [("Go", "VERB")]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "Two\tNUM\ndogs\tNOUN\n\nGo\tVERB\n"),
        ("a.tsv", "\n\nTwo\tNUM\ndogs\tNOUN\n\n \t\n\nGo\tVERB"),
        ("a.tsv", "\ufeffTwo\tNUM\r\ndogs\tNOUN\r\n\r\nGo\tVERB\r\n"),
        ("a.conll", "Two NUM\ndogs   NOUN \n\nGo VERB\n"),
        ("a.txt", "Two  CD B-NP NUM\ndogs NNS I-NP NOUN\n\nGo VB B-VP VERB\n"),
        ("a.conll", "-DOCSTART- -X-\n\nTwo NUM\ndogs NOUN\n-DOCSTART- O\nGo VERB\n"),
        ("a.txt", "-DOCSTART- -X- O\n\nTwo\tNUM\ndogs\tNOUN\n\nGo\tVERB\n"),
        ("a.conll", "# text = a\tb\n# O O O\nTwo\tNUM\ndogs\tNOUN\n\nGo\tVERB\n"),
        ("a.bio", "# id = 1\nTwo\tNUM\ndogs\tNOUN\n\n# id = 2\n# text = Go\nGo\tVERB\n"),
        ("a.iob", "# two words\nTwo NUM\ndogs NOUN\n\n# comment\nGo VERB\n"),
        ("a.tsv.gz", gzip.compress(b"Two\tNUM\ndogs\tNOUN\n\nGo\tVERB\n", mtime=0)),
        ("a.conll.xz", lzma.compress(b"Two NUM\ndogs NOUN\n\nGo VERB\n")),
    ],
)
def test_layouts(write: Write, name: str, content: str | bytes) -> None:
    assert sentences(write(name, content)) == DOGS


def test_conllu_has_its_own_columns_and_lines_that_are_no_words(write: Write) -> None:
    lines = [
        "# sent_id = 1",
        "# text = Vámonos al mar",
        "1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_",
        "1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\t_",
        "2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_",
        "3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_",
        "3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_",
        "4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_",
        "5\tmar\tmar\tNOUN\tX\t_\t1\tobl\t_\t_",
        "5.1\tnada\tnada\tVERB\t_\t_\t_\t_\t_\t_",
        "",
    ]
    expected = [[("Vamos", "VERB"), ("nos", "PRON"), ("a", "ADP"), ("el", "DET"), ("mar", "NOUN")]]
    assert sentences(write("a.conllu", "\n".join(lines))) == expected
    assert sentences(write("b.conll", "\n".join(lines)), Columns(text=("2",), label="4")) == expected
    lemmas = sentences(write("c.conllu", "\n".join(lines)), Columns(text=("3",), label="-3"))
    assert lemmas[0][0] == ("ir", "root")


def test_columns_by_number(write: Write) -> None:
    path = write("a.conll", "NUM 1 Two x\nNOUN 2 dogs x\n\nVERB 1 Go x\n")
    assert sentences(path, Columns(text=("3",), label="1")) == DOGS
    assert sentences(path, Columns(text=("-2",), label="-4")) == DOGS


@pytest.mark.parametrize(
    "word", ["\u200b", "\u00a0", "\u3000", "\u2028", "\u0085", "New York", " a", "#", "#tag", "# 1", '"', "1-2", "1.1"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_odd_words_survive(write: Write, tmp_path: Path, word: str, place: int) -> None:
    """Also through the table on disk."""
    words = ["a", "b"]
    words.insert(place, word)
    path = write("a.tsv", "x\tO\n\n" + "".join(f"{each}\tO\n" for each in words))
    assert [each for each, _ in sentences(path)[1]] == words
    table = write_examples(read(path), tmp_path / "table.arrow")
    assert list(table) == read(path)
    assert [table[1].texts[0].word(index) for index in range(3)] == words


def test_a_hash_that_is_a_word_is_no_comment(write: Write) -> None:
    assert sentences(write("a.conll", "# B-X\ntag I-X\n"))[0] == [("#", "B-X"), ("tag", "I-X")]
    assert sentences(write("b.conll", "x O\n# O\n"))[0] == [("x", "O"), ("#", "O")]


def test_unlabelled_files_of_xtreme_have_a_word_a_line(write: Write) -> None:
    path = write("udpos/test-vi.tsv", "Hà Nội\nđẹp\n\nĐi\n")
    write("udpos/test-de.tsv", "Zwei\tNUM\n")
    source = Source(kind="tagging", folder=path.parent.parent, task="udpos")
    assert languages_of(source, "test") == ["de", "vi"]
    assert list(load_split(source, "test", "vi")) == [
        Example("0", "vi", (Text.from_words(["Hà Nội", "đẹp"]),)),
        Example("1", "vi", (Text.from_words(["Đi"]),)),
    ]
    with pytest.raises(InputError, match="the words have no tags"):
        list(load_split(source, "test", "vi", labelled=True))


def test_a_folder_of_a_user(write: Write, tmp_path: Path) -> None:
    write("dev-en.conll", "Two NUM\n")
    write("dev-pt.conll.gz", gzip.compress(b"Dois NUM\n"))
    write("dev-de.jsonl", '{"tokens": ["Zwei"], "tags": ["NUM"]}\n')
    source = Source(kind="tagging", files={"dev": str(tmp_path)})
    assert has_split(source, "dev")
    assert languages_of(source, "dev") == ["de", "en", "pt"]
    assert [example.texts[0].text for example in load_split(source, "dev", "pt")] == ["Dois"]
    assert [example.target for example in load_split(source, "dev", "de")] == [("NUM",)]


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        ({"tokens": ["Two", "dogs"], "tags": ["NUM", "NOUN"]}, Columns()),
        ({"words": ["Two", "dogs"], "ner_tags": ["NUM", "NOUN"]}, Columns()),
        ({"tokens": ["Two", "dogs"], "pos_tags": ["NUM", "NOUN"], "text": "Two dogs"}, Columns()),
        ({"tokens": ["Two", "dogs"], "labels": ["NUM", "NOUN"]}, Columns()),
        ({"text": "Two  dogs", "tags": ["NUM", "NOUN"]}, Columns()),
        ({"tokens": ["no"], "w": ["Two", "dogs"], "t": ["NUM", "NOUN"]}, Columns(text=("w",), label="t")),
    ],
)
def test_json_lines(write: Write, fields: dict[str, Any], columns: Columns) -> None:
    path = write("a.jsonl", json.dumps(fields) + "\n")
    assert sentences(path, columns) == DOGS[:1]


def test_json_lines_with_ids_and_languages(write: Write) -> None:
    lines = [
        {"id": "b", "tokens": ["Two"], "tags": [3], "language": "en"},
        {"id": "a", "tokens": ["Zwei"], "tags": None, "language": "de"},
    ]
    path = write("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    source = Source(kind="tagging", files={"dev": str(path)})
    assert languages_of(source, "dev") == ["de", "en"]
    assert [(e.id, e.target) for e in load_split(source, "dev", "en")] == [("b", ("3",))]
    assert [(e.id, e.target) for e in load_split(source, "dev", "de")] == [("a", None)]


def predicted(path: Path) -> list[list[str]]:
    examples = list(load_file(path, columns=Columns(), texts=1, language="en", kind="tagging"))
    return [[example.texts[0].word(n) for n in range(len(example.texts[0].words))] for example in examples]


def test_texts_to_predict_are_split_at_white_space(write: Write) -> None:
    assert predicted(write("a.txt", "Two dogs .\nGo\n\n")) == [["Two", "dogs", "."], ["Go"]]
    assert predicted(write("b.txt", "Two\ndogs\n\nGo\n")) == [["Two", "dogs"], ["Go"]]
    assert predicted(write("c.txt", "New York\tB-LOC\nis\tO\n")) == [["New York", "is"]]
    assert predicted(write("a.csv", 'text,language\n"Two  dogs, too",en\n')) == [["Two", "dogs,", "too"]]
    assert predicted(write("a.jsonl", '{"text": "Two dogs"}\n{"text": "Go"}\n')) == [["Two", "dogs"], ["Go"]]
    assert predicted(write("a.tsv", "Two\tNUM\ndogs\tNOUN\n")) == [["Two", "dogs"]]


# ---- what is wrong with a file


BAD = {
    "a column too few": Case("a.tsv", "a\tO\nb\n", "there are 1 columns, and 2 in the lines before", "tabs", 2),
    "a column too many": Case("a.conll", "a x O\nb O\n", "there are 2 columns, and 3 in", "blanks between", 2),
    "an empty tag": Case("a.tsv", "x\tO\n\na\tO\nb\t\n", "the tag of 'b' is empty", "write one", 4, "tags"),
    "no tag at all": Case("a.tsv", "a\t\nb\t\n", "the words have no tags", "give each word one", 1, "tags"),
    "an empty word": Case("a.tsv", "a\tO\n\tO\n", "the word is empty", "delete the line", 2, "tokens"),
    "words without tags": Case("a.conll", "a\nb\n", "the words have no tags", "data.label_column", 1, "tags"),
    "an unknown tag": Case("a.tsv", "x\tO\n\na\tO\nb\tB-PERS\n", "no tag 'B-PERS'", "mean 'B-PER'?", 4, "tags"),
    "another tag": Case("a.tsv", "a\tNOUN\n", "there is no tag 'NOUN'", "known: B-PER, I-PER, O", 1, "tags"),
    "nothing": Case("a.tsv", "", "there is no sentence in it", "write a word", None),
    "empty lines alone": Case("a.tsv", "\n\n# x\n-DOCSTART-\n", "there is no sentence in it", "write", None),
    "no such column": Case(
        "a.tsv", "a\tO\n", "there is no column 4; the line has 2", "from 1", 1, "data.label_column", Columns(label="4")
    ),
    "no such column of words": Case(
        "a.tsv", "a\tO\n", "there is no column -3", "from 1", 1, "data.text_columns", Columns(text=("-3",))
    ),
    "a name for a number": Case(
        "a.tsv", "a\tO\n", "'ner' is no column", "by its number", None, "data.label_column", Columns(label="ner")
    ),
    "two columns of words": Case(
        "a.tsv", "a\tO\n", "a word has one column", "name one", None, "data.text_columns", Columns(text=("1", "2"))
    ),
    "not UTF-8": Case("a.tsv", "für\tO\n".encode("latin-1"), "is not UTF-8", "iconv", 1),
    "cut short": Case("a.tsv.gz", gzip.compress(b"a\tO\n", mtime=0)[:-9], "ends early", "again", None),
    "another format": Case("a.xml", "<a/>", "'.xml' is no format that can be read", ".conllu", None),
    "csv": Case("a.csv", "text,label\na,O\n", "'.csv' is no format", "known: .tsv", None),
    "json: no words": Case("a.jsonl", '{"tags": ["O"]}', "there are no words to tag", "call them tokens", 1, "tokens"),
    "json: no list": Case("a.jsonl", '{"tokens": 5, "tags": []}', "5 are no words", "a list of words", 1, "tokens"),
    "json: null": Case("a.jsonl", '{"tokens": null, "tags": []}', "the words are missing", "a list", 1, "tokens"),
    "json: no word": Case("a.jsonl", '{"tokens": [], "tags": []}', "has no word", "delete the row", 1, "tokens"),
    "json: empty word": Case("a.jsonl", '{"tokens": ["a", ""], "tags": []}', "word 2 is empty", "delete", 1, "tokens"),
    "json: no tags": Case("a.jsonl", '{"tokens": ["a"]}', "there is no such column", "known", 1, "tags"),
    "json: too few": Case("a.jsonl", '{"tokens": ["a", "b"], "tags": ["O"]}', "1 tags for 2 words", "each", 1, "tags"),
    "json: one text": Case("a.jsonl", '{"tokens": ["a"], "tags": "O"}', "'O' are no tags", "a list", 1, "tags"),
    "json: null tag": Case("a.jsonl", '{"tokens": ["a"], "tags": [null]}', "tag of 'a' is None", "a string", 1, "tags"),
    "json: unknown": Case("a.jsonl", '{"tokens": ["a"], "tags": ["o"]}', "there is no tag 'o'", "known", 1, "tags"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_one_error_with_its_place(write: Write, case: Case) -> None:
    path = write(case.name, case.content)
    with pytest.raises(InputError) as raised:
        read(path, case.columns, labels=("O", "B-PER", "I-PER"))
    error = raised.value
    assert case.problem in error.problem
    assert case.remedy in (error.remedy or "")
    assert (str(error.file), error.field) == (str(path), case.field)
    assert error.line == case.line or "ends early" in error.problem
