"""What is wrong in a file is said once: which file, which line, which column, and what to do."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.data.conftest import Write
from xtune.data import Columns, Source, languages_of, load_split
from xtune.errors import InputError


@dataclass(frozen=True)
class Case:
    """A broken file, given as training data, and what its error must say."""

    name: str
    content: str | bytes
    problem: str
    remedy: str
    line: int | None = None
    field: str | None = None
    columns: Columns = Columns()
    texts: int | None = None
    labels: tuple[str, ...] | None = None


XTREME = "xnli/train-en.tsv"
TWO_TEXTS = Columns(text=("first", "second"))
LATIN_1 = "text,label\nfine,x\nna\xefve,x\n".encode("latin-1")
GZIPPED = gzip.compress(b"".join(b"%d some words\tothers\tneutral\n" % n for n in range(5000)), mtime=0)

CASES = {
    "xtreme: a tab too many": Case(
        XTREME, "a\tb\tx\na\tb\tc\tx\n", "4 columns where tabs should make 2 or 3", "one tab", 2
    ),
    "xtreme: a tab too few": Case(XTREME, "a\tb\tx\na b x\n", "1 columns where tabs should make 2 or 3", "one tab", 2),
    "xtreme: an empty line in the middle": Case(XTREME, "a\tb\tx\n\na\tb\tx\n", "the line is empty", "delete it", 2),
    "xtreme: empty": Case(XTREME, "", "the file is empty", "where it came from"),
    "xtreme: only blank lines": Case(XTREME, "\n\r\n", "the file is empty", "where it came from"),
    "xtreme: unlabelled": Case(XTREME, "a\tb\n", "the label is missing", "fill it in", 1, "label"),
    "xtreme: empty label": Case(XTREME, "a\tb\tx\na\tb\t\n", "the label is missing", "fill it in", 2, "label"),
    "xtreme: both texts empty": Case(XTREME, "\t \tx\n", "the text is empty", "delete the row", 1, "text_a"),
    "xtreme: unknown label": Case(
        XTREME,
        "a\tb\tnuetral\n",
        "no label 'nuetral'",
        "did you mean 'neutral'?",
        1,
        "label",
        labels=("neutral", "other"),
    ),
    "csv: empty": Case("train.csv", "", "the file is empty", "first line names the columns"),
    "csv: byte order mark alone": Case(
        "train.csv", b"\xef\xbb\xbf", "the file is empty", "first line names the columns"
    ),
    "csv: header alone": Case("train.csv", "text,label\n", "no rows after the header", "add an example", 1),
    "csv: too many fields": Case(
        "train.csv", "text,label\na,x\nb,c,x\n", "3 columns, and 2 in the header", "quotes", 3
    ),
    "csv: too few fields": Case("train.csv", "text,label\na\n", "1 columns, and 2 in the header", "quotes", 2),
    "csv: a quote that never closes": Case(
        "train.csv",
        'text,label\na,x\n"b,x\nc,x\n',
        "the row that begins here is not CSV",
        "close every quotation mark",
        3,
    ),
    "csv: a quote in the middle": Case(
        "train.csv", 'text,label\n"a"b,x\n', "is not CSV", "close every quotation mark", 2
    ),
    "csv: a nameless column": Case("train.csv", "text,,label\na,b,x\n", "column 2 has no name", "name it", 1),
    "csv: a column twice": Case(
        "train.csv", "text,text,label\na,b,x\n", "two columns have this name", "rename", 1, "text"
    ),
    "csv: no text column": Case(
        "train.csv", "body,label\na,x\n", "the columns are body, label", "data.text_columns=", 2, "data.text_columns"
    ),
    "csv: one text where two are needed": Case(
        "train.csv",
        "text,label\na,x\n",
        "no column looks like the texts",
        "=first,second",
        2,
        "data.text_columns",
        texts=2,
    ),
    "csv: three columns named where two are needed": Case(
        "train.csv",
        "first,second,label\na,b,x\n",
        "the task takes 1 texts",
        "name one column",
        2,
        "data.text_columns",
        columns=TWO_TEXTS,
        texts=1,
    ),
    "csv: a named text column is missing": Case(
        "train.csv",
        "first,secnd,label\na,b,x\n",
        "no such column; the columns are first, secnd, label",
        "did you mean 'secnd'?",
        2,
        "second",
        columns=TWO_TEXTS,
    ),
    "csv: the label column is missing": Case(
        "train.csv",
        "text,labels\na,x\n",
        "no such column; the columns are text, labels",
        "did you mean 'labels'?",
        2,
        "label",
    ),
    "csv: the id column is missing": Case(
        "train.csv", "text,label,uid\na,x,1\n", "no such column", "did you mean 'uid'?", 2, "guid", Columns(id="guid")
    ),
    "csv: an empty text": Case("train.csv", "text,label\na,x\n ,x\n", "the text is empty", "delete the row", 3, "text"),
    "csv: an empty label": Case("train.csv", "text,label\na,x\nb,\n", "the label is missing", "fill it in", 3, "label"),
    "csv: an empty id": Case("train.csv", "id,text,label\n,a,x\n", "there is nothing here", "fill it in", 2, "id"),
    "csv: an id twice": Case(
        "train.csv", 'id,text,label\n7,"a\nb",x\n7,c,x\n', "the id '7' is there already, in line 2", "its own", 4, "id"
    ),
    "csv: an unknown language": Case(
        "train.csv",
        "text,label,language\na,x,en\nb,x,english\n",
        "no language 'english'",
        "did you mean 'en'?",
        3,
        "language",
    ),
    "csv: no language": Case("train.csv", "text,label,language\na,x,\n", "no language ''", "ISO 639-1", 2, "language"),
    "csv: another language than its name says": Case(
        "train-en.csv",
        "text,label,language\na,x,de\n",
        "in 'de', but the file's name says 'en'",
        "rename",
        2,
        "language",
    ),
    "csv: latin-1": Case("train.csv", LATIN_1, "byte 3 of the line, 0xef, is not UTF-8", "iconv -f LATIN1", 3),
    "csv: utf-16": Case("train.csv", "text,label\n".encode("utf-16"), "byte 1 of the line, 0xff", "iconv", 1),
    "tsv: too many fields": Case(
        "train.tsv", "text\tlabel\na\tb\tx\n", "3 columns where tabs should make 2", "one tab", 2
    ),
    "tsv: header alone": Case("train.tsv", "text\tlabel\n", "no rows after the header", "add an example", 1),
    "json: broken": Case(
        "train.jsonl", '{"text": "a", "label": "x"}\n{"text": \n', "not JSON", "one JSON object a line", 2
    ),
    "json: a list": Case("train.jsonl", '["a", "x"]\n', "a JSON list, not an object", 'write {"text"', 1),
    "json: one list of objects": Case("train.jsonl", '[\n{"text": "a"}\n]\n', "not JSON", "one JSON object a line", 1),
    "json: deeper than anyone can read": Case("train.jsonl", "[" * 100_000 + "\n", "not JSON", "one JSON object", 1),
    "json: empty": Case("train.jsonl", "\n", "the file is empty", "one object a line"),
    "json: a text is missing": Case(
        "train.jsonl", '{"text": "a", "label": "x"}\n{"label": "x"}\n', "the text is missing", "write a text", 2, "text"
    ),
    "json: a text is a number": Case(
        "train.jsonl", '{"text": 5, "label": "x"}\n', "5 is no text", "write a text", 1, "text"
    ),
    "json: a label is a list": Case(
        "train.jsonl", '{"text": "a", "label": ["x"]}\n', "no label", "a string", 1, "label"
    ),
    "json: a label is null": Case(
        "train.jsonl", '{"text": "a", "label": null}\n', "label is missing", "fill", 1, "label"
    ),
    "json: half a character": Case(
        "train.jsonl", '{"text": "\\ud83d", "label": "x"}\n', "half a character", "UTF-8", 1
    ),
    "gzip: cut short": Case(XTREME + ".gz", GZIPPED[:-2000], "the compressed file ends early", "fetch it"),
    "gzip: not compressed at all": Case(XTREME + ".gz", "a\tb\tx\n", "not a whole .gz file", "compress it again"),
    "gzip: damaged": Case(
        XTREME + ".gz", GZIPPED[:200] + b"\0" * 50 + GZIPPED[250:], "not a whole .gz file", "compress"
    ),
    "gzip: not called so": Case(XTREME, GZIPPED, "the file is compressed", "name it train-en.tsv.gz"),
    "xz: cut short": Case(XTREME + ".xz", lzma.compress(b"a\tb\tx\n" * 99)[:-20], "ends early", "fetch it"),
    "xz: not compressed at all": Case(XTREME + ".xz", "a\tb\tx\n", "not a whole .xz file", "compress it again"),
    "a format that is not known": Case("train.xlsx", b"PK", "'.xlsx' is no format", "known: .csv, .tsv, .jsonl"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_broken_file_is_one_error_that_says_where_and_what_to_do(case: Case, write: Write, tmp_path: Path) -> None:
    path = write(case.name, case.content)
    place = {"folder": tmp_path, "task": "xnli"} if case.name.startswith("xnli/") else {"files": {"train": str(path)}}
    source = Source(**place, columns=case.columns, texts=case.texts, labels=case.labels)  # type: ignore[arg-type]
    with pytest.raises(InputError) as raised:
        list(load_split(source, "train", "en", labelled=True))
    error = raised.value
    assert str(error.file) == str(path)
    assert case.problem in error.problem
    assert case.remedy in (error.remedy or "")
    assert error.field == case.field
    assert error.line == case.line or "ends early" in error.problem  # what was read before depends on the packer
    assert str(path) in str(error) and "remedy: " in str(error)


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize(
    ("given", "problem", "remedy"),
    [
        ("trian.csv", "there is no such file", "did you mean 'train.csv'?"),
        ("nowhere/train.csv", "there is no such file", "there is no folder"),
        (".", "no file is called train-{lang}.csv or train-{lang}.tsv or train-{lang}.jsonl", "check the path"),
        ("train-{lang}.csv", "no file is called train-{lang}.csv", "check the path"),
        ("all-{lang}.csv", "there is no language 'xx'", "ISO 639-1"),
    ],
)
def test_a_file_that_is_not_there(write: Write, tmp_path: Path, given: str, problem: str, remedy: str) -> None:
    write("train.csv", "text,label\na,x\n")
    write("all-xx.csv", "text,label\na,x\n")
    source = Source(files={"train": f"{tmp_path}/{given}"})
    with pytest.raises(InputError) as raised:
        list(load_split(source, "train", languages_of(source, "train")[0]))
    assert problem in raised.value.problem
    assert remedy in (raised.value.remedy or "")
    assert str(tmp_path) in str(raised.value.file)


@pytest.mark.parametrize(
    ("folder", "problem"), [("nowhere", "there is no such folder"), (".", "no file is called train-{lang}.tsv")]
)
def test_a_folder_without_the_data(tmp_path: Path, folder: str, problem: str) -> None:
    source = Source(folder=tmp_path / folder, task="xnli")
    with pytest.raises(InputError) as raised:
        languages_of(source, "train")
    assert (raised.value.problem, raised.value.field) == (problem, "data.dir")
    assert "give the folder that holds" in (raised.value.remedy or "")


def test_a_language_without_a_file(write: Write, tmp_path: Path) -> None:
    write("xnli/dev-en.tsv", "a\tb\tx\n")
    with pytest.raises(InputError, match=r"field 'data.languages': there is no dev file in 'de'\n  remedy: known: en"):
        load_split(Source(folder=tmp_path, task="xnli"), "dev", "de")


def test_a_folder_called_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "dev-en.tsv").mkdir()
    with pytest.raises(InputError, match="this is a folder, not a file"):
        list(load_split(Source(folder=tmp_path), "dev", "en"))
