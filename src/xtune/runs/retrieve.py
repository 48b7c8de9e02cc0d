"""Sentence retrieval with an encoder, fine-tuned or not: `xtune retrieve` (paper, table 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from xtune.data.parallel import ParallelSet, bucc_languages, load_bucc, load_tatoeba, tatoeba_languages
from xtune.errors import InputError
from xtune.evaluation.embed import POOLING, embed
from xtune.evaluation.retrieval import (
    NEIGHBOURS,
    Embeddings,
    Engine,
    Similarity,
    best_threshold,
    find,
    load_faiss,
    mine,
)
from xtune.evaluation.suite import Scores, average
from xtune.languages import languages_among
from xtune.metrics import accuracy, pair_scores
from xtune.runs.bare import Bare
from xtune.runs.files import write_json, write_text
from xtune.runs.models import check_vocabulary
from xtune.runs.results import environment
from xtune.schema import Example, Text

SIMILARITIES: dict[str, Similarity] = {"tatoeba": "cosine", "bucc2018": "margin"}
"""The tasks, and how sentences are compared unless the user says otherwise."""

SAMPLE = 100
"""Of so many English sentences it is seen whether the tokenizer is the model's own."""

Say = Callable[[str], None]
ScoredPair = tuple[str, str, float]


@dataclass(frozen=True)
class Retriever:
    """How sentences are embedded and compared.

    Args:
        bare: The encoder.
        similarity: `cosine` or `margin`.
        engine: What searches.
        batch_size: Sentences a forward pass.
    """

    bare: Bare
    similarity: Similarity
    engine: Engine = "exact"
    batch_size: int = 64

    def check(self, english: Sequence[str]) -> None:
        """Refuse a tokenizer to which English is unknown, which is not the model's own; other languages may be."""
        examples = [Example(str(row), "en", (Text.from_string(text),)) for row, text in enumerate(english[:SAMPLE])]
        check_vocabulary(self.bare.name, self.bare.encoder, examples, "English sentences")

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """`[texts, hidden]`."""
        return embed(self.bare.model, self.bare.encoder, texts, self.bare.layer, self.batch_size)


@dataclass
class Retrieved:
    """What was found, and what it is worth, by split and language.

    Args:
        lines: XTREME's submission.
        scores: By metric, in percent; of the languages whose translations are known.
        examples: How many sentences there are on the side that is not English.
        thresholds: Of BUCC, by language alone; None where no pair of dev was found.
        revision: The commit on the Hub, if the sentences come from there.
    """

    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    examples: dict[str, dict[str, int]] = field(default_factory=dict)
    thresholds: dict[str, float | None] = field(default_factory=dict)
    revision: str | None = None

    def add(self, split: str, language: str, there: ParallelSet, lines: list[str], scores: dict[str, float]) -> None:
        """Note a set; without scores where nothing says what translates what."""
        self.lines.setdefault(split, {})[language] = lines
        self.examples.setdefault(split, {})[language] = len(there.sentences)
        self.scores.setdefault(split, {})
        if scores:
            self.scores[split][language] = scores

    def write(self, folder: Path, task: str) -> None:
        """Write `{task}/{split}-{lang}.tsv` as XTREME wants it submitted."""
        (folder / task).mkdir(parents=True, exist_ok=True)
        for split, languages in self.lines.items():
            for language, lines in languages.items():
                write_text(folder / task / f"{split}-{language}.tsv", "".join(f"{line}\n" for line in lines))


def wanted_languages(task: str, folder: Path | None, asked: Sequence[str] | None) -> list[str]:
    """The languages asked for, or all, once it is known that there are sentences in each.

    Raises:
        InputError: For a language without sentences, or a folder without any.
    """
    if folder is None and task == "bucc2018":
        problem = "the Hub has only the sentences of BUCC that have a translation, which is another task"
        raise InputError(problem, field="--data-dir", remedy="give the folder that holds bucc2018/")
    there = tatoeba_languages(folder) if folder is None or task == "tatoeba" else bucc_languages(folder)
    return languages_among(asked or there, there, "there are no sentences")


def retrieve(
    retriever: Retriever, task: str, folder: Path | None, languages: Sequence[str], say: Say
) -> tuple[dict[str, Any], Retrieved]:
    """Find translations in some languages of a task.

    Args:
        retriever: How.
        task: A key of `SIMILARITIES`.
        folder: XTREME's folder or the task's own; None: the Hub.
        languages: As `wanted_languages` gives them.
        say: Told what is being done.

    Returns:
        What `results.json` holds, and what was found.

    Raises:
        InputError: For what is wrong in a file, or where faiss is asked for and not installed.
    """
    began, found = perf_counter(), Retrieved()
    if retriever.engine == "faiss":
        load_faiss()  # or say so before minutes of embedding
    for number, language in enumerate(languages, start=1):
        say(f"{task} {language}, {number} of {len(languages)} …")
        if folder is None or task == "tatoeba":
            _tatoeba(retriever, folder, language, found)
        else:
            _bucc(retriever, folder, language, found)
    return _summary(retriever, task, found, perf_counter() - began), found


