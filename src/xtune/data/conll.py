r"""Files of one word a line: CoNLL columns, XTREME's `token<TAB>tag`, CoNLL-U.

A sentence ends at an empty line. Tabs separate the columns if the first line that holds a word has one, or the file is
called `.tsv`; else blanks do. Nothing else does, so that a word may be any character, a zero-width space or a no-break
space alone. Which column is which is said by numbers, counted from 1, or from the end by negative ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xtune.data.columns import Columns, Record
from xtune.data.files import file_format, open_text
from xtune.errors import InputError

WORDS, TAGS = "tokens", "tags"
"""What the values of a record are called."""

_NOT_A_WORD = re.compile(r"\d+[-.]\d+")  # in front of CoNLL-U's multiword ranges and empty nodes
_TAG = re.compile(r"[BIESLU]-\S+|[A-Z_]+")
_USUAL = {".conllu": (2, 4)}
"""Columns of the word and of its tag, where they are not the first and the last: FORM and UPOS."""


def read_conll(path: Path, columns: Columns | None = None) -> Iterator[Record]:
    """The sentences of a file: `tokens`, and `tags`, which are None where the file has none.

    A file whose only column is the word's has no tags. Lines `-DOCSTART-` and comments (`# …`) are passed over; so are,
    where the word is not in the first column, the lines that CoNLL-U numbers `1-2` and `1.1`, which are no words.

    Args:
        path: The file, of any name; of `.conllu` the columns are 2 and 4 where nobody says.
        columns: `text` is the number of the word's column (default 1), `label` that of the tag's (default -1).

    Raises:
        InputError: Naming file, line and column, for columns that there are not, a line of another number of columns,
            an empty word, a tag that is missing beside others, or a file without sentences.
    """
    reader = _Reader(path, *_numbers(columns or Columns(), path))
    sentences = 0
    for line, text in enumerate(open_text(path), start=1):
        if (record := reader.read(line, text)) is not None:
            sentences += 1
            yield record
    if (record := reader.end()) is not None:
        sentences += 1
        yield record
    if not sentences:
        raise InputError("there is no sentence in it", file=path, remedy="write a word and its tag a line")


@dataclass(slots=True)
class _Reader:
    """Lines to sentences."""

    path: Path
    word: int
    tag: int
    tabs: bool = False
    width: int = 0
    lines: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def read(self, line: int, text: str) -> Record | None:
        """Take a line; the sentence that it ends."""
        if not text.strip(" \t"):
            return self.end()
        tabs = self.tabs if self.width else "\t" in text or file_format(self.path) == ".tsv"
        fields = text.split("\t") if tabs else re.split("[ \t]+", text.strip(" \t"))
        if fields[0].startswith("-DOCSTART-"):
            return self.end()
        if _is_comment(text, *((fields, self.width) if self.width else (text.split(" "), 2))):
            return None
        self.tabs = tabs
        self._check(line, fields)
        if self._place(self.word) > 0 and _NOT_A_WORD.fullmatch(fields[0]):
            return None
        self._add(line, fields)
        return None

    def end(self) -> Record | None:
        """The sentence that was begun, if one was."""
        if not self.words:
            return None
        missing = [place for place, tag in enumerate(self.tags) if not tag]
        if missing and len(missing) < len(self.tags):
            line, word = self.lines[missing[0]], self.words[missing[0]]
            raise InputError(
                f"the tag of '{word}' is empty", file=self.path, line=line, field=TAGS, remedy="write one for each word"
            )
        tags = None if missing or not self.tags else self.tags
        record = Record(self.lines[0], {WORDS: self.words, TAGS: tags}, tuple(self.lines))
        self.lines, self.words, self.tags = [], [], []
        return record

    def _add(self, line: int, fields: Sequence[str]) -> None:
        word = fields[self._place(self.word)]
        if not word.strip(" "):
            raise InputError("the word is empty", file=self.path, line=line, field=WORDS, remedy="delete the line")
        self.lines.append(line)
        self.words.append(word)
        if self._place(self.tag) != self._place(self.word):
            tag = fields[self._place(self.tag)].strip(" ")
            self.tags.append("" if tag == "_" and self._place(self.word) > 0 else tag)  # CoNLL-U's word for nothing

    def _check(self, line: int, fields: Sequence[str]) -> None:
        """Refuse a line of another width than the first, and columns that there are not."""
        if self.width and len(fields) != self.width:
            between = "tabs" if self.tabs else "blanks"
            problem = f"there are {len(fields)} columns, and {self.width} in the lines before"
            remedy = f"write all lines alike, with {between} between columns and an empty line between sentences"
            raise InputError(problem, file=self.path, line=line, remedy=remedy)
        self.width = len(fields)
        for number, key in ((self.word, "data.text_columns"), (self.tag, "data.label_column")):
            if abs(number) > self.width:
                problem = f"there is no column {number}; the line has {self.width}"
                remedy = "columns are counted from 1, or from the end by -1, -2, …"
                raise InputError(problem, file=self.path, line=line, field=key, remedy=remedy)

    def _place(self, number: int) -> int:
        """A column counted from 1, or from the end, as one counted from 0."""
        return number - 1 if number > 0 else self.width + number


def _is_comment(text: str, fields: Sequence[str], width: int) -> bool:
    r"""Whether a line is a comment, and not the word `#` with its columns.

    A line of as many columns as the others is one only where no tab says that they are columns, and the last is no tag.

    >>> _is_comment("# text = Two dogs", ["# text = Two dogs"], 2), _is_comment("# O", ["#", "O"], 2)
    (True, False)
    """
    is_word = len(fields) == width and ("\t" in text or _TAG.fullmatch(fields[-1]))
    return text.startswith("# ") and not is_word


def _numbers(columns: Columns, path: Path) -> tuple[int, int]:
    """The columns of the word and of its tag, as numbers."""
    word, tag = _USUAL.get(file_format(path), (1, -1))
    if columns.text is not None:
        if len(columns.text) != 1:
            problem = f"a word has one column, and {len(columns.text)} are named"
            raise InputError(problem, file=path, field="data.text_columns", remedy="name one by its number: 1")
        word = _number(columns.text[0], "data.text_columns", path)
    if columns.label != Columns().label:
        tag = _number(columns.label, "data.label_column", path)
    return word, tag


def are_numbers(names: Iterable[str]) -> bool:
    """Whether columns are said by number.

    >>> are_numbers(["1"]), are_numbers(["-2"]), are_numbers(["tokens"])
    (True, True, False)
    """
    return all(re.fullmatch("-?[1-9][0-9]*", name) for name in names)


def _number(text: str, key: str, path: Path) -> int:
    if not are_numbers([text]):
        remedy = "say which by its number: 1 is the first, -1 the last"
        raise InputError(f"'{text}' is no column of a file of one word a line", file=path, field=key, remedy=remedy)
    return int(text)
