"""Where the examples of a run come from, as its recipe says; known without torch, so that a report can read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from xtune.config.recipe import Recipe
from xtune.data import Columns, Source
from xtune.errors import InputError
from xtune.runs.generic import kind_of, texts_of
from xtune.tasks.datasets import dataset, datasets


def source_of(recipe: Recipe) -> Source:
    """Where the recipe's examples come from."""
    data = recipe.data
    files = {split: path for split in ("train", "dev", "test") if (path := getattr(data, split)) is not None}
    columns = Columns(text=data.text_columns, label=data.label_column, language=data.language_column, id=data.id_column)
    folder = Path(data.dir) if data.dir else None
    if folder is not None and not folder.is_dir():
        remedy = "give the folder that holds the data"
        raise InputError("there is no such folder", file=folder, field="data.dir", remedy=remedy)
    if recipe.task in datasets():
        row = dataset(recipe.task)
        source = row.locate(folder=folder, files=files, columns=columns, revision=data.revision)
        return replace(source, labels=data.labels or row.labels)
    if folder is not None:
        files = {**{split: str(folder) for split in ("train", "dev", "test")}, **files}
    return Source(
        kind=kind_of(recipe.task),
        files=files,
        columns=columns,
        texts=texts_of(recipe.task),
        labels=data.labels,
        source_language=recipe.source_language,
    )
