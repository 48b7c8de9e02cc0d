"""Questions on a context: SQuAD's JSON, and rows with a question, a context and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xtune.data.columns import Columns, Expected, Record, Shape, with_id
from xtune.data.files import open_text
from xtune.data.jsonl import check_characters
from xtune.errors import InputError
from xtune.schema import Answer, Text

QUESTION, CONTEXT, ANSWERS = "question", "context", "answers"
"""What the values of a row are called where nobody says, and in SQuAD's JSON."""

IMPOSSIBLE = "is_impossible"
"""What marks a question as having no answer, in SQuAD 2."""

_ID = re.compile(r'"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)')  # the quotes of one inside a text are escaped
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair as a rule
_FORMAT = 'write {"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "question": …, "answers": […]}]}]}]}'


def read_squad(path: Path) -> Iterator[Record]:
    """The questions of a file in SQuAD's JSON, each with its context; its line is the one of its id.

    Raises:
        InputError: The file is no such JSON or escapes half a character.
    """
    text = "".join(open_text(path, keep_ends=True))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as failure:  # also numbers of thousands of digits, lists in lists in lists
        said, line = getattr(failure, "msg", str(failure)), getattr(failure, "lineno", None)
        raise InputError(f"this is no JSON: {said}", file=path, line=line, remedy=_FORMAT) from None
    escaped = text if _ESCAPED.search(text) else ""
    ids = ((json.loads(match[1]), match.start(1)) for match in _ID.finditer(text))
    place, line = 0, 1
    for context, question in _questions(content, path):
        if "id" in question:
            found = next((at for id, at in ids if id == question["id"]), place)
            place, line = found, line + text.count("\n", place, found)
        record = Record(line, {**question, CONTEXT: context})
        check_characters(record.values, escaped, file=path, line=line)
        yield record


