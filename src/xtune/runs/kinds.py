"""What a task's name and its label space make: the `Task`, of whatever kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xtune.runs.generic import kind_of
from xtune.runs.resolve import metrics_of
from xtune.schema import Example, Kind, Pooling, Positions
from xtune.tasks.classification import Classification, label_space
from xtune.tasks.qa import QuestionAnswering
from xtune.tasks.tagging import Tagging, tag_space
from xtune.tasks.task import Task


def make_task(name: str, labels: Sequence[str], pooling: Pooling = "first", positions: Positions = "unchanged") -> Task:
    """The task of a name.

    Args:
        name: A dataset's, or a generic task's.
        labels: The label space, in the order of the model's outcomes.
        pooling: Which of a word's sub-words say its tag.
        positions: Which words of a context R1 compares.

    Raises:
        InputError: Nothing can be learnt in such a label space.
    """
    metrics = metrics_of(name, labels)
    match kind_of(name):
        case "classification":
            return Classification(name, tuple(labels), metrics)
        case "tagging":
            return Tagging(name, tuple(labels), metrics, pooling)
        case "span":
            return QuestionAnswering(name, metrics, positions=positions)


def labels_in(kind: Kind, examples: Iterable[Example]) -> tuple[str, ...]:
    """The label space of a training set of some kind; none where outcomes are positions of the text."""
    match kind:
        case "classification":
            return label_space(examples)
        case "tagging":
            return tag_space(examples)
        case "span":
            return ()
