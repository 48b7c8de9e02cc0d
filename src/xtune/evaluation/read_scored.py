"""Reading files of labels and predictions, whichever of the two they are."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from xtune.data.files import open_text
from xtune.errors import InputError


class Row(NamedTuple):
    """A line, counted from 1, and its columns without blanks around them."""

    line: int
    fields: tuple[str, ...]

    def last(self, file: Path) -> str:
        """The label, which stands in the last column.

        Raises:
            InputError: It is empty.
        """
        if not self.fields[-1]:
            raise InputError("the label is empty", file=file, line=self.line, remedy="fill it in")
        return self.fields[-1]

    @property
    def pair(self) -> tuple[str, str]:
        """The two columns of a pair."""
        first, second = self.fields
        return first, second


def read_rows(path: Path, widths: Collection[int], *, empty: bool = False) -> list[Row]:
    """The lines of a file that has one example a line; empty lines may only stand at the end.

    Args:
        path: The file.
        widths: The numbers of columns that its lines may have; all have the same.
        empty: Whether a file without lines will do.

    Raises:
        InputError: For a line of another number of columns or an empty one, or a file without lines.
    """
    rows: list[Row] = []
    blank = 0
    for row in _rows(path):
        if row.fields == ("",):
            blank = blank or row.line
            continue
        if blank:
            raise InputError("the line is empty", file=path, line=blank, remedy="delete it, or fill it in")
        _check_width(row, rows[0] if rows else row, widths, path)
        rows.append(row)
    if not rows and not empty:
        raise InputError("the file is empty", file=path, remedy="check where it came from")
    return rows


def read_sentences(path: Path) -> list[list[Row]]:
    """The sentences of a file with one tag a line, or a word, a tab and its tag.

    One empty line or more separate two sentences.

    Raises:
        InputError: For a line of another number of columns, or a file without any tag.
    """
    sentences: list[list[Row]] = []
    first, begun = None, False
    for row in _rows(path):
        if row.fields == ("",):
            begun = False
            continue
        first = first or row
        _check_width(row, first, (1, 2), path)
        if not begun:
            sentences.append([])
        sentences[-1].append(row)
        begun = True
    if not sentences:
        raise InputError("the file is empty", file=path, remedy="check where it came from")
    return sentences


def read_questions(path: Path) -> list[tuple[str, list[str]]]:
    """The ids of questions in SQuAD's JSON, and their reference answers.

    Raises:
        InputError: The file is not in that format, or has no question.
    """
    value = _read_json(path)
    try:
        questions = [
            (str(question["id"]), [_text(answer["text"]) for answer in question.get("answers", ())])
            for article in (value["data"] if isinstance(value, dict) else value)
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
    except (KeyError, TypeError, AttributeError) as failure:
        field = str(failure.args[0]) if isinstance(failure, KeyError) else None
        remedy = 'write {"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "answers": [{"text": …}]}]}]}]}'
        raise InputError("this is not SQuAD's format", file=path, field=field, remedy=remedy) from None
    if not questions:
        raise InputError("there is no question in it", file=path, remedy="check where it came from")
    return questions


def read_answers(path: Path) -> dict[str, str]:
    """The predicted answers, a JSON object of question id and text.

    Raises:
        InputError: It is something else.
    """
    value, remedy = _read_json(path), 'write {"question id": "answer", …}'
    if not isinstance(value, dict):
        raise InputError(f"this is a JSON {type(value).__name__}, not an object", file=path, remedy=remedy)
    for id, answer in value.items():
        if not isinstance(answer, str):
            raise InputError("the answer is no text", file=path, field=id, remedy=remedy)
    return value


def _rows(path: Path) -> list[Row]:
    return [
        Row(number, tuple(field.strip() for field in text.split("\t")) if text.strip() else ("",))
        for number, text in enumerate(open_text(path), start=1)
    ]


def _check_width(row: Row, first: Row, widths: Collection[int], path: Path) -> None:
    width = len(row.fields)
    if width not in widths:
        wanted = " or ".join(map(str, sorted(widths)))
        problem = f"there are {width} columns where tabs should make {wanted}"
        raise InputError(problem, file=path, line=row.line, remedy="put a tab between columns and nowhere else")
    if width != len(first.fields):
        problem = f"there are {width} columns, and {len(first.fields)} in line {first.line}"
        raise InputError(problem, file=path, line=row.line, remedy="write all lines alike")


def _read_json(path: Path) -> Any:
    try:
        return json.loads("\n".join(open_text(path)))
    except json.JSONDecodeError as failure:
        problem, remedy = f"this is not JSON: {failure.msg}", "check where it came from"
        raise InputError(problem, file=path, line=failure.lineno, remedy=remedy) from None
    except RecursionError:
        raise InputError("this is nested too deeply", file=path, remedy="check where it came from") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
