"""Tagging: one distribution a word (paper, section 3.3.2), for entities and for parts of speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from xtune.errors import InputError, did_you_mean
from xtune.metrics import tag_scores
from xtune.schema import Example, Pooling
from xtune.tasks.task import UNLABELLED, Reading, with_labels

_ENTITY = re.compile(r"O|[BIES]-.+")
_BEGINS = re.compile(r"B-.+")
_BILOU = re.compile(r"[LU]-.+")


@dataclass(frozen=True, slots=True)
class Tags:
    """A tag for each word of one example, and how probable the model holds each of these."""

    label: tuple[str, ...]
    probabilities: list[float]


@dataclass(frozen=True)
class Tagging:
    """A tagging task.

    Args:
        name: The dataset's name, or `tagging`.
        labels: The label space, in the order of the model's outcomes: plain tags, or those of entities in BIO or BIOES.
        metrics: Names from `xtune.metrics.TAG_METRICS`; the first is the one to select by. None: what suits the labels.
        pooling: Which of a word's sub-words say its tag.

    Raises:
        InputError: There are fewer than two labels, or some are of entities and others of neither kind.
    """

    name: str
    labels: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    pooling: Pooling = "first"

    def __post_init__(self) -> None:
        check_tags(self.labels)
        if not self.metrics:
            object.__setattr__(self, "metrics", suitable_metrics(self.labels))

    @property
    def reading(self) -> Reading:
        """One distribution a word."""
        return Reading("tagging", self.pooling)

    def targets(self, example: Example) -> tuple[int, ...]:
        """The outcome that each word is annotated with, or `UNLABELLED`: `[words]`.

        Raises:
            InputError: A tag is not in the label space, or there is not one for each word.
        """
        words = len(example.texts[0].words)
        if example.target is None:
            return (UNLABELLED,) * words
        where = f"example {example.id} ({example.language})"
        if not isinstance(example.target, tuple) or len(example.target) != words:
            problem = f"{where} has {words} words, and its tags are {example.target!r}"
            raise InputError(problem, field="tags", remedy="give each word one")
        if unknown := next((tag for tag in example.target if tag not in self.labels), None):
            problem = f"{where} has the tag {unknown!r}, which is not in the label space"
            remedy = f"{did_you_mean(unknown, self.labels)} Set data.labels where the training set lacks some."
            raise InputError(problem, field="tags", remedy=remedy)
        return tuple(map(self.labels.index, example.target))

    def load_model(self, name: str, **options: Any) -> Any:
        """The pre-trained encoder with a new head, or a checkpoint of this task with its own.

        Args:
            name: Hub id or folder.
            options: Passed on to `from_pretrained`; `dtype` is fp32 unless it is given, as in classification.
        """
        from transformers import AutoModelForTokenClassification

        return AutoModelForTokenClassification.from_pretrained(name, **with_labels(self.labels, options))

    def decode(self, examples: Sequence[Example], outputs: Sequence[NDArray[Any]]) -> list[Tags]:
        """Probabilities, `[words, labels]` an example, to the most probable tag of each word."""
        found = []
        for rows in outputs:
            tags = tuple(self.labels[int(best)] for best in rows.argmax(-1))
            found.append(Tags(tags, [float(probability) for probability in rows.max(-1)]))
        return found

    def score(self, examples: Sequence[Example], predictions: Sequence[Tags]) -> dict[str, float]:
        """Each metric over annotated examples, in percent."""
        gold = [example.target if isinstance(example.target, tuple) else () for example in examples]
        scores = tag_scores(gold, [each.label for each in predictions])
        return {name: scores[name] for name in self.metrics}


def check_tags(labels: Sequence[str]) -> None:
    """Refuse a label space that is neither plain tags nor entities in BIO or BIOES.

    Raises:
        InputError: As said, or there are fewer than two labels.
    """
    if len(labels) < 2:
        problem = f"a label space needs two tags or more, found {list(labels)}"
        raise InputError(problem, field="data.label_column", remedy="check that the column holds the tags")
    if not any(map(_BEGINS.fullmatch, labels)):
        return
    if found := next((label for label in labels if _BILOU.fullmatch(label)), None):
        problem = f"'{found}' is of BILOU, which the metrics do not read"
        raise InputError(problem, field="data.labels", remedy="write BIOES: E- in place of L-, S- in place of U-")
    if found := next((label for label in labels if not _ENTITY.fullmatch(label)), None):
        problem = f"'{found}' is no tag of BIO or BIOES, and others are"
        raise InputError(problem, field="data.labels", remedy="write O, B-TYPE, I-TYPE (E-TYPE, S-TYPE), or plain tags")


def are_entities(labels: Iterable[str]) -> bool:
    """Whether tags are those of entities, in BIO, IOB1 or BIOES.

    >>> are_entities(["O", "B-PER", "I-PER"]), are_entities(["NOUN", "VERB"])
    (True, False)
    """
    found = set(labels)
    return found != {"O"} and all(map(_ENTITY.fullmatch, found))


def suitable_metrics(labels: Iterable[str]) -> tuple[str, ...]:
    """Of entities F1, precision and recall; of other tags the accuracy of words."""
    return ("f1", "precision", "recall") if are_entities(labels) else ("accuracy",)


def tag_space(examples: Iterable[Example]) -> tuple[str, ...]:
    """All tags of a training set, sorted."""
    return tuple(sorted({tag for example in examples if isinstance(example.target, tuple) for tag in example.target}))
