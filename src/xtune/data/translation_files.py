"""The files that hold translations of examples: which there are, and the rows in them.

Four layouts, told apart by the files' names:

- `{source}-{lang}-translated.tsv`, XTREME's translate-train: source texts, translated texts, label, without header;
- `.txt`, sentences to be tagged: source, language, translation and perhaps an alignment, which is not read, with tabs
  between and blanks between words;
- `.jsonl`: `{"id", "language", "fields": {column: text}}`; of sentences to be tagged a list of words, or a text; of
  questions with `"answers"` beside;
- `.json`: questions with the ids of the source's, in SQuAD's format, with their own answers;
- any other: the layout of the examples themselves, translated row by row: XTREME's `dev-{lang}.tsv` without header,
  or a user's `.csv` with one.

What a file of the last layout annotates is only compared, where it is a label; tags are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xtune.data.columns import Columns, Record
from xtune.data.delimited import TEXT_COLUMNS, read_tabs, read_xtreme
from xtune.data.files import COMPRESSIONS, file_format, language_files, language_in_name, nearest
from xtune.data.formats import named, read_file, read_kind
from xtune.data.jsonl import read_json_lines
from xtune.data.squad import CONTEXT, QUESTION, answer_column, answers
from xtune.data.tagged import words_column, words_of
from xtune.errors import InputError
from xtune.languages import check_language
from xtune.schema import Kind, Text

_TRANSLATED = "-translated.tsv"
_ROWS_SAY_IT = (".jsonl", ".txt")  # files of several languages


@dataclass(frozen=True, slots=True)
class Row:
    """One translation as a file has it.

    Args:
        line: Its line, counted from 1.
        number: Its row, counted from 0; None where the rows are in no order.
        language: What it is translated into.
        texts: The translated texts.
        id: The id of the example that it translates; None where the file goes by rows.
        source: The texts that it translates, where the file repeats them.
        label: The label that the file gives it; None where it gives none.
        answers: The answers that it gives, each with its place; None where it gives none.
    """

    line: int
    number: int | None
    language: str
    texts: tuple[Text, ...]
    id: str | None = None
    source: tuple[str, ...] | None = None
    label: str | None = None
    answers: Sequence[tuple[str, int | None]] | None = None


def find_files(place: str, source_language: str, kind: Kind = "classification") -> list[tuple[Path, str | None]]:
    """The files of translations, each with its language; None where the rows say it.

    Args:
        place: A file, a pattern with `{lang}`, or a folder of translate-train and JSONL files.
        source_language: The language translated from.
        kind: The kind of task; a folder's `.txt` are read for tagging alone.

    Raises:
        InputError: If there is none.
    """
    if "{lang}" in place:
        found: list[tuple[Path, str | None]] = [*_pairs(place)]
    elif Path(place).is_dir():
        formats = _ROWS_SAY_IT if kind == "tagging" else _ROWS_SAY_IT[:1]
        ends = [f"{suffix}{end}" for suffix in formats for end in ("", *COMPRESSIONS)]
        lines = [path for end in ends for path in sorted(Path(place).glob(f"*{end}"))]
        found = [*_pairs(f"{place}/{source_language}-{{lang}}{_TRANSLATED}"), *((path, None) for path in lines)]
        if kind == "span":  # XTREME's, after the dataset that they translate
            for file in sorted(Path(place).glob(f"*.translate.train.{source_language}-*.json*")):
                found.append((file, _language_of(Path(file.name.replace(f".{source_language}-", "-")))))
    elif not Path(place).exists():
        remedy = nearest(Path(place))
        raise InputError("there is no such file or folder", file=place, field="data.translations", remedy=remedy)
    else:
        path = Path(place)
        found = [(path, None if file_format(path) in _ROWS_SAY_IT else _language_of(path))]
    found = [(path, language) for path, language in found if language != source_language]
    if not found:
        name = f"{source_language}-{{lang}}{_TRANSLATED}"
        name = f"*.translate.train.{source_language}-{{lang}}.json" if kind == "span" else name
        problem = f"there is no {name} and no .jsonl file here"
        remedy = "give a pattern with {lang}, for example translations/train-{lang}.csv"
        raise InputError(problem, file=place, field="data.translations", remedy=remedy)
    return found


def read_rows(
    path: Path, language: str | None, columns: Columns, texts: int, kind: Kind = "classification"
) -> Iterator[Row]:
    """The translations in a file.

    Args:
        path: One of `find_files`.
        language: Its language; None where the rows say it.
        columns: What the columns of the examples are called.
        texts: How many texts an example has.
        kind: The kind of task.

    Raises:
        InputError: Naming file, line and column, for rows that do not fit the layout.
    """
    if file_format(path) == ".jsonl":
        yield from _read_json(path, language, columns, texts, kind)
        return
    if kind == "span":
        assert language is not None
        yield from _read_questions(path, language, columns)
        return
    if kind == "tagging":
        yield from _read_sentences(path) if language is None else _read_words(path, language, columns)
        return
    assert language is not None
    if _TRANSLATED in path.name:
        for number, (line, fields) in enumerate(read_tabs(path, (2 * texts, 2 * texts + 1))):
            label = fields[2 * texts] if len(fields) > 2 * texts else None
            translated = tuple(map(Text.from_string, fields[texts : 2 * texts]))
            yield Row(line, number, language, translated, source=tuple(fields[:texts]), label=label)
        return
    bare = file_format(path) == ".tsv"
    columns = Columns(text=TEXT_COLUMNS[:texts]) if bare else columns
    for number, record in enumerate(read_xtreme(path, texts) if bare else read_file(path)):
        label = record.values.get(columns.label)
        id = record.values.get(columns.id or "id")
        yield Row(record.line, number, language, _texts(record, columns, texts, path), id=id, label=label or None)


def _read_sentences(path: Path) -> Iterator[Row]:
    for line, fields in read_tabs(path, (3, 4)):
        source, code, translated = fields[:3]
        language = check_language(code, file=path, line=line, field="language")
        yield Row(line, None, language, (Text.from_words(translated.split()),), source=(source,))


def _read_questions(path: Path, language: str, columns: Columns) -> Iterator[Row]:
    records, columns = read_kind(path, columns, "span")
    for number, record in enumerate(records):
        id = record.values.get(columns.id or "id")
        yield Row(
            record.line,
            number,
            language,
            _texts(record, replace(columns, text=columns.text or (QUESTION, CONTEXT)), 2, path),
            id=None if id is None else str(id),
            answers=_answers(record, path, columns),
        )


def _answers(record: Record, path: Path, columns: Columns) -> list[tuple[str, int | None]]:
    column = answer_column(columns, record)
    try:
        return answers(record, column)
    except ValueError as failure:
        remedy = 'write [{"text": …, "answer_start": …}]'
        raise InputError(str(failure), file=path, line=record.line, field=column, remedy=remedy) from None


def _read_words(path: Path, language: str, columns: Columns) -> Iterator[Row]:
    records, columns = read_kind(path, columns, "tagging")
    for number, record in enumerate(records):
        id = record.values.get(columns.id or "id")
        yield Row(record.line, number, language, (_words(record, columns, path),), id=None if id is None else str(id))


def _words(record: Record, columns: Columns, path: Path) -> Text:
    """The translated words; none at all is left to the join, which counts it."""
    place: dict[str, Any] = {"file": path, "line": record.line}
    name = words_column(columns, list(record.values), **place)
    words = words_of(record.values[name] or ())
    if words is None or "" in words:
        remedy = "write a list of words, or a text with blanks between them"
        raise InputError(f"{record.values[name]!r} are no words", **place, field=name, remedy=remedy)
    return Text.from_words(words)


def _read_json(path: Path, language: str | None, columns: Columns, texts: int, kind: Kind) -> Iterator[Row]:
    for number, record in enumerate(read_json_lines(path)):
        values = {"language": language, **record.values}
        for name, kinds in (("id", str | int), ("language", str), ("fields", dict)):
            if not isinstance(values.get(name), kinds):
                remedy = 'a line is {"id": …, "language": …, "fields": {"text": …}}'
                raise InputError(
                    "the key is missing or not of its kind", file=path, line=record.line, field=name, remedy=remedy
                )
        into = check_language(values["language"], file=path, line=record.line, field="language")
        fields = Record(record.line, values["fields"])
        said = None
        if kind == "tagging":
            translated: tuple[Text, ...] = (_words(fields, named(columns), path),)
        elif kind == "span":
            translated = _texts(fields, replace(columns, text=columns.text or (QUESTION, CONTEXT)), texts, path)
            said = _answers(record, path, Columns())
        else:
            translated = _texts(fields, columns, texts, path)
        yield Row(record.line, number, into, translated, id=str(values["id"]), answers=said)


def _texts(record: Record, columns: Columns, texts: int, path: Path) -> tuple[Text, ...]:
    """The translated texts; one that is empty or null is left to the join, which counts it."""
    names = columns.text_columns(list(record.values), texts=texts, file=path, line=record.line)
    found = []
    for name in names:
        value = record.values[name]
        if value is not None and not isinstance(value, str):
            raise InputError(f"{value!r} is no text", file=path, line=record.line, field=name, remedy="write a text")
        found.append(Text.from_string(value or ""))
    return tuple(found)


def _pairs(pattern: str) -> list[tuple[Path, str]]:
    return [(path, language) for language, path in language_files(pattern).items()]


def _language_of(path: Path) -> str:
    """The language of a single file, by its name."""
    if language := language_in_name(path.with_name(path.name.replace("-translated", ""))):
        return language
    raise InputError(
        "its name does not say which language it translates into",
        file=path,
        field="data.translations",
        remedy="call it en-de-translated.tsv or train-de.csv, or write JSONL, where each line says it",
    )
