"""Datasets on the Hugging Face Hub, through `datasets.load_dataset`, which is imported only when it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xtune.data.columns import Columns, Expected, Record, to_examples
from xtune.errors import InputError
from xtune.schema import Example

_COMMIT = re.compile(r"(?:^|[@/])([0-9a-f]{40})(?:/|$)")


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where a dataset is on the Hub.

    Args:
        path: The repository.
        name: The configuration; `{lang}` in it stands for the language. Without, a column says the language.
        revision: A commit; None until `open_split` has resolved it.
        columns: What the columns are called.
        splits: The Hub's names of `train`, `dev` and `test`, for those it has.
        languages: The languages it has.
    """

    path: str
    name: str | None = None
    revision: str | None = None
    columns: Columns = field(default_factory=Columns)
    splits: Mapping[str, str] = field(default_factory=lambda: {"train": "train", "dev": "validation", "test": "test"})
    languages: tuple[str, ...] = ()


def open_split(hubs: Sequence[Hub], split: str, language: str) -> tuple[Any, Hub]:
    """The first of several copies of a dataset that can be had.

    Args:
        hubs: The copies, the best first.
        split: `train`, `dev` or `test`.
        language: One that the dataset has.

    Returns:
        The `datasets.Dataset`, and where it is, with the commit that was read as its `revision`.

    Raises:
        InputError: If none can be had, saying why for each.
    """
    import datasets  # slow to import, and needed by nothing else

    reasons = []
    for hub in hubs:
        if split not in hub.splits or language not in hub.languages:
            reasons.append(f"{hub.path} has no {split} split in '{language}'")
            continue
        name = hub.name.format(lang=language) if hub.name else None
        try:
            dataset = datasets.load_dataset(hub.path, name, split=hub.splits[split], revision=hub.revision)
        except Exception as failure:  # network, cache, configuration, server: the library has no common error
            said = str(failure).partition("\n")[0]
            reasons.append(f"{hub.path}: {type(failure).__name__}: {said}")
            continue
        return dataset, replace(hub, revision=_revision(dataset, hub))
    remedy = "connect to the network, or give the files with data.dir (XTREME's folders) or data.train and data.dev"
    raise InputError(f"the Hub does not give {split} in '{language}': {'; '.join(reasons)}", remedy=remedy)


def hub_examples(hubs: Sequence[Hub], split: str, language: str, expected: Expected) -> Iterator[Example]:
    """The examples of one language of a dataset on the Hub; see `open_split` and `to_examples`."""
    dataset, hub = open_split(hubs, split, language)
    file = "/".join(filter(None, (hub.path, hub.name and hub.name.format(lang=language), hub.splits[split])))
    return to_examples(_records(dataset, hub.columns), file, hub.columns, expected, language=language)


def _records(dataset: Any, columns: Columns) -> Iterator[Record]:
    """Rows with the label's name in place of its number; a number below 0 says that there is no label."""
    names: list[str] | None = getattr(dataset.features.get(columns.label), "names", None)
    for number, row in enumerate(dataset, start=1):
        label = row.get(columns.label)
        if isinstance(label, int) and label < 0:
            label = None
        elif isinstance(label, int) and names is not None:
            label = names[label]
        yield Record(number, {**row, columns.label: label})


def _revision(dataset: Any, hub: Hub) -> str | None:
    """The commit that a dataset was made from, as its sources or its place in the cache name it.

    Raises:
        InputError: If it is not the one asked for, which happens offline, where the cache gives what it has.
    """
    places = [*(dataset.info.download_checksums or {}), *(file["filename"] for file in dataset.cache_files)]
    found = next((match[1] for place in places if (match := _COMMIT.search(place))), None)
    asked = hub.revision
    if found and asked and re.fullmatch("[0-9a-f]{40}", asked) and found != asked:
        problem = f"{hub.path} was found in the cache at commit {found}, not {asked}"
        raise InputError(problem, field="data.revision", remedy="connect to the network, or ask for that commit")
    return found or asked
