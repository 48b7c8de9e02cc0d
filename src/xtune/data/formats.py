"""The formats of users' files. A new one is a function from a path to `Record`s, and a row of `READERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from xtune.data.columns import Record
from xtune.data.delimited import read_table
from xtune.data.files import file_format, nearest
from xtune.data.jsonl import read_json_lines
from xtune.errors import InputError

READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".csv": read_table,
    ".tsv": read_table,
    ".jsonl": read_json_lines,
}


def read_file(path: Path) -> Iterator[Record]:
    """The rows of a user's file, in the format that its name says.

    Raises:
        InputError: For a format that is not known, and while iterating for what is wrong in the file.
    """
    known = f"known: {', '.join(READERS)}, each also with .gz or .xz"
    if path.is_dir():
        raise InputError("this is a folder, not a file", file=path, remedy=f"name a file in it; {known}")
    if file_format(path) not in READERS and not path.exists():
        raise InputError("there is no such file", file=path, remedy=nearest(path))
    if file_format(path) not in READERS:
        raise InputError(f"'{file_format(path)}' is no format that can be read", file=path, remedy=known)
    return READERS[file_format(path)](path)
