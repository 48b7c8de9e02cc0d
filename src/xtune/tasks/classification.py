"""Classification of one text or a pair: one distribution an example (paper, section 3.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from xtune.errors import InputError, did_you_mean
from xtune.metrics import METRICS
from xtune.schema import Example
from xtune.tasks.task import UNLABELLED, Reading, with_labels


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label of one example, and each label's probability."""

    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Classification:
    """A classification task.

    Args:
        name: The dataset's name, or `text-classification` or `text-pair`.
        labels: The label space, in the order of the model's outcomes.
        metrics: Names from `xtune.metrics.METRICS`; the first is the one to select by.
    """

    name: str
    labels: tuple[str, ...]
    metrics: tuple[str, ...] = ("accuracy",)

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise InputError(
                f"a label space needs two labels or more, found {list(self.labels)}",
                field="data.label_column",
                remedy="check that the column holds the label",
            )

    @property
    def reading(self) -> Reading:
        """One distribution an example."""
        return Reading("classification")

    def targets(self, example: Example) -> tuple[int]:
        """The outcome that the example is annotated with, or `UNLABELLED`: `[1]`.

        Raises:
            InputError: The label is not in the label space.
        """
        if example.target is None:
            return (UNLABELLED,)
        if example.target not in self.labels:
            raise InputError(
                f"example {example.id} ({example.language}) has the label {example.target!r}, "
                "which is not in the label space",
                field="label",
                remedy=did_you_mean(str(example.target), self.labels)
                + " Set data.labels to name all labels where the training set lacks some.",
            )
        return (self.labels.index(example.target),)

    def load_model(self, name: str, **options: Any) -> Any:
        """The pre-trained encoder with a new head, or a checkpoint of this task with its own.

        Args:
            name: Hub id or folder.
            options: Passed on to `from_pretrained`; see `with_labels`.
        """
        from transformers import AutoModelForSequenceClassification

        return AutoModelForSequenceClassification.from_pretrained(name, **with_labels(self.labels, options))

    def decode(self, examples: Sequence[Example], outputs: Sequence[NDArray[Any]]) -> list[Prediction]:
        """Probabilities, `[1, labels]` an example, to predictions."""
        return [
            Prediction(self.labels[int(row.argmax())], dict(zip(self.labels, map(float, row), strict=True)))
            for (row,) in outputs
        ]

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, float]:
        """Each metric over annotated examples, in percent."""
        gold, predicted = [str(example.target) for example in examples], [each.label for each in predictions]
        return {name: METRICS[name](gold, predicted) for name in self.metrics}


def label_space(examples: Iterable[Example]) -> tuple[str, ...]:
    """All labels of a training set, sorted; whole numbers by their value.

    >>> from xtune.schema import Text
    >>> label_space(Example(str(n), "en", (Text.from_string("x"),), str(n)) for n in (10, 9))
    ('9', '10')
    """
    found = {str(example.target) for example in examples if example.target is not None}
    return tuple(sorted(found, key=lambda label: (0, int(label), label) if label.isdecimal() else (1, 0, label)))
