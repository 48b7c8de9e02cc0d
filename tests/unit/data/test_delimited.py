from __future__ import annotations

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.data.conftest import Write
from xtune.data.delimited import read_table, read_xtreme
from xtune.data.formats import read_file

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def test_quotation_marks_mean_nothing_in_xtreme_files(write: Write) -> None:
    content = '"He said\t"no"\tneutral\n\'tis "\t""\tentailment\r\na,b\tc\tneutral\n\n\n'
    rows = [record.values for record in read_xtreme(write("dev-en.tsv", content))]
    assert rows == [
        {"text_a": '"He said', "text_b": '"no"', "label": "neutral"},
        {"text_a": "'tis \"", "text_b": '""', "label": "entailment"},
        {"text_a": "a,b", "text_b": "c", "label": "neutral"},
    ]


def test_an_xtreme_file_may_be_unlabelled(write: Write) -> None:
    (record,) = read_xtreme(write("test-en.tsv", "one\ttwo\n"))
    assert record.values == {"text_a": "one", "text_b": "two", "label": None}


def test_one_text_a_row(write: Write) -> None:
    (record,) = read_xtreme(write("dev-en.tsv", "one\tgood\n"), texts=1)
    assert record.values == {"text_a": "one", "label": "good"}


def test_csv_quotes_hold_tabs_commas_quotes_and_lines(write: Write) -> None:
    content = 'text, label \r\n"a\tb, ""c""\u2028d\nsecond line",x\r\n\r\nplain,y\r\n'
    records = list(read_table(write("train.csv", content)))
    assert [record.values for record in records] == [
        {"text": 'a\tb, "c"\u2028d\nsecond line', "label": "x"},
        {"text": "plain", "label": "y"},
    ]
    assert [record.line for record in records] == [2, 5]


def test_tsv_with_a_header_has_no_quotes(write: Write) -> None:
    (record,) = read_table(write("train.tsv", 'text\tlabel\n"a, b\tx\n'))
    assert record.values == {"text": '"a, b', "label": "x"}


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_csv_module_writes_is_read_back(rows: list[tuple[str, str]], write: Write) -> None:
    path = write("train.csv", "")
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
    assert [(record.values["text"], record.values["label"]) for record in read_table(path)] == rows


def test_json_lines(write: Write) -> None:
    content = '{"text": "a\\u2028b", "label": 1}\n\n{"text": "\\ud83d\\ude00"}\r\n'
    records = list(read_file(write("train.jsonl", content)))
    assert [record.values for record in records] == [{"text": "a\u2028b", "label": 1}, {"text": "\N{GRINNING FACE}"}]
    assert [record.line for record in records] == [1, 3]


@pytest.mark.parametrize("name", ["train.csv", "train.tsv", "train.jsonl"])
def test_text_of_a_line_separator_is_one_line(write: Write, name: str) -> None:
    content = {
        "train.csv": "text,label\na\u2028b\x85c,x\n",
        "train.tsv": "text\tlabel\na\u2028b\x85c\tx\n",
        "train.jsonl": '{"text": "a\u2028b\x85c", "label": "x"}\n',
    }[name]
    assert [record.values["text"] for record in read_file(write(name, content))] == ["a\u2028b\x85c"]
