"""Sentences and their translations, for retrieval: Tatoeba and BUCC in XTREME's files, and Tatoeba on the Hub.

A set has sentences in a language, sentences in English, and says which of them translate each other, if that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xtune.data.delimited import read_tabs
from xtune.data.files import COMPRESSIONS, language_files, nearest, open_text
from xtune.data.hub import Hub, open_split
from xtune.errors import InputError, did_you_mean
from xtune.languages import LANGUAGES

SORTED_FROM = 10
"""So many sentences are in alphabetical order by intention, not by chance."""

_TATOEBA, _BUCC = "{lang}-en.{lang}", "{lang}-en.{split}.{lang}"
_HUB_TATOEBA = (
    *("af", "ar", "bg", "bn", "de", "el", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja"),
    *("jv", "ka", "kk", "ko", "ml", "mr", "nl", "pt", "ru", "sw", "ta", "te", "th", "tl", "tr", "ur", "vi", "zh"),
)


@dataclass(frozen=True)
class ParallelSet:
    """What is looked for, and where.

    Args:
        sentences: In the other language, as the file has them.
        english: In English.
        ids: What BUCC calls the sentences; of Tatoeba their rows, counted from 0.
        english_ids: The same of the English ones.
        gold: Pairs of ids that translate each other; None where nothing says which do.
        revision: The commit on the Hub that it was read from.
    """

    sentences: tuple[str, ...]
    english: tuple[str, ...]
    ids: tuple[str, ...]
    english_ids: tuple[str, ...]
    gold: tuple[tuple[str, str], ...] | None
    revision: str | None = None


def tatoeba_languages(folder: Path | None) -> list[str]:
    """The languages of Tatoeba in a folder, which has `{lang}-en.{lang}` and `{lang}-en.en`; None: on the Hub.

    Raises:
        InputError: There is none in the folder.
    """
    return list(_HUB_TATOEBA if folder is None else _files(folder, "tatoeba", _TATOEBA))


def load_tatoeba(folder: Path | None, language: str) -> ParallelSet:
    """A language of Tatoeba.

    Args:
        folder: The one that holds `tatoeba/`, or that itself; None: the Hub.
        language: One of `tatoeba_languages(folder)`.

    Raises:
        InputError: A file is missing, empty or has an empty line, or the two are not as long as each other; or the Hub
            does not give it.
    """
    if folder is None:
        return _from_hub(language)
    file = _of_language(_files(folder, "tatoeba", _TATOEBA), language)
    sentences, english, known = read_aligned(file)
    return _aligned(sentences, english, known)


def read_aligned(file: Path) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The sentences of `{lang}-en.{lang}` and of `{lang}-en.en` beside it, and whether a row translates the same row.

    XTREME's own copy has the English ones in alphabetical order, so that nothing says what translates what.

    Raises:
        InputError: As `load_tatoeba`.
    """
    other = present(english_beside(file))
    sentences, english = read_sentences(file), read_sentences(other)
    if len(english) != len(sentences):
        problem = f"there are {len(english):,} sentences, and {len(sentences):,} in {file.name}"
        line = min(len(english), len(sentences)) + 1
        raise InputError(problem, file=other, line=line, remedy="row by row, one has to translate the other")
    return sentences, english, len(english) < SORTED_FROM or list(english) != sorted(english)


def english_beside(file: Path) -> Path:
    """The file of the English sentences, without the suffix of a compression.

    >>> english_beside(Path("tatoeba/de-en.de.gz")).name
    'de-en.en'
    """
    plain = file.with_suffix("") if file.suffix in COMPRESSIONS else file
    return plain.with_suffix(".en")


def bucc_languages(folder: Path) -> list[str]:
    """The languages of BUCC in a folder, which has `{lang}-en.dev.{lang}`.

    Raises:
        InputError: There is none.
    """
    return list(_files(folder, "bucc2018", _BUCC.replace("{split}", "dev")))


