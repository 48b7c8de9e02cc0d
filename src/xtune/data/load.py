"""From what a run's configuration names to the examples of a split and a language.

A split comes from the first of these that is given: the user's own files, a folder in XTREME's layout, the Hub.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path
from typing import Any

from xtune.data.columns import Columns, Expected, row_language, some, to_examples
from xtune.data.delimited import TEXT_COLUMNS, read_xtreme
from xtune.data.files import COMPRESSIONS, file_format, language_files, language_in_name
from xtune.data.formats import SHAPES, read_kind, read_unlabelled, suffixes
from xtune.data.hub import Hub, hub_examples, open_split
from xtune.data.source import SPLITS, Source
from xtune.errors import InputError, did_you_mean
from xtune.languages import check_language
from xtune.schema import Example, Kind


def has_split(source: Source, split: str) -> bool:
    """Whether there is anything for a split, `train`, `dev` or `test`; a file that is named counts as there."""
    if split in source.files:
        given = source.files[split]
        return not Path(given).is_dir() or any(
            language_files(pattern) for pattern in _patterns(given, split, source.kind)
        )
    if source.folder is not None:
        return bool(_found(source, split))
    return any(split in hub.splits for hub in source.hub)


def languages_of(source: Source, split: str) -> list[str]:
    """The languages that a split has, sorted.

    Args:
        source: Where the examples come from.
        split: `train`, `dev` or `test`.

    Raises:
        InputError: If nothing is given for the split, or what is given has none.
    """
    if split in source.files:
        located = _user_files(source, split)
        return sorted(located if isinstance(located, dict) else _languages_in(located, source))
    if source.folder is not None:
        return sorted(_task_files(source, split))
    return sorted({language for hub in _hubs(source, split) for language in hub.languages_of(split)})


def load_split(
    source: Source, split: str, language: str, *, labelled: bool = False, max_examples: int | None = None
) -> Iterator[Example]:
    """The examples of one language of a split, one by one, in the file's order.

    Args:
        source: Where the examples come from.
        split: `train`, `dev` or `test`.
        language: One of `languages_of(source, split)`.
        labelled: A missing label is an error, as it is in training; else it makes `target` None.
        max_examples: Only the first so many; None: all.

    Raises:
        InputError: Now if nothing is given for the split, and while iterating for what is wrong with a file.
    """
    language = check_language(language)
    return islice(_load(source, split, language, labelled), max_examples)


def load_file(
    path: Path, *, columns: Columns, texts: int | None, language: str, kind: Kind = "classification"
) -> Iterator[Example]:
    """All rows of one user's file in its order, each in its own language, as prediction wants them: without annotation.

    Args:
        path: CSV, TSV or JSONL; for tagging CoNLL columns too, and `.txt` of one sentence a line.
        columns: What its columns are called; labels, tags and answers are not looked at.
        texts: How many texts an example has; None: as many as the file has.
        language: The language of a file whose name and columns do not say.
        kind: The kind of task.

    Raises:
        InputError: While iterating, for what is wrong with the file.
    """
    default = language_in_name(path) or check_language(language)
    records, columns = read_unlabelled(path, columns, kind)
    expected, shape = Expected(texts=texts, annotation=False), SHAPES[kind]
    yield from to_examples(records, path, columns, expected, shape=shape, language=None, default=default)


def pin(source: Source) -> Source:
    """The same source with one copy on the Hub for each split, at the commit that it stands for today.

    A source of files is returned as it is. `commits(pin(source))` belongs into the run's configuration.

    Raises:
        InputError: If no copy of a split can be had.
    """
    pinned: list[Hub] = []
    for split in SPLITS:
        if split in source.files or source.folder is not None or not has_split(source, split):
            continue
        known = {hub.path: hub.revision for hub in pinned}  # one commit for all splits of a repository
        copies = [replace(hub, revision=known.get(hub.path) or hub.revision) for hub in _hubs(source, split)]
        there = languages_of(source, split)
        _, hub = open_split(copies, split, source.source_language if source.source_language in there else there[0])
        pinned.append(replace(hub, splits={split: hub.splits[split]}))
    return replace(source, hub=tuple(pinned)) if pinned else source


def commits(source: Source) -> dict[str, str]:
    """The commit of each repository on the Hub that a source reads, as far as it is known."""
    return {hub.path: hub.revision for hub in source.hub if hub.revision is not None}


def _load(source: Source, split: str, language: str, labelled: bool) -> Iterator[Example]:
    expected = Expected(texts=source.texts, labels=source.labels, aliases=source.aliases, labelled=labelled)
    if split in source.files:
        located = _user_files(source, split)
        if isinstance(located, dict):
            return _examples(source, _of_language(located, language, split), expected, language=language, named=True)
        rows = _examples(source, located, expected, language=language, default=source.source_language)
        return some(rows, located, language, source.columns.language)
    if source.folder is not None:
        file, texts = _of_language(_task_files(source, split), language, split), source.texts or 2
        if file_format(file) != ".tsv" or source.kind != "classification":
            return _examples(source, file, expected, language=language, named=True)
        columns = Columns(text=TEXT_COLUMNS[:texts])
        relaxed = replace(expected, empty_texts=True)
        return to_examples(read_xtreme(file, texts), file, columns, relaxed, language=language)
    hubs = _hubs(source, split)
    return hub_examples(hubs, split, language, replace(expected, empty_texts=True), SHAPES[source.kind])


def _examples(source: Source, file: Path, expected: Expected, **languages: Any) -> Iterator[Example]:
    """The examples of a file in a format of users; `languages` as `to_examples` takes them."""
    records, columns = read_kind(file, source.columns, source.kind)
    return to_examples(records, file, columns, expected, shape=SHAPES[source.kind], **languages)


def _user_files(source: Source, split: str) -> dict[str, Path] | Path:
    """A file for each language, or the one file of all."""
    given = source.files[split]
    if "{lang}" not in given and not Path(given).is_dir():
        path = Path(given)
        language = language_in_name(path)
        return {language: path} if language else path
    patterns = _patterns(given, split, source.kind)
    found: dict[str, Path] = {}
    for pattern in patterns:
        found = {**language_files(pattern), **found}
    if not found:
        problem = f"no file is called {' or '.join(Path(pattern).name for pattern in patterns)}"
        names = f"{split}-en.csv, {split}-de.csv …"
        remedy = f"check the path; files are called {names}, and one of another name is given as data.{split}=FILE"
        raise InputError(problem, file=given, field=f"data.{split}", remedy=remedy)
    return found


def _patterns(given: str, split: str, kind: Kind) -> list[str]:
    """What the files of a split may be called: as the pattern given says, or in the folder given."""
    return [given] if "{lang}" in given else [f"{given}/{split}-{{lang}}{suffix}" for suffix in suffixes(kind)]


def _task_files(source: Source, split: str) -> dict[str, Path]:
    """The files of a split in the task's folder."""
    if found := _found(source, split):
        return found
    name = " or ".join(source.layout.get(split, ())) or f"{split}-{{lang}}{suffixes(source.kind)[0]}"
    name = name if source.kind != "classification" else f"{split}-{{lang}}.tsv"
    remedy = f"give the folder that holds {source.task or 'the files'}, as XTREME's download scripts leave it"
    raise InputError(f"no file is called {name}", file=_task_folder(source), field="data.dir", remedy=remedy)


