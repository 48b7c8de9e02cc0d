"""Examples that a run judges otherwise in one language than in another, though they say the same.

Parallel test sets have the same ids in every language. Where a data set merely counts its rows, the same id means
nothing; so a language counts as parallel to the source where (nearly) all it shares with it has the same gold label, or
the same kinds of entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xtune.evaluation.said import Said
from xtune.metrics import entities, normaliser
from xtune.report.compare import Run
from xtune.report.predictions import in_words, is_right, read_predictions
from xtune.report.texts import examples_of
from xtune.schema import Answer, Example

SHARE = 0.95
"""Of the examples that two languages share, how many must have the same gold label."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An example in one language.

    Args:
        language: Its code.
        gold: What is right, in words.
        prediction: What the run said, in words.
        right: Whether that is right.
        texts: As the data has them; None where it cannot be read any more.
    """

    language: str
    gold: str
    prediction: str
    right: bool
    texts: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Disagreements:
    """Examples judged differently.

    Args:
        languages: Those that were compared, the source first.
        compared: How many examples all of them have.
        found: How many of these are judged differently.
        shown: Some of them, evenly chosen: id to the example in each language.
    """

    languages: tuple[str, ...]
    compared: int
    found: int
    shown: Mapping[str, tuple[Judged, ...]]


def disagreements(run: Run, split: str, source: str, languages: Sequence[str], most: int = 10) -> Disagreements | None:
    """Find them; None where no language is parallel to the source.

    Args:
        run: A finished one.
        split: `dev` or `test`.
        source: The language that the others are compared with.
        languages: All of them.
        most: How many are shown.
    """
    said = {code: {one.id: one for one in read_predictions(run.folder, split, code)} for code in languages}
    if not said.get(source):
        return None
    parallel = [code for code in languages if code == source or _is_parallel(said[source], said[code])]
    shared = [id for id in said[source] if all(id in said[code] for code in parallel)]
    if len(parallel) < 2 or not shared:
        return None
    task = str(run.results["task"])
    differ = [id for id in shared if len({_view(said[code][id], task, code) for code in parallel}) > 1]
    chosen = [differ[place * len(differ) // most] for place in range(most)] if len(differ) > most else differ
    examples = {code: examples_of(run, split, code, chosen) for code in parallel}
    shown = {
        id: tuple(_judged(said[code][id], task, code, examples[code].get(id)) for code in parallel) for id in chosen
    }
    return Disagreements(tuple(parallel), len(shared), len(differ), shown)


def _is_parallel(source: Mapping[str, Said], other: Mapping[str, Said]) -> bool:
    """Whether what two languages share by id is the same, as far as the gold labels tell."""
    shared = [(source[id], other[id]) for id in other if id in source]
    if 2 * len(shared) < len(source):
        return False
    same = sum(_signature(one) is not None and _signature(one) == _signature(two) for one, two in shared)
    return same >= SHARE * len(shared)


def _signature(said: Said) -> object:
    """What translations of an example have in common with it; None where nothing can be known."""
    if said.gold is None:
        return None
    if said.kind == "span":  # ids of questions are their own, unlike numbers of rows
        return None if said.id.isdecimal() else said.id
    if said.kind == "classification":
        return said.gold
    if not all(tag == "O" or tag[1:2] == "-" for tag in said.gold):
        return None  # the same sentence has other parts of speech in another language
    return frozenset(Counter(kind for kind, _, _ in entities([said.gold])).items())


def _view(said: Said, task: str, language: str) -> Any:
    """What is compared between languages: the label; of tags and answers, whether they are right."""
    return said.prediction if said.kind == "classification" else is_right(said, normaliser(task, language))


def _judged(said: Said, task: str, language: str, example: Example | None) -> Judged:
    texts, words = None, None
    if example is not None and _same(said, example):
        texts = tuple(text.text for text in example.texts)
        words = [example.texts[0].word(index) for index in range(len(example.texts[0].words))]
    right = is_right(said, normaliser(task, language))
    return Judged(language, in_words(said.gold, words), in_words(said.prediction, words), right, texts)


def _same(said: Said, example: Example) -> bool:
    """Whether the data still has what the run was evaluated on."""
    target: Any = example.target
    gold = said.gold["text"] if said.kind == "span" else said.gold
    target = target.text if isinstance(target, Answer) else target
    return bool(gold == (list(target) if isinstance(target, tuple) else target))
