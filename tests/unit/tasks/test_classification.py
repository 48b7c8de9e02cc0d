from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xtune.errors import InputError
from xtune.schema import Example, Text
from xtune.tasks.classification import Classification, label_space
from xtune.tasks.task import UNLABELLED


def example(label: str | None) -> Example:
    return Example("7", "de", (Text.from_string("a"),), label)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["b", "a", "b"], ("a", "b")),
        (["10", "9", "1"], ("1", "9", "10")),
        (["b", "10", "a", "9"], ("9", "10", "a", "b")),
        (["no", "Yes"], ("Yes", "no")),
        (["1", "01"], ("01", "1")),
        ([None, "a"], ("a",)),
    ],
)
def test_the_label_space_of_a_training_set(labels: list[str | None], expected: tuple[str, ...]) -> None:
    assert label_space(map(example, labels)) == expected
    assert label_space(map(example, labels[::-1])) == expected


@pytest.mark.parametrize("labels", [(), ("only",)])
def test_a_label_space_of_one_label_is_none(labels: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="two labels or more"):
        Classification("text-classification", labels)


def test_targets_and_labels_that_there_are_not() -> None:
    task = Classification("text-classification", ("neg", "pos"))
    assert [task.targets(example(label)) for label in ("pos", "neg", None)] == [(1,), (0,), (UNLABELLED,)]
    with pytest.raises(InputError, match="example 7 \\(de\\) has the label 'positive'") as failure:
        task.targets(example("positive"))
    assert "data.labels" in str(failure.value)


def test_probabilities_become_labels() -> None:
    task = Classification("text-classification", ("a", "b", "c"))
    (first, second) = task.decode([example(None)] * 2, np.array([[[0.2, 0.5, 0.3]], [[0.6, 0.1, 0.3]]]))
    assert (first.label, second.label) == ("b", "a")
    assert first.probabilities == {"a": 0.2, "b": 0.5, "c": 0.3}
    assert type(first.probabilities["a"]) is float  # for JSON


def test_the_models_configuration_names_the_labels(tiny_model: Callable[[str], Path]) -> None:
    model = Classification("text-classification", ("a", "b", "c")).load_model(str(tiny_model("bert")))
    assert model.config.num_labels == 3
    assert model.config.id2label == {0: "a", 1: "b", 2: "c"}
    assert model.config.label2id == {"a": 0, "b": 1, "c": 2}
