from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xtune.errors import InputError
from xtune.schema import Example, Text
from xtune.tasks.tagging import Tagging, Tags, are_entities, suitable_metrics, tag_space
from xtune.tasks.task import Reading, Task

BIO = ("B-LOC", "B-PER", "I-PER", "O")


def example(*tags: str | None, words: int = 0) -> Example:
    text = Text.from_words([f"w{place}" for place in range(words or len(tags))])
    return Example("7", "de", (text,), None if None in tags else tuple(map(str, tags)))


def test_it_is_a_task_that_is_read_a_word_at_a_time() -> None:
    task: Task = Tagging("panx", BIO, pooling="sum")
    assert task.reading == Reading("tagging", "sum")


@pytest.mark.parametrize(
    ("labels", "metrics"),
    [
        (BIO, ("f1", "precision", "recall")),
        (("O", "B-X", "I-X", "E-X", "S-X"), ("f1", "precision", "recall")),
        (("I-LOC", "I-PER", "O"), ("f1", "precision", "recall")),  # IOB1 needs no B-
        (("NOUN", "SCONJ", "X"), ("accuracy",)),
        (("NOUN", "O"), ("accuracy",)),
        (("L-X", "NN-TL"), ("accuracy",)),  # plain tags may have a hyphen
    ],
)
def test_metrics_that_suit_the_labels(labels: tuple[str, ...], metrics: tuple[str, ...]) -> None:
    assert Tagging("tagging", labels).metrics == suitable_metrics(labels) == metrics
    assert are_entities(labels) == (len(metrics) == 3)
    assert Tagging("udpos", labels, ("f1", "accuracy")).metrics == ("f1", "accuracy")


@pytest.mark.parametrize(
    ("labels", "problem", "remedy"),
    [
        ((), "two tags or more", "the column holds the tags"),
        (("O",), "two tags or more", "the column holds the tags"),
        (("O", "B-PER", "PER"), "'PER' is no tag of BIO", "B-TYPE"),
        (("O", "B-PER", "B-"), "'B-' is no tag of BIO", "B-TYPE"),
        (("O", "B-PER", "I-PER", "L-PER", "U-PER"), "BILOU", "E- in place of L-"),
    ],
)
def test_label_spaces_that_cannot_be_scored(labels: tuple[str, ...], problem: str, remedy: str) -> None:
    with pytest.raises(InputError) as failure:
        Tagging("tagging", labels)
    assert problem in failure.value.problem and remedy in (failure.value.remedy or "")


def test_targets_are_one_a_word() -> None:
    task = Tagging("panx", BIO)
    assert task.targets(example("O", "B-PER", "I-PER")) == (3, 1, 2)
    assert task.targets(example(None, words=2)) == (-100, -100)
    with pytest.raises(InputError, match=r"example 7 \(de\) has the tag 'B-ORG'"):
        task.targets(example("O", "B-ORG"))
    with pytest.raises(InputError, match="has 3 words"):
        task.targets(example("O", "B-PER", words=3))


def test_probabilities_become_tags() -> None:
    task = Tagging("panx", BIO)
    outputs = [np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]]), np.array([[0.0, 1.0, 0.0, 0.0]])]
    found = task.decode([example("O", "O"), example("O")], outputs)
    assert found == [Tags(("O", "B-LOC"), [0.4, 0.7]), Tags(("B-PER",), [1.0])]
    assert type(found[0].probabilities[0]) is float  # for JSON


def test_scores_are_those_of_entities_and_words() -> None:
    gold = [example("B-PER", "I-PER", "O", "B-LOC"), example("O", "O")]
    predicted = [Tags(("B-PER", "I-PER", "O", "B-PER"), [1.0] * 4), Tags(("O", "B-LOC"), [1.0] * 2)]
    task = Tagging("panx", BIO, ("f1", "precision", "recall", "accuracy"))
    expected = {"f1": 40.0, "precision": 100 / 3, "recall": 50.0, "accuracy": 200 / 3}
    assert task.score(gold, predicted) == pytest.approx(expected)
    assert Tagging("panx", BIO).score(gold, predicted) == pytest.approx(
        {k: expected[k] for k in Tagging("p", BIO).metrics}
    )


def test_the_label_space_of_a_training_set() -> None:
    assert tag_space([example("O", "B-PER"), example(None, words=1), example("B-LOC", "O")]) == ("B-LOC", "B-PER", "O")


def test_the_models_configuration_names_the_tags(tiny_model: Callable[[str], Path]) -> None:
    model = Tagging("panx", BIO).load_model(str(tiny_model("xlm-roberta")))
    assert type(model).__name__ == "XLMRobertaForTokenClassification"
    assert model.config.id2label == dict(enumerate(BIO))
    assert model.config.label2id == {label: number for number, label in enumerate(BIO)}
