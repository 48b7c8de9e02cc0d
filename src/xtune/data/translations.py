"""Translations of a set of examples (paper, section 3.2.4): read from files, joined to the examples, kept on disk.

A translation gets the id and the label of the example that it translates; one of tagged words gets no tags. Which
example that is, a file says by id or by row; XTREME's translate-train files repeat the source texts beside, so that a
row is checked against them, and the texts are searched for where the rows of the two files went apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from xtune.data.columns import Columns
from xtune.data.index import KeyIndex
from xtune.data.squad import only_place, stands
from xtune.data.store import ExampleTable, TranslationTable, write_translations
from xtune.data.translation_files import Row, find_files, read_rows
from xtune.errors import InputError
from xtune.languages import check_language
from xtune.schema import Answer, Example, Kind

_DIFFERENT_SHARE = 0.1  # of the rows with a label; if more have another label than their source, the rows are not its


@dataclass
class TranslationCounts:
    """What became of the translations into one language.

    Args:
        language: The language.
        by_id: Rows joined by the id they give.
        by_row: Rows joined by their place in the file.
        by_text: Rows joined by the source texts that they repeat.
        without_source: Rows that translate no example, for instance beyond the first `max_examples`.
        untranslated: Rows that hold nothing, or the mark of a text that nobody translated.
        different_label: Rows with another label than the example, which are left out.
        missing: Examples without translation.
        searched_answer: Translations of a context whose answer has no place or a wrong one, but stands there once.
        unknown_answer: Translations of a context in which nobody says where the answer stands. They carry no task loss.
    """

    language: str
    by_id: int = 0
    by_row: int = 0
    by_text: int = 0
    without_source: int = 0
    untranslated: int = 0
    different_label: int = 0
    missing: int = 0
    searched_answer: int = 0
    unknown_answer: int = 0

    def __str__(self) -> str:
        joined = {"id": self.by_id, "row": self.by_row, "source text": self.by_text}
        said = [f"{count} joined by {how}" for how, count in joined.items() if count]
        rest = {"without source": self.without_source, "untranslated": self.untranslated}
        rest |= {"left out for another label": self.different_label, "examples without translation": self.missing}
        rest |= {"with an answer found by search": self.searched_answer}
        rest |= {"with an unknown answer": self.unknown_answer}
        return f"translations into {self.language}: " + ", ".join(
            [*said, *(f"{count} {what}" for what, count in rest.items() if count)]
        )


def load_translations(
    place: str,
    source: ExampleTable,
    path: Path,
    *,
    languages: Sequence[str] | None = None,
    columns: Columns | None = None,
    kind: Kind = "classification",
    aliases: Mapping[str, str] | None = None,
    untranslated: str | None = None,
) -> tuple[TranslationTable, list[TranslationCounts]]:
    """Read the translations of some examples and write them for random access.

    Args:
        place: A file, a pattern with `{lang}`, or a folder of `en-{lang}-translated.tsv` or `.jsonl` files.
        source: The examples, all in one language.
        path: The folder to write the table to.
        languages: The languages wanted; None: all there are.
        columns: What the columns are called in JSONL and CSV.
        kind: The kind of task.
        aliases: Other spellings of a label in the files.
        untranslated: What a file writes for a text that was not translated (PAWS-X: `NS`).

    Returns:
        The translations, and what became of the rows of each language.

    Raises:
        InputError: For a language without translations, broken rows, or files that do not belong to the examples.
            Then nothing is written.

    Source: the published code looks translations up by the English text alone, once more every epoch.
    """
    if not len(source):
        raise InputError("there are no examples to translate", file=source.path, remedy="check data.train")
    wanted = None if languages is None else {check_language(code, field="translation.languages") for code in languages}
    join = _Join(source, wanted, aliases or {}, untranslated, kind)
    files = find_files(place, source.value("language", 0), kind)
    table = write_translations(join.files(files, columns or Columns(), place), path)
    return table, list(join.counts.values())


@dataclass
class _Join:
    """Rows to the examples they translate; `counts` says what became of them."""

    source: ExampleTable
    wanted: Collection[str] | None
    aliases: Mapping[str, str]
    untranslated: str | None
    kind: Kind = "classification"
    counts: dict[str, TranslationCounts] = field(default_factory=dict)
    _done: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]] = field(default_factory=dict)

    def files(self, files: Sequence[tuple[Path, str | None]], columns: Columns, place: str) -> Iterator[Example]:
        """The translations in some files."""
        source_language, texts = self.source.value("language", 0), len(self.source[0].texts)
        wanted = sorted(self.wanted or ())
        for file, language in files:
            if language is not None and self.wanted is not None and language not in self.wanted:
                continue
            for row in read_rows(file, language, columns, texts, self.kind):
                if row.language != source_language and (self.wanted is None or row.language in wanted):
                    yield from self._translate(row, file)
            self._check(file, [count for count in self.counts.values() if language in (count.language, None)])
        for language in wanted:
            if language not in self.counts and language != source_language:
                there = sorted({*self.counts, *(code for _, code in files if code)})
                remedy = f"there are some into: {', '.join(there)}" if there else "check data.translations"
                problem = f"there is no translation into '{language}'"
                raise InputError(problem, file=place, field="translation.languages", remedy=remedy)
        for counts in self.counts.values():
            counts.missing = len(self.source) - int(self._done[counts.language].sum())

    def _translate(self, row: Row, file: Path) -> Iterator[Example]:
        counts = self.counts.setdefault(row.language, TranslationCounts(row.language))
        done = self._done.setdefault(row.language, np.zeros(len(self.source), dtype=np.bool_))
        if any(not text.words or text.text == self.untranslated for text in row.texts):
            counts.untranslated += 1
            return
        how, found = self._find(row)
        if row.id is not None and found and done[found[0]]:
            problem = f"example '{row.id}' has a translation into '{row.language}' already"
            raise InputError(problem, file=file, line=row.line, field="id", remedy="delete one of the two")
        same = [position for position in found if self._same_label(row, position)]
        how = "different_label" if found and not same else how
        setattr(counts, how, getattr(counts, how) + 1)
        for position in same:
            if not done[position]:
                done[position] = True
                id, target = self.source.value("id", position), self.source.value("label", position)
                if self.kind == "span":
                    target, searched = _answer(row)
                    counts.searched_answer += searched
                    counts.unknown_answer += target is None
                yield Example(id, row.language, row.texts, target)

    def _same_label(self, row: Row, position: int) -> bool:
        """Whether row and example agree on the label, as far as both have one."""
        label = self.source.value("label", position)
        return not row.label or label is None or self.aliases.get(row.label, row.label) == label

    def _find(self, row: Row) -> tuple[str, list[int]]:
        """How a row was joined, and the positions of the examples that it translates."""
        if row.id is not None:
            same_id = [found for found in self._by_id.rows(row.id) if self.source.value("id", found) == row.id]
            return ("by_id", same_id) if same_id else ("without_source", [])
        if (
            row.number is not None
            and row.number < len(self.source)
            and (row.source is None or self._key(row.number) == _key(row.source))
        ):
            return "by_row", [row.number]
        sought = _key(row.source or ())
        same = [found for found in self._by_text.rows(sought) if self._key(found) == sought] if row.source else []
        return ("by_text", same) if same else ("without_source", [])

    def _check(self, file: Path, counts: Sequence[TranslationCounts]) -> None:
        """Refuse a file that does not belong to the examples."""
        joined = sum(count.by_id + count.by_row + count.by_text for count in counts)
        different = sum(count.different_label for count in counts)
        if different > _DIFFERENT_SHARE * (joined + different):
            problem = f"{different} of {joined + different} rows have another label than the example of the same row"
            remedy = "check that the file has the rows of the training file, in its order"
            raise InputError(problem, file=file, field="data.translations", remedy=remedy)
        if counts and not joined:
            remedy = "check that these are translations of the training file"
            raise InputError("no row translates an example", file=file, field="data.translations", remedy=remedy)

    def _key(self, position: int) -> str:
        return _key(self.source.value("texts", position))

    @cached_property
    def _by_id(self) -> KeyIndex:
        return KeyIndex.of(self.source.values("id"))

    @cached_property
    def _by_text(self) -> KeyIndex:
        return KeyIndex.of(map(self._key, range(len(self.source))))


def _answer(row: Row) -> tuple[Answer | None, bool]:
    """The first answer that stands where the file says, else one that stands in the translation once: a search's."""
    context = row.texts[-1].text
    for text, start in row.answers or ():
        if start is not None and stands(context, text, start):
            return Answer(text, start), False
    for text, _ in row.answers or ():
        if (place := only_place(context, text)) is not None:
            return Answer(text, place), True
    return None, False


def _key(texts: Sequence[str]) -> str:
    """Texts as one string to compare; how many blanks are between words does not matter."""
    return "\n".join(" ".join(text.split()) for text in texts)
