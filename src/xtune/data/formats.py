"""The formats of users' files. A new one is a function from a path to `Record`s, and a row of `READERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from xtune.data.columns import LABELLED_TEXTS, Columns, Record, Shape
from xtune.data.conll import TAGS, WORDS, are_numbers, read_conll
from xtune.data.delimited import read_table
from xtune.data.files import file_format, nearest, open_text
from xtune.data.jsonl import read_json_lines
from xtune.data.squad import QUESTIONS, read_squad
from xtune.data.tagged import TAGGED_WORDS
from xtune.errors import InputError
from xtune.schema import Kind

Reader = Callable[[Path], Iterator[Record]]

READERS: dict[str, Reader] = {
    ".csv": read_table,
    ".tsv": read_table,
    ".jsonl": read_json_lines,
}
"""Files whose columns have names."""

CONLL = (".tsv", ".conll", ".conllu", ".bio", ".iob", ".txt")
"""Files of one word a line."""

SHAPES: dict[Kind, Shape] = {"classification": LABELLED_TEXTS, "tagging": TAGGED_WORDS, "span": QUESTIONS}
"""What the rows of each kind of task are made of."""


def suffixes(kind: Kind = "classification") -> tuple[str, ...]:
    """What files of a kind of task may be called, without `.gz` or `.xz`."""
    match kind:
        case "classification":
            return tuple(READERS)
        case "tagging":
            return (*CONLL, ".jsonl")
        case "span":
            return (".json", *READERS)


def read_file(path: Path) -> Iterator[Record]:
    """The rows of a user's file whose columns have names, in the format that its name says.

    Raises:
        InputError: For a format that is not known, and while iterating for what is wrong in the file.
    """
    _check(path, tuple(READERS))
    return READERS[file_format(path)](path)


def read_kind(path: Path, columns: Columns, kind: Kind) -> tuple[Iterator[Record], Columns]:
    """The rows of a file of a kind of task, and what their values are called.

    Args:
        path: The file.
        columns: What the columns are called, or in a file of one word a line which they are by number.
        kind: The kind of task.

    Raises:
        InputError: As `read_file`.
    """
    if kind == "classification":
        return read_file(path), columns
    _check(path, suffixes(kind))
    if kind == "span":
        return (read_squad if file_format(path) == ".json" else READERS[file_format(path)])(path), columns
    if has_words(path):
        return read_conll(path, columns), replace(columns, text=(WORDS,), label=TAGS)
    return read_file(path), named(columns)


def has_words(path: Path) -> bool:
    """Whether a file for tagging has one word a line, and so columns without names."""
    return file_format(path) in CONLL


def read_unlabelled(path: Path, columns: Columns, kind: Kind) -> tuple[Iterator[Record], Columns]:
    """The same of a file to predict: for tagging also texts to be split at white space.

    These are in the column `text` of a CSV file, or one a line in a `.txt` file that has no tab, and no empty line
    between others.
    """
    if kind == "tagging" and file_format(path) == ".csv":
        return read_file(path), named(columns)
    if kind == "tagging" and file_format(path) == ".txt" and _is_plain(path):
        return read_lines(path), Columns()
    return read_kind(path, columns, kind)


def named(columns: Columns) -> Columns:
    """The columns without those that are said by number, which are another file's, of one word a line."""
    text = None if columns.text is None or are_numbers(columns.text) else columns.text
    return replace(columns, text=text, label=Columns().label if are_numbers([columns.label]) else columns.label)


def read_lines(path: Path) -> Iterator[Record]:
    """A `text` a line; lines of blanks alone are passed over."""
    for line, text in enumerate(open_text(path), start=1):
        if text.strip():
            yield Record(line, {"text": text})


def _is_plain(path: Path) -> bool:
    ended = False
    for text in open_text(path):
        if "\t" in text or (ended and text.strip()):
            return False
        ended = not text.strip()
    return True


def _check(path: Path, suffixes: tuple[str, ...]) -> None:
    known = f"known: {', '.join(suffixes)}, each also with .gz or .xz"
    if path.is_dir():
        raise InputError("this is a folder, not a file", file=path, remedy=f"name a file in it; {known}")
    if file_format(path) not in suffixes and not path.exists():
        raise InputError("there is no such file", file=path, remedy=nearest(path))
    if file_format(path) not in suffixes:
        raise InputError(f"'{file_format(path)}' is no format that can be read", file=path, remedy=known)