def load_bucc(folder: Path, language: str, split: str) -> ParallelSet | None:
    """A language and split of BUCC: `{lang}-en.{split}.{lang}`, `.en` and `.gold`; None if there is no such split.

    Args:
        folder: The one that holds `bucc2018/`, or that itself.
        language: One of `bucc_languages(folder)`.
        split: `dev`, whose gold pairs have to be there, or `test`, whose need not.

    Raises:
        InputError: The other side or the gold pairs are missing, or for what is wrong in a file.
    """
    files = _files(folder, "bucc2018", _BUCC.replace("{split}", "dev"))
    plain = _of_language(files, language).parent / _BUCC.format(lang=language, split=split)
    if split != "dev" and not _there(plain):
        return None
    sides = {side: _read_ids(present(plain.with_suffix(f".{side}"))) for side in (language, "en")}
    gold = plain.with_suffix(".gold")
    pairs = _read_gold(present(gold), *sides.values()) if split == "dev" or _there(gold) else None
    first, english = sides[language], sides["en"]
    return ParallelSet(tuple(first.values()), tuple(english.values()), tuple(first), tuple(english), pairs)


def read_sentences(path: Path) -> tuple[str, ...]:
    """The lines of a file, without blanks around them; empty lines may only stand at its end.

    Raises:
        InputError: A line before the last is empty, or there is none.
    """
    lines = [line.strip() for line in open_text(path)]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise InputError("the file is empty", file=path, remedy="check where it came from")
    if "" in lines:
        remedy = "fill it in, or delete it here and the same line on the other side"
        raise InputError("the line is empty", file=path, line=lines.index("") + 1, remedy=remedy)
    return tuple(lines)


def present(plain: Path) -> Path:
    """A file, or the same with `.gz` or `.xz`.

    Raises:
        InputError: There is neither.
    """
    if found := _there(plain):
        return found
    raise InputError("there is no such file", file=plain, remedy=nearest(plain))


def _there(plain: Path) -> Path | None:
    return next((path for end in ("", *COMPRESSIONS) if (path := Path(f"{plain}{end}")).is_file()), None)


def _files(folder: Path, task: str, pattern: str) -> dict[str, Path]:
    """The files of the other languages, by language."""
    if not folder.is_dir():
        problem = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        raise InputError(problem, file=folder, field="--data-dir", remedy=f"give the folder that holds {task}/")
    inner = folder / task if (folder / task).is_dir() else folder
    if found := language_files(f"{inner}/{pattern}"):
        return found
    remedy = f"give the folder that holds {task}/, as XTREME's download scripts leave it"
    name = pattern.replace("{lang}", "XX")
    raise InputError(f"no file is called {name}", file=inner, field="--data-dir", remedy=remedy)


def _of_language(files: Mapping[str, Path], language: str) -> Path:
    if language not in files:
        problem, remedy = f"there are no sentences in '{language}'", did_you_mean(language, files)
        raise InputError(problem, field="--languages", remedy=remedy)
    return files[language]


def _read_ids(path: Path) -> dict[str, str]:
    """Sentences by their ids, in the file's order."""
    found: dict[str, str] = {}
    for line, (id, text) in read_tabs(path, (2,)):
        if id in found:
            raise InputError(f"there is another sentence '{id}'", file=path, line=line, remedy="give each its own id")
        if not text.strip():
            raise InputError("the sentence is empty", file=path, line=line, remedy="fill it in, or delete the line")
        found[id] = text.strip()
    return found


def _read_gold(path: Path, first: Mapping[str, str], english: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for line, ids in read_tabs(path, (2,)):
        for id, side in zip(ids, (first, english), strict=True):
            if id not in side:
                remedy = "write the id of a sentence, a tab, and the id of its English translation"
                raise InputError(f"there is no sentence '{id}' on its side", file=path, line=line, remedy=remedy)
        pairs.append((ids[0], ids[1]))
    return tuple(pairs)


def _from_hub(language: str) -> ParallelSet:
    """The copy of XTREME, whose rows translate each other."""
    names = {code: LANGUAGES[code].iso3 for code in _HUB_TATOEBA}
    hub = Hub(
        path="google/xtreme",
        name="tatoeba.{lang}",
        splits={"test": "validation"},
        languages=_HUB_TATOEBA,
        names=names,
    )
    dataset, found = open_split([hub], "test", language)
    first, english = (tuple(text.strip() for text in dataset[f"{side}_sentence"]) for side in ("source", "target"))
    return _aligned(first, english, known=True, revision=found.revision)


def _aligned(
    sentences: tuple[str, ...], english: tuple[str, ...], known: bool, revision: str | None = None
) -> ParallelSet:
    """Rows, each of which translates the same row if that is known."""
    rows = tuple(map(str, range(len(sentences))))
    return ParallelSet(sentences, english, rows, rows, tuple(zip(rows, rows, strict=True)) if known else None, revision)