def _questions(content: Any, path: Path) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The context of each question, and it itself."""
    for i, article in enumerate(_list(content, "data", "", path)):
        at = f"data[{i}]."
        for j, paragraph in enumerate(_list(article, "paragraphs", at, path)):
            inner = f"{at}paragraphs[{j}]."
            for k, question in enumerate(_list(paragraph, "qas", inner, path)):
                if not isinstance(question, Mapping):
                    raise InputError(
                        f"{question!r} is no question", file=path, field=f"{inner}qas[{k}]", remedy=_FORMAT
                    )
                yield paragraph.get(CONTEXT), question


def _list(value: Any, key: str, at: str, path: Path) -> Sequence[Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, list):
        raise InputError("there is no such list", file=path, field=f"{at}{key}", remedy=_FORMAT)
    return found


def _resolve(columns: Columns, record: Record, file: str | Path, expected: Expected) -> Columns:
    label = answer_column(columns, record)
    text = columns.text or (QUESTION, CONTEXT)
    return with_id(
        replace(columns, text=text, label=label), record, file, [*text, *([label] if expected.labelled else [])]
    )


def answer_column(columns: Columns, record: Record) -> str:
    """What the answers of a row are called: as said, else by one of their usual names."""
    if columns.label != Columns().label:
        return columns.label
    return next((name for name in (ANSWERS, "answer") if name in record.values), ANSWERS)


def _texts(record: Record, columns: Columns, file: str | Path, expected: Expected) -> tuple[Text, ...]:
    texts = []
    for column in columns.text or ():
        value = record.values.get(column)
        if not isinstance(value, str) or not value.strip():
            problem = f"the {column} is {'empty' if isinstance(value, str) else 'missing'}"
            remedy = f"write a text, or delete the question{_named(record.values)}"
            raise InputError(problem, file=file, line=record.line, field=column, remedy=remedy)
        texts.append(Text.from_string(value))
    return tuple(texts)


def _target(
    record: Record, texts: tuple[Text, ...], columns: Columns, file: str | Path, expected: Expected
) -> Answer | None:
    place: dict[str, Any] = {"file": file, "line": record.line, "field": columns.label}
    if record.values.get(IMPOSSIBLE) is True:
        problem = f"the question has no answer (SQuAD 2){_named(record.values)}"
        remedy = "leave such questions out: an answer is always a stretch of the context here"
        raise InputError(problem, **{**place, "field": IMPOSSIBLE}, remedy=remedy)
    try:
        found = [_placed(texts[-1].text, *each) for each in answers(record, columns.label)]
    except ValueError as failure:
        remedy = "mend the place, counted in characters from 0, or delete the question"
        raise InputError(f"{failure}{_named(record.values)}", **place, remedy=remedy) from None
    if not found:
        if expected.labelled:
            raise InputError(
                f"there is no answer{_named(record.values)}", **place, remedy="give one, or delete the question"
            )
        return None
    others = tuple(dict.fromkeys(each.text for each in found if each.text != found[0].text))
    return replace(found[0], alternatives=others)


def answers(record: Record, column: str) -> list[tuple[str, int | None]]:
    """The answers of a row, each with its place in the context, None where it has none.

    They are a list of `{"text", "answer_start"}`; or both as lists, as on the Hub; or a text, with its place in
    `answer_start`. Blanks at the ends of a text are left out, as predictions have none and metrics see none.

    Raises:
        ValueError: They are something else.
    """
    value = record.values.get(column)
    if isinstance(value, Mapping):
        value = _as_rows(value)
    if isinstance(value, str):
        value = [{"text": value, "answer_start": record.values.get("answer_start")}] if value else []
    if not isinstance(value, list | None):
        raise ValueError(f"{value!r} are no answers")
    found = []
    for each in value or ():
        text, start = (each.get("text"), each.get("answer_start")) if isinstance(each, Mapping) else (None, None)
        if isinstance(start, str):
            start = _number(start)
        if not isinstance(text, str) or not text.strip() or not isinstance(start, int | None):
            raise ValueError(f"{each!r} is no answer with a text and its place")
        blanks = len(text) - len(text.lstrip())
        found.append((text.strip(), None if start is None else start + blanks))
    return found


def _number(place: str) -> int | None:
    """A place as a CSV file has it; None if there is none."""
    if place.strip() and not place.strip().isdecimal():
        raise ValueError(f"the place {place!r} of an answer is no whole number")
    return int(place) if place.strip() else None


def _as_rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A list of texts and one of places as a list of both."""
    texts, starts = value.get("text"), value.get("answer_start")
    if not isinstance(texts, list) or not isinstance(starts, list):
        raise ValueError(f"{value!r} are no answers")
    if len(texts) != len(starts):
        raise ValueError(f"there are {len(texts)} texts and {len(starts)} places of answers")
    return [{"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)]


def _placed(context: str, text: str, start: int | None) -> Answer:
    """The answer at its place, or where it stands once if no place is given."""
    if start is not None and stands(context, text, start):
        return Answer(text, start)
    known = only_place(context, text)
    if start is None and known is not None:
        return Answer(text, known)
    where = f"it is at {known}" if known is not None else f"it is there {context.count(text)} times"
    said = "without a place" if start is None else f"not at character {start}"
    raise ValueError(f"the answer {text!r} is {said} of its context; {where}")


def stands(context: str, text: str, start: int) -> bool:
    """Whether a text stands in a context where it is said to."""
    return start >= 0 and context[start : start + len(text)] == text


def only_place(context: str, text: str) -> int | None:
    """Where a text stands in a context, if it does once.

    >>> only_place("a b a", "b"), only_place("a b a", "a"), only_place("a b a", "c")
    (2, None, None)
    """
    first = context.find(text)
    return first if first >= 0 and context.find(text, first + 1) < 0 else None


def _named(question: Mapping[str, Any]) -> str:
    return f" (question {question['id']})" if "id" in question else ""


QUESTIONS = Shape(_resolve, _texts, _target)
"""A question, its context, and an answer that stands in it."""
