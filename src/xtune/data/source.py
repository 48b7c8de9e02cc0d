"""What a run's configuration says of where its examples come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xtune.data.columns import Columns
from xtune.data.hub import Hub
from xtune.schema import Kind

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where examples come from.

    Args:
        kind: The kind of task, which says how files are written and what an example of them is.
        files: The user's file for a split: a file, or a folder of `{split}-{lang}.csv`, `.tsv` or `.jsonl` (also
            `.gz`, `.xz`), or a pattern with `{lang}`. A single file is in the language that its name ends in
            (`train-de.csv`), else in those of its column of languages, else in the source language.
        folder: The folder of the task, or the one that holds it: XTREME's `{split}-{lang}.tsv` without header, else
            files in a format of `READERS`, whose columns have names. Files of words and tags are written alike in both.
        task: What the task's folder is called in `folder`.
        layout: What the files of a split are called below the folder that holds the task's, the first that are there
            counting, where they are not called `{split}-{lang}`; one without `{lang}` is in the source language.
        pairs: The same of examples with a question in another language than their context: a name with `{context}` and
            `{question}`.
        languages: Those that pairs are made of.
        hub: Copies of the dataset on the Hub, the best first; each has some splits.
        columns: What the columns of the user's files are called.
        texts: How many texts an example has; None: as many as the user's file has.
        labels: All labels; None: any.
        aliases: Other spellings of a label.
        source_language: The language of a file that says nothing else.
    """

    kind: Kind = "classification"
    files: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    task: str | None = None
    layout: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    hub: tuple[Hub, ...] = ()
    columns: Columns = field(default_factory=Columns)
    texts: int | None = None
    labels: tuple[str, ...] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    source_language: str = "en"