def _found(source: Source, split: str) -> dict[str, Path]:
    """The same, or none: in the dataset's own layout, else XTREME's, else files with names of columns."""
    folder = _task_folder(source)
    for pattern in source.layout.get(split, ()):
        path = f"{_above(source)}/{pattern}"
        if found := language_files(path) if "{lang}" in pattern else _single(path, source.source_language):
            return found
    for pattern in sorted(_patterns(str(folder), split, source.kind), key=lambda pattern: not pattern.endswith(".tsv")):
        if found := language_files(pattern):
            return found
    return {}


def _single(path: str, language: str) -> dict[str, Path]:
    there = (Path(path + end) for end in ("", *COMPRESSIONS))
    return next(({language: file} for file in there if file.is_file()), {})


def _above(source: Source) -> Path:
    """The folder that holds the task's own, whichever was given."""
    assert source.folder is not None
    own = source.task and not (source.folder / source.task).is_dir() and source.folder.absolute().name == source.task
    return source.folder.absolute().parent if own else source.folder


def pairs_of(source: Source, split: str, languages: Collection[str] | None = None) -> list[str]:
    """What a split has of questions in another language than their contexts: `context-question`, sorted.

    Args:
        source: Where the examples come from.
        split: `train`, `dev` or `test`.
        languages: Those wanted; None: all.
    """
    if split in source.files:
        return []
    wanted = [code for code in source.languages if languages is None or code in languages]
    pairs = (f"{context}-{question}" for context, question in permutations(wanted, 2))
    on_hub = source.folder is None and any(hub.pairs for hub in source.hub if split in hub.splits)
    return sorted(pair for pair in pairs if on_hub or _pair_file(source, split, pair))


def load_pair(source: Source, split: str, pair: str, *, max_examples: int | None = None) -> Iterator[Example]:
    """The examples of one of `pairs_of`, in the language of their contexts.

    Raises:
        InputError: For what is wrong with the file, or if the Hub does not give it.
    """
    expected = Expected(texts=source.texts, labels=source.labels)
    context, question = pair.split("-")
    if file := _pair_file(source, split, pair):
        return islice(_examples(source, file, expected, language=context, named=True), max_examples)
    copies = [hub.of_pair(context, question) for hub in _hubs(source, split) if hub.pairs]
    return islice(hub_examples(copies, split, context, expected, SHAPES[source.kind]), max_examples)


def _pair_file(source: Source, split: str, pair: str) -> Path | None:
    """The file of a pair; None where there is none."""
    if split not in source.pairs or source.folder is None:
        return None
    context, question = pair.split("-")
    name = source.pairs[split].format(context=context, question=question)
    return _single(f"{_above(source)}/{name}", context).get(context)


def _task_folder(source: Source) -> Path:
    """The task's own folder, whether it or the one above it was given."""
    assert source.folder is not None
    if not source.folder.is_dir():
        problem = "there is no such folder"
        raise InputError(problem, file=source.folder, field="data.dir", remedy="give the folder that holds the data")
    inner = source.folder / source.task if source.task else source.folder
    return inner if inner.is_dir() else source.folder


def _hubs(source: Source, split: str) -> tuple[Hub, ...]:
    """The copies that have a split; all where none has."""
    if not source.hub:
        remedy = f"give data.{split} (your own file) or data.dir (XTREME's folders)"
        raise InputError(f"nothing says where the {split} examples are", field=f"data.{split}", remedy=remedy)
    return tuple(hub for hub in source.hub if split in hub.splits) or source.hub


def _of_language(files: Mapping[str, Path], language: str, split: str) -> Path:
    if language not in files:
        remedy = did_you_mean(language, files)
        raise InputError(f"there is no {split} file in '{language}'", field="data.languages", remedy=remedy)
    return files[language]


def _languages_in(path: Path, source: Source) -> set[str]:
    """The languages of a file's rows."""
    records, columns = read_kind(path, source.columns, source.kind)
    return {row_language(record, columns, path) or source.source_language for record in records}