def retrieve_into(
    output: Path, retriever: Retriever, task: str, folder: Path | None, languages: Sequence[str], say: Say
) -> dict[str, Any]:
    """The same, written to `output`: `predictions/`, and last of all `results.json`, whose content is returned."""
    summary, found = retrieve(retriever, task, folder, languages, say)
    found.write(output / "predictions", task)
    write_json(output / "results.json", summary)
    return summary


def _tatoeba(retriever: Retriever, folder: Path | None, language: str, found: Retrieved) -> None:
    """The row of the translation of each English sentence, as XTREME asks for it, and accuracy both ways."""
    there = load_tatoeba(folder, language)
    found.revision = there.revision
    retriever.check(there.english)
    embeddings = retriever.embed(there.english), retriever.embed(there.sentences)
    from_english, to_english = (
        list(map(str, rows)) for rows in find(*embeddings, retriever.similarity, retriever.engine)
    )
    scores = {
        "accuracy": accuracy(there.english_ids, from_english),
        "accuracy_to_en": accuracy(there.ids, to_english),
    }
    found.add("test", language, there, from_english, {} if there.gold is None else scores)


def _bucc(retriever: Retriever, folder: Path, language: str, found: Retrieved) -> None:
    """Pairs of dev and the threshold that is best for them, pairs of test that reach it."""
    dev, test = (load_bucc(folder, language, split) for split in ("dev", "test"))
    assert dev is not None and dev.gold is not None
    retriever.check(dev.english)
    pairs, gold = _mined(retriever, dev), set(dev.gold)
    scores, right = [score for _, _, score in pairs], [pair[:2] in gold for pair in pairs]
    threshold = best_threshold(scores, right, len(gold))
    found.thresholds[language] = threshold if any(right) else None
    _add_pairs(found, "dev", language, dev, pairs, threshold)
    if test is not None:
        _add_pairs(found, "test", language, test, _mined(retriever, test), threshold)


def _mined(retriever: Retriever, there: ParallelSet) -> list[ScoredPair]:
    """Pairs of ids, the best first. A sentence that stands in a file under several ids is left out, as in XTREME."""
    sides = _by_text(there.sentences, there.ids), _by_text(there.english, there.english_ids)
    first, second = (retriever.embed(list(side)) for side in sides)
    mined = mine(first, second, retriever.similarity, retriever.engine)
    ids, english_ids = (list(side.values()) for side in sides)
    named = (
        (ids[row], english_ids[other], float(score))
        for row, other, score in zip(mined.first, mined.second, mined.scores, strict=True)
    )
    return [(id, other, score) for id, other, score in named if id is not None and other is not None]


def _by_text(texts: Sequence[str], ids: Sequence[str]) -> dict[str, str | None]:
    """The id of each text; None where it has several.

    >>> _by_text(["a", "b", "a"], ["de-1", "de-2", "de-3"])
    {'a': None, 'b': 'de-2'}
    """
    found: dict[str, str | None] = {}
    for text, id in zip(texts, ids, strict=True):
        found[text] = None if text in found else id
    return found


def _add_pairs(
    found: Retrieved, split: str, language: str, there: ParallelSet, pairs: Sequence[ScoredPair], threshold: float
) -> None:
    taken = [(first, second) for first, second, score in pairs if score >= threshold]
    scores = {} if there.gold is None else pair_scores(there.gold, taken)
    found.add(split, language, there, ["\t".join(pair) for pair in taken], scores)


def _summary(retriever: Retriever, task: str, found: Retrieved, seconds: float) -> dict[str, Any]:
    """What `results.json` holds; scores in percent."""
    bare = retriever.bare
    return {
        "schema": 1,
        "xtune": version("xtune"),
        "task": task,
        "model": bare.name,
        "layer": bare.layer,
        "layers": bare.layers,
        "pooling": POOLING,
        "similarity": retriever.similarity,
        "engine": retriever.engine,
        "neighbours": NEIGHBOURS,
        "scores": found.scores,
        "average": {split: average(languages) for split, languages in found.scores.items() if languages},
        **({"thresholds": found.thresholds} if task == "bucc2018" else {}),
        **({"revision": found.revision} if found.revision else {}),
        "examples": found.examples,
        "timing": {"seconds": round(seconds, 1)},
        "environment": environment(),
    }
