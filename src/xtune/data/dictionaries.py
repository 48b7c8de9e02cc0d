"""Bilingual dictionaries in MUSE's format, for code-switching (paper, section 3.2.3)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from xtune.data.files import language_files, open_text
from xtune.errors import InputError
from xtune.languages import check_language

_BROKEN_SHARE = 0.1  # of a file's lines; with more the file is no dictionary


class Dictionaries:
    """Dictionaries out of one source language.

    All share one table of source words, and each keeps its translations as bytes with a start for every word, so
    that thirty of them with two million pairs fit into some 60 MB and are pickled quickly.

    >>> dictionaries = Dictionaries()
    >>> dictionaries.add("de", {"dog": ["Hund", "Rüde"]})
    >>> dictionaries.translations("de", "Dog"), dictionaries.translations("de", "cat")
    (('Hund', 'Rüde'), ())
    """

    def __init__(self) -> None:
        self.notices: list[str] = []
        self._numbers: dict[str, int] = {}
        self._targets: dict[str, tuple[array[int], bytes]] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there is a dictionary into, in the order they were added."""
        return tuple(self._targets)

    def add(self, language: str, pairs: Mapping[str, Iterable[str]]) -> None:
        """Add the dictionary into a language.

        Args:
            language: ISO 639-1 code.
            pairs: Translations, distinct and in their order, by lower-cased source word.
        """
        for word in pairs:
            self._numbers.setdefault(word, len(self._numbers))
        starts, parts = array("I", [0]), []
        for word in self._numbers:  # in the order of their numbers
            parts.append("\t".join(pairs.get(word, ())).encode("utf-8"))
            starts.append(starts[-1] + len(parts[-1]))
        self._targets[language] = starts, b"".join(parts)

    def translations(self, language: str, word: str) -> tuple[str, ...]:
        """The translations of a word, in the file's order; none where the dictionary lacks it.

        Args:
            language: One of `languages`.
            word: In any case: the dictionaries are looked up in lower case.
        """
        starts, text = self._targets[language]
        number = self._numbers.get(word.lower())
        if number is None or number + 1 >= len(starts):  # unknown, or known to a dictionary added later only
            return ()
        targets = text[starts[number] : starts[number + 1]].decode("utf-8")
        return tuple(targets.split("\t")) if targets else ()


def load_dictionaries(
    folder: str | Path, languages: Sequence[str] | None = None, *, source_language: str = "en"
) -> Dictionaries:
    """Read the dictionaries `{source}-{lang}.txt` of a folder, plain, `.gz` or `.xz`.

    A language that is asked for and has no dictionary is left out with a notice, as the paper leaves out Swahili and
    Urdu.

    Args:
        folder: Where they are.
        languages: The languages wanted; None: all there are.
        source_language: The language that the dictionaries translate from.

    Raises:
        InputError: If there is no such folder or no dictionary in it that is wanted, for an unknown language, or
            for a file of which more than a tenth of the lines are broken.
    """
    folder = Path(folder)
    if not folder.is_dir():
        problem, remedy = "there is no such folder", "give the folder of the dictionaries"
        raise InputError(problem, file=folder, field="data.dictionaries", remedy=remedy)
    files = language_files(f"{folder}/{source_language}-{{lang}}.txt")
    files.pop(source_language, None)
    wanted = [
        check_language(code, field="code_switch.languages") for code in (files if languages is None else languages)
    ]
    dictionaries = Dictionaries()
    for language in dict.fromkeys(wanted):
        if language in files:
            pairs, broken = read_dictionary(files[language])
            dictionaries.add(language, pairs)
            if broken:
                dictionaries.notices.append(f"{files[language]}: {broken} lines are no pair and were left out")
        elif language != source_language:
            dictionaries.notices.append(f"there is no dictionary {source_language}-{language}: no switching into it")
    if not dictionaries.languages:
        there = f"there are some for {', '.join(files)}" if files else "MUSE's dictionaries are called en-de.txt"
        problem = f"no dictionary {source_language}-{{lang}}.txt is here for the languages wanted"
        raise InputError(problem, file=folder, field="data.dictionaries", remedy=there)
    return dictionaries


def read_dictionary(path: Path) -> tuple[dict[str, list[str]], int]:
    """Read one dictionary: a source word, a tab or blanks, and its translation on each line.

    Only a tab can separate sides of several words. A pair that changes nothing but case is left out.

    Args:
        path: The file.

    Returns:
        The distinct translations by lower-cased source word, in the file's order; and how many lines are no pair.

    Raises:
        InputError: If more than a tenth of the lines are no pair, or there is none.
    """
    pairs: dict[str, list[str]] = {}
    lines = broken = first = 0
    for number, line in enumerate(open_text(path), start=1):
        if not line.strip():
            continue
        lines += 1
        sides = [side.strip() for side in line.split("\t" if "\t" in line else " ") if side.strip()]
        if len(sides) != 2:
            broken, first = broken + 1, first or number
            continue
        source, target = sides
        targets = pairs.setdefault(source.lower(), [])
        if target not in targets and source.casefold() != target.casefold():
            targets.append(target)
    if broken > _BROKEN_SHARE * lines or not lines:
        problem = f"{broken} of {lines} lines are no pair of words, this one first" if lines else "the file is empty"
        remedy = "write 'word translation' on a line, with a tab between them where either has several words"
        raise InputError(problem, file=path, line=first or None, remedy=remedy)
    return {source: targets for source, targets in pairs.items() if targets}, broken
