"""Rows of named values, whatever file they come from, to examples of one or two texts and a label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from xtune.errors import InputError, did_you_mean
from xtune.languages import check_language
from xtune.schema import Example, Target, Text

USUAL_TEXT_COLUMNS = (
    ("text",),
    ("text_a", "text_b"),
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("sentence_a", "sentence_b"),
    ("sentence",),
)
"""What the columns of the texts are called where nobody says; the first that a file has count."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line it begins in (on the Hub the row), counted from 1, and its values by column.

    `lines` are those of its words, in a file of one word a line.
    """

    line: int
    values: Mapping[str, Any]
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns are called.

    Args:
        text: Of the text, or of the two texts in their order; None: the first of `USUAL_TEXT_COLUMNS` there is.
        label: Of the label.
        language: Of the language, in a file of several.
        id: Of the example's id; None: `id` if there is one, else the row counted from 0.
    """

    text: tuple[str, ...] | None = None
    label: str = "label"
    language: str = "language"
    id: str | None = None

    def text_columns(self, found: Collection[str], *, texts: int | None = None, **place: Any) -> tuple[str, ...]:
        """The columns of the texts in a file that has the columns `found`.

        Args:
            found: The file's columns.
            texts: How many texts an example must have; None: one or two.
            place: `file` and `line`, for the error.

        Raises:
            InputError: If a column is missing, or there are not as many as the task takes.
        """
        listing = f"the columns are {', '.join(found)}"
        if self.text is not None:
            for name in self.text:
                if name not in found:
                    remedy = f"{did_you_mean(name, found)} set data.text_columns"
                    raise InputError(f"there is no such column; {listing}", **place, field=name, remedy=remedy)
            if len(self.text) != (texts or len(self.text)):
                problem = f"the task takes {texts} texts, and {len(self.text)} columns are named"
                raise InputError(problem, **place, field="data.text_columns", remedy="name one column for each text")
            return self.text
        for names in USUAL_TEXT_COLUMNS:
            if set(names) <= set(found) and len(names) == (texts or len(names)):
                return names
        problem = f"no column looks like {'the text' if texts == 1 else 'the texts'}; {listing}"
        named = "body" if texts == 1 else "first,second"
        remedy = f"set data.text_columns={named}; XTREME's files without header are read with data.dir"
        raise InputError(problem, **place, field="data.text_columns", remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an example must have.

    Args:
        texts: How many texts; None: as many as the file has, one or two.
        labels: The labels there are; None: any.
        aliases: Other spellings of a label.
        labelled: A missing label is an error, as in training; else it makes `target` None.
        empty_texts: One text of two may be empty, which happens in published benchmarks.
        annotation: Whether it is read; prediction neither needs nor checks it, and `target` is None.
    """

    texts: int | None = None
    labels: tuple[str, ...] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    labelled: bool = False
    empty_texts: bool = False
    annotation: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a kind of task are made of.

    Args:
        resolve: The columns as a file has them, judged by its first row.
        texts: The texts of a row.
        target: What its annotation says of them; None where it says nothing and none is needed.
    """

    resolve: Callable[[Columns, Record, str | Path, Expected], Columns]
    texts: Callable[[Record, Columns, str | Path, Expected], tuple[Text, ...]]
    target: Callable[[Record, tuple[Text, ...], Columns, str | Path, Expected], Target | None]


def to_examples(
    records: Iterable[Record],
    file: str | Path,
    columns: Columns,
    expected: Expected,
    *,
    shape: Shape | None = None,
    language: str | None,
    default: str | None = None,
    named: bool = False,
) -> Iterator[Example]:
    """The examples of one language, or of all.

    Memory grows with the file only where it has a column of ids: by about 140 bytes an example of short ids (54 MiB
    for 400,000), until the last is read, to name the line of an id that is there twice.

    Args:
        records: All rows of a file, in order.
        file: The file, for errors.
        columns: What its columns are called.
        expected: What an example must have.
        shape: What the rows are made of; None: texts and a label (`LABELLED_TEXTS`).
        language: The language wanted; rows of others are passed over. None: all rows, each in its own.
        default: The language of the rows of a file without column of languages; None: the language wanted.
        named: The file's name says that it is in `language`, so that a row in another is an error.

    Raises:
        InputError: Naming file, line and column, for what is missing, empty, unknown or there twice.
    """
    lines: dict[str, int] = {}
    known: Columns | None = None
    shape = shape or LABELLED_TEXTS
    for row, record in enumerate(records):
        known = known or shape.resolve(columns, record, file, expected)
        found = row_language(record, known, file) or default or language or _no_language(record, known, file)
        if language not in (None, found):
            if not named:
                continue
            problem = f"the row is in '{found}', but the file's name says '{language}'"
            raise InputError(problem, file=file, line=record.line, field=known.language, remedy="rename the file")
        id = str(row) if known.id is None else _new_id(record, known.id, file, lines)
        texts = shape.texts(record, known, file, expected)
        target = shape.target(record, texts, known, file, expected) if expected.annotation else None
        yield Example(id, found, texts, target)


def some(examples: Iterator[Example], file: str | Path, language: str, column: str) -> Iterator[Example]:
    """The examples of a language; an error if there are none, which names the column that says the language."""
    empty = True
    for example in examples:
        empty = False
        yield example
    if empty:
        remedy = "check the column, source_language and data.languages"
        raise InputError(f"no row is in '{language}'", file=file, field=column, remedy=remedy)


def row_language(record: Record, columns: Columns, file: str | Path) -> str | None:
    """The language that a row names; None if there is no such column."""
    if columns.language not in record.values:
        return None
    code = str(record.values[columns.language] or "")
    return check_language(code, file=file, line=record.line, field=columns.language)


def _no_language(record: Record, columns: Columns, file: str | Path) -> NoReturn:
    problem, remedy = "nothing says which language the rows are in", "name a default, or add a column"
    raise InputError(problem, file=file, line=record.line, field=columns.language, remedy=remedy)


def _resolve(columns: Columns, record: Record, file: str | Path, expected: Expected) -> Columns:
    """The columns as this file has them, judged by its first row."""
    found = list(record.values)
    text = columns.text_columns(found, texts=expected.texts, file=file, line=record.line)
    return with_id(replace(columns, text=text), record, file, [columns.label] if expected.labelled else [])


def with_id(columns: Columns, record: Record, file: str | Path, needed: Iterable[str]) -> Columns:
    """The columns with that of the id, where there is one, once it is known that those needed are there.

    Raises:
        InputError: For one that is not.
    """
    found = list(record.values)
    for name in (columns.id, *needed):
        if name is not None and name not in found:
            problem = f"there is no such column; the columns are {', '.join(found)}"
            raise InputError(problem, file=file, line=record.line, field=name, remedy=did_you_mean(name, found))
    return replace(columns, id=columns.id or ("id" if "id" in found else None))


def _value(record: Record, column: str, file: str | Path) -> str | int | float:
    value = record.values.get(column)
    if isinstance(value, str | int | float) and value != "":
        return value
    problem = "there is nothing here" if value is None or value == "" else f"{value!r} is no text"
    raise InputError(problem, file=file, line=record.line, field=column, remedy="fill it in, or delete the row")


def _new_id(record: Record, column: str, file: str | Path, lines: dict[str, int]) -> str:
    """The row's id, once it is known that no row before it had it; `lines` says where each is."""
    id = str(_value(record, column, file))
    if id in lines:
        problem = f"the id '{id}' is there already, in line {lines[id]}"
        raise InputError(problem, file=file, line=record.line, field=column, remedy="give each example its own")
    lines[id] = record.line
    return id


def _texts(record: Record, columns: Columns, file: str | Path, expected: Expected) -> tuple[Text, ...]:
    texts = []
    for column in columns.text or ():
        value = record.values.get(column)
        if not isinstance(value, str):
            problem = "the text is missing" if value is None else f"{value!r} is no text"
            raise InputError(problem, file=file, line=record.line, field=column, remedy="write a text there")
        texts.append(Text.from_string(value))
    filled = [bool(text.words) for text in texts]
    if not (any(filled) if expected.empty_texts else all(filled)):
        column = (columns.text or ())[filled.index(False)]
        raise InputError("the text is empty", file=file, line=record.line, field=column, remedy="delete the row")
    return tuple(texts)


def _label(
    record: Record, texts: tuple[Text, ...], columns: Columns, file: str | Path, expected: Expected
) -> str | None:
    value = record.values.get(columns.label)
    if value is not None and not isinstance(value, str | int | float):
        remedy = "write a string or an integer"
        raise InputError(f"{value!r} is no label", file=file, line=record.line, field=columns.label, remedy=remedy)
    label = "" if value is None else str(value).strip()
    label = expected.aliases.get(label, label)
    if not label:
        if not expected.labelled:
            return None
        remedy = "fill it in, or delete the row"
        raise InputError("the label is missing", file=file, line=record.line, field=columns.label, remedy=remedy)
    if expected.labels is not None and label not in expected.labels:
        remedy = did_you_mean(label, expected.labels)
        raise InputError(
            f"there is no label '{label}'", file=file, line=record.line, field=columns.label, remedy=remedy
        )
    return label


LABELLED_TEXTS = Shape(_resolve, _texts, _label)
"""One text or two, and a label."""
