"""What a task's name alone says, of a dataset or of the user's own files; known without torch."""

from __future__ import annotations

from xtune.schema import Kind
from xtune.tasks.datasets import dataset, datasets

GENERIC_TASKS = {"text-classification": 1, "text-pair": 2, "tagging": 1, "span": 2}
"""Tasks on the user's own files, and how many texts an example has."""

GENERIC_KINDS: dict[str, Kind] = {"tagging": "tagging", "span": "span"}
"""Their kinds, where it is another than classification."""


def texts_of(task: str) -> int:
    """How many texts an example of a task has."""
    return GENERIC_TASKS[task] if task in GENERIC_TASKS else dataset(task).texts


def kind_of(task: str) -> Kind:
    """The kind of a task."""
    return dataset(task).kind if task in datasets() else GENERIC_KINDS.get(task, "classification")
