"""What a task's name and its label space make: the `Task`, of whatever kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xtune.runs.resolve import kind_of, metrics_of
from xtune.schema import Example
from xtune.tasks.classification import Classification, label_space
from xtune.tasks.tagging import Tagging, tag_space
from xtune.tasks.task import Kind, Pooling, Task


def make_task(name: str, labels: Sequence[str], pooling: Pooling = "first") -> Task:
    """The task of a name.

    Args:
        name: A dataset's, or a generic task's.
        labels: The label space, in the order of the model's outcomes.
        pooling: Which of a word's sub-words say its tag.

    Raises:
        InputError: Nothing can be learnt in such a label space.
    """
    metrics = metrics_of(name, labels)
    if kind_of(name) == "tagging":
        return Tagging(name, tuple(labels), metrics, pooling)
    return Classification(name, tuple(labels), metrics)


def labels_in(kind: Kind, examples: Iterable[Example]) -> tuple[str, ...]:
    """The label space of a training set of some kind."""
    return tag_space(examples) if kind == "tagging" else label_space(examples)
