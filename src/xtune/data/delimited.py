"""Files of one example a line: XTREME's tab-separated files, and users' CSV and TSV files with a header.

Tab-separated text has no quoting rule, with a header or without: a tab separates two columns, and a quotation mark
is a quotation mark. Quotes mean something in `.csv` alone, where a quoted text may hold commas, tabs and line ends.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from xtune.data.columns import Record
from xtune.data.files import file_format, open_text
from xtune.errors import InputError

TEXT_COLUMNS = ("text_a", "text_b")
"""What the texts of a file without header are called."""

csv.field_size_limit(2**24)  # whole documents; without a limit one open quotation mark would read in all that follows


def read_xtreme(path: Path, texts: int = 2) -> Iterator[Record]:
    """The rows of an XTREME file, which has no header: the texts, and the label, None in an unlabelled file.

    Args:
        path: `{split}-{lang}.tsv`, or with `.gz` or `.xz`.
        texts: How many texts a row has.

    Raises:
        InputError: For a row of any other number of columns, or a file without rows.
    """
    for line, fields in read_tabs(path, (texts, texts + 1)):
        label = fields[texts] if len(fields) > texts else None
        yield Record(line, {**dict(zip(TEXT_COLUMNS, fields[:texts], strict=False)), "label": label})


def read_tabs(path: Path, widths: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    """Lines, counted from 1, and their columns; empty lines may only stand at the end.

    Args:
        path: The file.
        widths: The numbers of columns that a line may have; none: as many as the first has.

    Raises:
        InputError: For a line of another number of columns, or a file without lines.
    """
    rows = empty = 0
    for line, text in enumerate(open_text(path), start=1):
        if not text:
            empty = empty or line
            continue
        if empty:
            raise InputError("the line is empty", file=path, line=empty, remedy="delete it, or fill it in")
        fields = text.split("\t")
        widths = widths or (len(fields),)
        if len(fields) not in widths:
            wanted = " or ".join(map(str, sorted(widths)))
            problem = f"there are {len(fields)} columns where tabs should make {wanted}"
            raise InputError(problem, file=path, line=line, remedy="put one tab between columns and none in a text")
        rows += 1
        yield line, fields
    if not rows:
        raise InputError("the file is empty", file=path, remedy="check where it came from")


def read_table(path: Path) -> Iterator[Record]:
    """The rows of a CSV or TSV file whose first line names the columns.

    Raises:
        InputError: For a file without header or rows, a column named twice or not at all, a row that does not fit
            the header, or broken quotes.
    """
    rows = _csv_rows(path) if file_format(path) == ".csv" else read_tabs(path, ())
    line, header = next(rows, (0, []))
    names = [name.strip() for name in header]
    if not names:
        raise InputError("the file is empty", file=path, remedy="its first line names the columns: text,label")
    for number, name in enumerate(names):
        if not name:
            raise InputError(f"column {number + 1} has no name", file=path, line=line, remedy="name it in the header")
        if name in names[:number]:
            raise InputError("two columns have this name", file=path, line=line, field=name, remedy="rename one")
    if len(names) == 1 and (separator := next((mark for mark in ";\t|" if mark in names[0]), None)):
        remedy = "write it with commas; or call it .tsv, where tabs separate columns"
        raise InputError(f"the columns are separated by {separator!r}", file=path, line=line, remedy=remedy)
    for line, fields in rows:
        if len(fields) != len(names):
            problem = f"there are {len(fields)} columns, and {len(names)} in the header"
            raise InputError(problem, file=path, line=line, remedy='put a text that holds a comma in "quotes"')
        yield Record(line, dict(zip(names, fields, strict=True)))
    if line == 1:
        raise InputError("there are no rows after the header", file=path, line=1, remedy="add an example a line")


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they begin in; a blank line between them is no row."""
    reader = csv.reader(open_text(path, keep_ends=True), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as failure:
            problem = f"the row that begins here is not CSV: {failure}"
            remedy = 'close every quotation mark, and write one inside a quoted text as ""'
            if "new-line character" in str(failure):
                problem = "the lines end in a carriage return alone"
                remedy = f"convert the file: tr '\\r' '\\n' < {path.name} > lines-{path.name}"
            raise InputError(problem, file=path, line=line, remedy=remedy) from None
        if fields:
            yield line, fields
