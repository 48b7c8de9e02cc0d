"""What the other rooms need to know of a task, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from xtune.schema import Example, Kind, Pooling, Positions

UNLABELLED = -100
"""The outcome of a site without annotation, as in PyTorch and transformers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model's output becomes a distribution at each site.

    Args:
        kind: The kind of task.
        pooling: For tagging; the other kinds have nothing to pool.
        positions: For span extraction; the other kinds compare all their sites.
    """

    kind: Kind
    pooling: Pooling = "first"
    positions: Positions = "unchanged"


def with_labels(labels: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """How `from_pretrained` is asked for a head of some labels, in fp32 unless the options say otherwise.

    transformers would take the checkpoint's own precision, and some are stored in half, in which training stalls.
    """
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
        "dtype": "float32",
        **options,
    }


class Prediction(Protocol):
    """What a model says of one example."""

    @property
    def label(self) -> Any:
        """The answer: a label, a tag for each word, or the text of an answer."""

    @property
    def probabilities(self) -> Any:
        """How sure the model is, as JSON can hold it."""


class Task(Protocol):
    """A label space, a head, decoding and metrics."""

    @property
    def name(self) -> str:
        """The dataset's name, or that of a generic task."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The outcomes at a site, in the model's order; none where they are positions of the text."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is reported; the first is what checkpoints are compared by."""

    @property
    def reading(self) -> Reading:
        """The kind of task, and how its sites are read."""

    def targets(self, example: Example) -> Sequence[int]:
        """The outcome at each of an example's sites, `UNLABELLED` where nobody said: `[sites]`.

        Span extraction has none: there the outcomes are a view's tokens, which `xtune.views.correspond` finds.

        Raises:
            InputError: A label is not in the label space.
        """

    def load_model(self, name: str, **options: Any) -> Any:
        """The pre-trained encoder with a new head, or a checkpoint of this task with its own."""

    def decode(self, examples: Sequence[Example], outputs: Sequence[Any]) -> Sequence[Any]:
        """What `xtune.evaluation.predict` made of each example to a `Prediction` of it.

        Args:
            examples: Without their annotation being looked at.
            outputs: Probabilities, `[1, outcomes]` (classification) or `[words, outcomes]` (tagging); or the windows of
                the context (span extraction).
        """

    def score(self, examples: Sequence[Example], predictions: Sequence[Any]) -> dict[str, float]:
        """Each metric over annotated examples, in percent."""
