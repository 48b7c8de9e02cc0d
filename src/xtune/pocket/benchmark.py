"""The pocket benchmark: every task in every language, dictionaries, translations and text, from one seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from xtune.pocket.dictionary import Dictionary, make_dictionary
from xtune.pocket.draw import Drawer, Split
from xtune.pocket.items import ASKED_ROLES, document, question, sentence_with_names
from xtune.pocket.lexicon import LANGUAGES, TOPICS, WITHOUT_DICTIONARY, load_lexicon
from xtune.pocket.mono import Anchors, documents
from xtune.pocket.pairs import NLI_LABELS, inference, paraphrase
from xtune.pocket.plan import Asked, Clause
from xtune.pocket.writers import Writer

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
TASKS = ("topic", "nli", "paraphrase", "pos", "ner", "qa")
PARTS = (*TASKS, "tatoeba", "mono")
_PAIR_LABELS = ("0", "1")
_ASKED: tuple[Asked, ...] = tuple(ASKED_ROLES)
_TRIES = 50  # for each item, before the lexicon counts as exhausted
_T = TypeVar("_T")


@dataclass(frozen=True)
class Sizes:
    """How many items there are of each task, in each language.

    Args:
        train: English training examples a task.
        dev: Development examples a task and language.
        test: Test examples a task and language.
        retrieval: Parallel sentences.
        mono: Documents for pre-training a language.
    """

    train: int = 1000
    dev: int = 200
    test: int = 300
    retrieval: int = 300
    mono: int = 2000

    def of(self, split: Split) -> int:
        """The size of a split."""
        return {"train": self.train, "dev": self.dev, "test": self.test}[split]


@dataclass(frozen=True)
class BenchmarkStats:
    """What was written.

    Args:
        seed: The seed.
        concepts: How many concepts the lexicon has.
        examples: Examples by task and split, in each language that the split has.
        dictionary_coverage: Share of the translatable concepts that each dictionary has.
        dictionary_noise: Share of each dictionary's pairs that are wrong.
        anchored: Share of each language's documents with a switched word; empty where none were written.
    """

    seed: int
    concepts: int
    examples: Mapping[str, Mapping[str, int]]
    dictionary_coverage: Mapping[str, float]
    dictionary_noise: Mapping[str, float]
    anchored: Mapping[str, float]


def write_benchmark(
    folder: Path,
    seed: int,
    *,
    parts: Collection[str] = PARTS,
    sizes: Sizes | None = None,
    coverage: float = 0.7,
    noise: float = 0.06,
    anchors: float = 0.0,
) -> BenchmarkStats:
    """Write the benchmark; the same arguments write the same bytes.

    Args:
        folder: Where to; what it has of the same names is overwritten.
        seed: Of everything that is drawn. Each part has a stream of its own, so that neither its size nor whether it
            is written changes the others.
        parts: Tasks, `tatoeba` (retrieval) and `mono` (text for pre-training); the dictionaries are always written.
        sizes: How much of each; None: the defaults of `Sizes`.
        coverage: Share of the lexicon that each dictionary has.
        noise: Share of wrong pairs in a dictionary.
        anchors: Share of the pre-training documents that are code-switched by the dictionaries; the languages
            without dictionary have none.
    """
    sizes, lexicon = sizes or Sizes(), load_lexicon()
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(lexicon, folder)
    examples = {task: _write_task(writer, seed, sizes, task) for task in TASKS if task in parts}
    if "tatoeba" in parts:
        writer.parallel(_items(seed, "tatoeba", "test", sizes.retrieval, set(), lambda draw, row: draw.any()))
        examples["tatoeba"] = {"test": sizes.retrieval}
    dictionaries = {
        language: make_dictionary(lexicon, language, stream(seed, f"dictionary/{language}"), coverage, noise)
        for language in LANGUAGES[1:]
        if language not in WITHOUT_DICTIONARY
    }
    _write_dictionaries(folder, dictionaries)
    anchored = _write_mono(folder, seed, sizes.mono, Anchors(anchors, dictionaries)) if "mono" in parts else {}
    return BenchmarkStats(
        seed,
        len(lexicon),
        examples,
        {language: dictionary.coverage for language, dictionary in dictionaries.items()},
        {language: dictionary.noise for language, dictionary in dictionaries.items()},
        anchored,
    )


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each thing that is drawn."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _items(
    seed: int, task: str, split: Split, count: int, seen: set[_T], draw: Callable[[Drawer, int], _T]
) -> list[_T]:
    """As many different items as wanted, none of which another split has."""
    drawer = Drawer(load_lexicon(), stream(seed, f"{task}/{split}"), split)
    items: list[_T] = []
    for _ in range(count * _TRIES):
        if len(items) == count:
            break
        item = draw(drawer, len(items))
        if item not in seen:
            seen.add(item)
            items.append(item)
    if len(items) < count:
        raise ValueError(f"the lexicon has not {count} different plans for {task}/{split}")
    order = drawer.rng.permutation(count)
    return [items[index] for index in order]


def _write_task(writer: Writer, seed: int, sizes: Sizes, task: str) -> dict[str, int]:
    """Write the splits of a task; how many examples each of them has."""
    ways: dict[str, tuple[Callable[[Drawer, int], Any], Callable[..., None]]] = {
        "topic": (_document, writer.topic),
        "nli": (lambda draw, row: inference(draw, NLI_LABELS[row % 3]), partial(writer.pairs, "nli")),
        "paraphrase": (lambda draw, row: paraphrase(draw, _PAIR_LABELS[row % 2]), partial(writer.pairs, "paraphrase")),
        "pos": (lambda draw, row: draw.any(), partial(writer.tags, "pos", entities=False)),
        "ner": (lambda draw, row: sentence_with_names(draw), partial(writer.tags, "ner", entities=True)),
        "qa": (lambda draw, row: question(draw, _ASKED[row % 3]), writer.questions),
    }
    draw, write = ways[task]
    for split, items in _splits(seed, task, sizes, draw).items():
        write(split, items)
    return {split: sizes.of(split) for split in SPLITS}


def _document(draw: Drawer, row: int) -> tuple[tuple[Clause, ...], str]:
    label = TOPICS[row % len(TOPICS)]
    return document(draw, label), label


def _splits(seed: int, task: str, sizes: Sizes, draw: Callable[[Drawer, int], _T]) -> dict[Split, list[_T]]:
    """The items of each split, no two alike; `draw` is given the row, so that it can balance the labels."""
    seen: set[_T] = set()
    return {split: _items(seed, task, split, sizes.of(split), seen, draw) for split in SPLITS}


def _write_dictionaries(folder: Path, dictionaries: Mapping[str, Dictionary]) -> None:
    (folder / "dictionaries").mkdir(exist_ok=True)
    for language, dictionary in dictionaries.items():
        text = "".join(f"{source} {target}\n" for source, target in dictionary.pairs)
        (folder / "dictionaries" / f"en-{language}.txt").write_text(text, encoding="utf-8")


def _write_mono(folder: Path, seed: int, count: int, anchors: Anchors) -> dict[str, float]:
    """`mono/{lang}.txt`, one document a line; the share of documents with a switched word."""
    (folder / "mono").mkdir(exist_ok=True)
    shares = {}
    for language in LANGUAGES:
        rng = stream(seed, f"mono/{language}")
        written = list(documents(load_lexicon(), language, rng, count, anchors))
        text = "".join(f"{document.text}\n" for document in written)
        (folder / "mono" / f"{language}.txt").write_text(text, encoding="utf-8")
        shares[language] = sum(document.switched for document in written) / max(count, 1)
    return shares
