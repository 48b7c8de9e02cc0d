"""Rows of words and their tags to examples: one text of given words, and a tag for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xtune.data.columns import Columns, Expected, Record, Shape, with_id
from xtune.errors import InputError, did_you_mean
from xtune.schema import Text

USUAL_WORDS = ("tokens", "words", "text")
"""What the words are called where nobody says; a text in place of a list is split at white space."""

USUAL_TAGS = ("tags", "ner_tags", "pos_tags", "labels", "upos")
"""What the tags are called where nobody says."""


def words_of(value: object) -> list[str] | None:
    """The words that a value holds: a list of them, or a text with white space between; None if it is neither.

    >>> words_of(["New York", "."]), words_of("Two dogs ."), words_of(["a", 1])
    (['New York', '.'], ['Two', 'dogs', '.'], None)
    """
    if isinstance(value, str):
        return value.split()
    if isinstance(value, Sequence) and all(isinstance(word, str) for word in value):
        return list(value)
    return None


def words_column(columns: Columns, found: Collection[str], **place: Any) -> str:
    """The column of the words in a file that has the columns `found`.

    Raises:
        InputError: There is none.
    """
    wanted = USUAL_WORDS if columns.text is None else columns.text
    if name := next((name for name in wanted if name in found), None):
        return name
    problem = f"there are no words to tag; the columns are {', '.join(found)}"
    remedy = "call them tokens, or set data.text_columns"
    if columns.text is not None:
        remedy = f"{did_you_mean(columns.text[0], found)} set data.text_columns"
    raise InputError(problem, **place, field=wanted[0], remedy=remedy)


def _resolve(columns: Columns, record: Record, file: str | Path, expected: Expected) -> Columns:
    found = list(record.values)
    place = {"file": file, "line": record.line}
    label = columns.label
    if label == Columns().label:
        label = next((name for name in (*USUAL_TAGS, label) if name in found), USUAL_TAGS[0])
    known = replace(columns, text=(words_column(columns, found, **place),), label=label)
    return with_id(known, record, file, [label] if expected.labelled else [])


def _texts(record: Record, columns: Columns, file: str | Path, expected: Expected) -> tuple[Text, ...]:
    (column,) = columns.text or ()
    value = record.values.get(column)
    words = words_of(value)
    place: dict[str, Any] = {"file": file, "line": record.line, "field": column}
    if words is None:
        remedy = 'write a list of words: ["Two", "dogs", "."]'
        raise InputError(
            "the words are missing" if value is None else f"{value!r} are no words", **place, remedy=remedy
        )
    if not words:
        raise InputError("the sentence has no word", **place, remedy="delete the row")
    if "" in words:
        raise InputError(f"word {words.index('') + 1} is empty", **place, remedy="delete it, and its tag")
    return (Text.from_words(words),)


def _tags(
    record: Record, texts: tuple[Text, ...], columns: Columns, file: str | Path, expected: Expected
) -> tuple[str, ...] | None:
    words = [texts[0].word(number) for number in range(len(texts[0].words))]
    value = record.values.get(columns.label)
    place: dict[str, Any] = {"file": file, "field": columns.label}
    if value is None or value == "" or value == []:
        if not expected.labelled:
            return None
        remedy = "give each word one; of columns the last is the tag's, or data.label_column=NUMBER"
        raise InputError("the words have no tags", **place, line=record.line, remedy=remedy)
    if isinstance(value, str) or not isinstance(value, Sequence):
        remedy = "write a list with a tag for each word"
        raise InputError(f"{value!r} are no tags", **place, line=record.line, remedy=remedy)
    if len(value) != len(words):
        problem = f"there are {len(value)} tags for {len(words)} words"
        raise InputError(problem, **place, line=record.line, remedy="give each word one")
    tags = []
    for number, tag in enumerate(value):
        place["line"] = record.lines[number] if record.lines else record.line
        if not isinstance(tag, str | int) or tag == "":
            problem = f"the tag of '{words[number]}' is {'empty' if tag == '' else f'{tag!r}'}"
            raise InputError(problem, **place, remedy="write a string")
        tags.append(expected.aliases.get(str(tag), str(tag)))
        if expected.labels is not None and tags[-1] not in expected.labels:
            remedy = did_you_mean(tags[-1], expected.labels)
            raise InputError(f"there is no tag '{tag}'", **place, remedy=remedy)
    return tuple(tags)


TAGGED_WORDS = Shape(_resolve, _texts, _tags)
"""One text of given words, and a tag for each."""
