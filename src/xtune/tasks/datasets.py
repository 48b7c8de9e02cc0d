"""The table of datasets that have a name, `datasets.yaml`, as typed rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from xtune.data import Columns, Hub, Source
from xtune.errors import InputError, did_you_mean
from xtune.languages import check_language
from xtune.metrics import METRICS_OF
from xtune.schema import Kind

_TABLE = "tasks/datasets.yaml"


@dataclass(frozen=True, kw_only=True)
class DatasetRow:
    """A dataset.

    Args:
        name: What it is called in a recipe.
        kind: The kind of task.
        description: The question that an annotator answered, in one line.
        source: Where it comes from.
        licence: What may be done with it.
        folder: The dataset's own folder, below `data.dir`.
        texts: How many texts an example has.
        labels: All labels, in the order of the model's outcomes; none of span extraction.
        layout: What its files are called by split; see `Source`.
        pairs: The same of pairs of languages.
        languages: Those it is evaluated in, the source language first.
        metrics: What is reported; the first is what checkpoints are compared by.
        hub: Copies on the Hub, the best first.
        source_language: The language of its training set.
        aliases: Other spellings of a label in its files.
        untranslated: What its files write for a text that was not translated.
    """

    name: str
    kind: Kind
    description: str
    source: str
    licence: str
    folder: str
    texts: Annotated[int, Field(ge=1, le=2)]
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    labels: tuple[str, ...] = ()
    layout: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    hub: tuple[Hub, ...] = ()
    source_language: str = "en"
    aliases: dict[str, str] = field(default_factory=dict)
    untranslated: str | None = None

    def locate(
        self,
        *,
        folder: Path | None = None,
        files: Mapping[str, str] | None = None,
        columns: Columns | None = None,
        revision: str | Mapping[str, str] | None = None,
    ) -> Source:
        """Where this dataset's examples come from in a run.

        Args:
            folder: XTREME's folders; None: the Hub.
            files: The user's own file for a split, which comes before both.
            columns: What the columns of those files are called.
            revision: Commit on the Hub, or the commits of repositories, for which no other then stands in; None: the
                newest.

        Raises:
            InputError: `revision` names a repository that this dataset is not read from.
        """
        return Source(
            kind=self.kind,
            files=files or {},
            folder=folder,
            task=self.folder,
            layout=self.layout,
            pairs=self.pairs,
            languages=self.languages,
            hub=self._copies(revision),
            columns=columns or Columns(),
            texts=self.texts,
            labels=self.labels or None,
            aliases=self.aliases,
            source_language=self.source_language,
        )

    def _copies(self, revision: str | Mapping[str, str] | None) -> tuple[Hub, ...]:
        """The copies at their commits; what repositories that are named have, comes from nowhere else."""
        if revision is None or isinstance(revision, str):
            return tuple(replace(hub, revision=revision or hub.revision) for hub in self.hub)
        there = {hub.path for hub in self.hub}
        if other := next((path for path in revision if path not in there), None):
            problem, remedy = f"{self.name} is not read from '{other}'", did_you_mean(other, there)
            raise InputError(problem, field="data.revision", remedy=remedy)
        named = [replace(hub, revision=revision[hub.path]) for hub in self.hub if hub.path in revision]
        found = {split for hub in named for split in hub.splits}
        others = [hub for hub in self.hub if hub.path not in revision]
        rest = ({split: name for split, name in hub.splits.items() if split not in found} for hub in others)
        return (*named, *(replace(hub, splits=splits) for hub, splits in zip(others, rest, strict=True) if splits))


for _section in (DatasetRow, Hub, Columns):  # an unknown key is an error, never ignored
    with_config(ConfigDict(extra="forbid"))(_section)


def dataset(name: str) -> DatasetRow:
    """The dataset of a name.

    Raises:
        InputError: For a name that is not in the table.

    >>> dataset("pawsx").labels
    ('0', '1')
    """
    if name not in datasets():
        raise InputError(f"there is no dataset '{name}'", field="task", remedy=did_you_mean(name, datasets()))
    return datasets()[name]


@cache
def datasets() -> Mapping[str, DatasetRow]:
    """All datasets by name, in the table's order."""
    return parse_datasets(resources.files("xtune.tasks").joinpath("datasets.yaml").read_text("utf-8"))


def parse_datasets(text: str) -> dict[str, DatasetRow]:
    """The rows of a table in YAML.

    Raises:
        InputError: Naming the row and the key, for a key that is unknown, missing or not of its type, and for a
            language or a metric that there is not.
    """
    try:
        values = yaml.safe_load(text)
        named = {name: {**row, "name": name} for name, row in values.items()}
        rows = TypeAdapter(dict[str, DatasetRow]).validate_python(named)
    except yaml.YAMLError as failure:
        raise InputError(f"this is not YAML: {failure}", file=_TABLE, remedy="mend the YAML") from None
    except (AttributeError, TypeError):
        raise InputError("a table maps names to rows", file=_TABLE, remedy="see the rows of the table") from None
    except ValidationError as failure:
        error = failure.errors()[0]
        key = ".".join(map(str, error["loc"]))
        raise InputError(error["msg"], file=_TABLE, field=key, remedy="see the other rows of the table") from None
    return {name: _complete(row) for name, row in rows.items()}


def _complete(row: DatasetRow) -> DatasetRow:
    """Check what a type cannot say, and give the copies on the Hub the row's languages."""
    for language in (row.source_language, *row.languages):
        if check_language(language, file=_TABLE, field=f"{row.name}.languages") != language:
            problem, remedy = f"'{language}' is not an ISO 639-1 code", f"write '{check_language(language)}'"
            raise InputError(problem, file=_TABLE, field=f"{row.name}.languages", remedy=remedy)
    known = METRICS_OF[row.kind]
    for metric in row.metrics:
        if metric not in known:
            remedy = did_you_mean(metric, known)
            raise InputError(f"there is no metric '{metric}'", file=_TABLE, field=f"{row.name}.metrics", remedy=remedy)
    if row.labels if row.kind == "span" else len(row.labels) < 2:
        remedy = "name two or more; span extraction has none"
        raise InputError("these are no labels of a task", file=_TABLE, field=f"{row.name}.labels", remedy=remedy)
    for other, label in row.aliases.items():
        if label not in row.labels:
            remedy = did_you_mean(label, row.labels)
            raise InputError(f"'{other}' stands for no label", file=_TABLE, field=f"{row.name}.aliases", remedy=remedy)
    copies = (replace(hub, languages=hub.languages or row.languages) for hub in row.hub)
    return replace(row, hub=tuple(copies))
