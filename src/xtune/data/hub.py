"""Datasets on the Hugging Face Hub, through `datasets.load_dataset`, which is imported only when it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xtune.data.columns import Columns, Expected, Record, Shape, some, to_examples
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
        ids: What the ids of a language's examples begin with, where these alone say it: `{lang}-`.
        pairs: The configuration of a question in another language than its context, with `{context}` and `{question}`;
            None: there are none.
        splits: The Hub's names of `train`, `dev` and `test`, for those it has.
        languages: The languages it has.
        names: What `{lang}` is in place of a language's code, where it is something else.
        lacks: Split (`dev`) to those of the languages that it does not have.
    """

    path: str
    name: str | None = None
    revision: str | None = None
    columns: Columns = field(default_factory=Columns)
    ids: str = ""
    pairs: str | None = None
    splits: Mapping[str, str] = field(default_factory=lambda: {"train": "train", "dev": "validation", "test": "test"})
    languages: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def languages_of(self, split: str) -> tuple[str, ...]:
        """The languages that a split has; none where there is no such split."""
        return tuple(code for code in self.languages if split in self.splits and code not in self.lacks.get(split, ()))

    def configuration(self, language: str) -> str | None:
        """The name of a language's configuration.

        >>> Hub(path="google/xtreme", name="udpos.{lang}", names={"de": "German"}).configuration("de")
        'udpos.German'
        """
        return self.name and self.name.format(lang=self.names.get(language, language))

    def has(self, record: Record, language: str) -> bool:
        """Whether a row is in a language, as far as its id says so.

        >>> tydiqa = Hub(path="google/xtreme", ids="{lang}-", names={"fi": "finnish"})
        >>> [tydiqa.has(Record(1, {"id": id}), "fi") for id in ("finnish--5-1", "english--7-0")]
        [True, False]
        """
        start = self.ids.format(lang=self.names.get(language, language))
        return str(record.values.get(self.columns.id or "id", "")).startswith(start)

    def of_pair(self, context: str, question: str) -> Hub:
        """The same with the configuration of one pair.

        >>> Hub(path="google/xtreme", pairs="MLQA.{context}.{question}").of_pair("en", "de").name
        'MLQA.en.de'
        """
        return replace(self, name=self.pairs and self.pairs.format(context=context, question=question))


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
        if language not in hub.languages_of(split):
            reasons.append(f"{hub.path} has no {split} split in '{language}'")
            continue
        try:
            name = hub.configuration(language)
            dataset = datasets.load_dataset(hub.path, name, split=hub.splits[split], revision=hub.revision)
        except Exception as failure:  # network, cache, configuration, server: the library has no common error
            said = str(failure).partition("\n")[0]
            reasons.append(f"{hub.path}: {type(failure).__name__}: {said}")
            continue
        return dataset, replace(hub, revision=_revision(dataset, hub))
    remedy = "connect to the network, or give the files with data.dir (XTREME's folders) or data.train and data.dev"
    raise InputError(f"the Hub does not give {split} in '{language}': {'; '.join(reasons)}", remedy=remedy)


def hub_examples(
    hubs: Sequence[Hub], split: str, language: str, expected: Expected, shape: Shape | None = None
) -> Iterator[Example]:
    """The examples of one language of a dataset on the Hub; see `open_split` and `to_examples`."""
    dataset, hub = open_split(hubs, split, language)
    file = "/".join(filter(None, (hub.path, hub.configuration(language), hub.splits[split])))
    records = (record for record in _records(dataset, hub.columns) if hub.has(record, language))
    examples = to_examples(records, file, hub.columns, expected, shape=shape, language=language)
    return some(examples, file, language, (hub.columns.id or "id") if hub.ids else hub.columns.language)


def _records(dataset: Any, columns: Columns) -> Iterator[Record]:
    """Rows with the names of labels or tags in place of their numbers; one below 0 says that there is none."""
    feature = dataset.features.get(columns.label)
    names: list[str] | None = getattr(getattr(feature, "feature", feature), "names", None)
    for number, row in enumerate(dataset, start=1):
        label = row.get(columns.label)
        if isinstance(label, list):
            tags = [_name(tag, names) for tag in label]
            label = tags if any(tag is not None for tag in tags) else None
        yield Record(number, {**row, columns.label: _name(label, names)})


def _name(label: Any, names: Sequence[str] | None) -> Any:
    if isinstance(label, int) and label < 0:
        return None
    return names[label] if isinstance(label, int) and names is not None else label


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
