from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
import pytest

from xtune.data import Columns, Hub, Source, languages_of, load_split, pin
from xtune.errors import InputError
from xtune.schema import Example, Text

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
NLI = datasets.Features(
    {
        "premise": datasets.Value("string"),
        "hypothesis": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["entailment", "neutral"]),
    }
)
FIRST = Hub(path="some/nli", name="{lang}", languages=("en", "de"))
SECOND = Hub(
    path="other/all",
    name="NLI",
    splits={"dev": "validation"},
    columns=Columns(text=("a", "b"), label="gold"),
    languages=("en", "de"),
)


def nli(language: str) -> datasets.Dataset:
    rows = {"premise": [f"{language} one", "two"], "hypothesis": ["three", ""], "label": [1, -1]}
    dataset = datasets.Dataset.from_dict(rows, features=NLI)
    dataset.info.download_checksums = {f"hf://datasets/some/nli@{COMMIT}/{language}/0.parquet": {"num_bytes": 1}}
    return dataset


def mixed() -> datasets.Dataset:
    rows = {"a": ["x", "y"], "b": ["z", "z"], "gold": ["neutral", "neutral"], "language": ["de", "en"]}
    return datasets.Dataset.from_dict(rows)


Hubs = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hubs:
    """Put datasets, or the errors of asking for them, in place of the Hub; what was asked for comes back."""

    def install(**answers: Any) -> list[tuple[Any, ...]]:
        asked: list[tuple[Any, ...]] = []

        def load_dataset(path: str, name: str, *, split: str, revision: str | None) -> datasets.Dataset:
            asked.append((path, name, split, revision))
            answer = answers[path.partition("/")[0]]
            if isinstance(answer, Exception):
                raise answer
            return answer(name) if callable(answer) else answer

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        return asked

    return install


def test_class_numbers_become_names_and_a_negative_one_no_label(hub: Hubs) -> None:
    asked = hub(some=nli)
    source = Source(hub=(FIRST,))
    assert languages_of(source, "dev") == ["de", "en"]
    assert list(load_split(source, "dev", "de")) == [
        Example("0", "de", (Text.from_string("de one"), Text.from_string("three")), "neutral"),
        Example("1", "de", (Text.from_string("two"), Text.from_string("")), None),
    ]
    assert asked == [("some/nli", "de", "validation", None)]


def test_the_ids_of_the_hub_are_kept(hub: Hubs) -> None:
    hub(some=datasets.Dataset.from_dict({"id": [7], "text": ["a"], "label": [1]}))
    (example,) = load_split(Source(hub=(FIRST,)), "test", "en")
    assert (example.id, example.target) == ("7", "1")


def test_a_missing_label_in_training_names_the_row(hub: Hubs) -> None:
    hub(some=nli)
    with pytest.raises(InputError, match=r"^some/nli/en/train, line 2, field 'label': the label is missing"):
        list(load_split(Source(hub=(FIRST,)), "train", "en", labelled=True))


def test_the_second_copy_stands_in_for_the_first(hub: Hubs) -> None:
    asked = hub(some=datasets.exceptions.DatasetNotFoundError("gone"), other=mixed())
    examples = list(load_split(Source(hub=(FIRST, SECOND)), "dev", "en"))
    assert [(example.id, example.texts[0].text, example.target) for example in examples] == [("1", "y", "neutral")]
    assert asked == [("some/nli", "en", "validation", None), ("other/all", "NLI", "validation", None)]


def test_pinning_gives_the_copy_and_the_commit_that_were_read(hub: Hubs) -> None:
    asked = hub(some=nli)
    pinned = pin(Source(hub=(FIRST, SECOND)))
    assert [(copy.path, copy.revision) for copy in pinned.hub] == [("some/nli", COMMIT)]
    next(load_split(pinned, "dev", "de"))
    assert asked[-1] == ("some/nli", "de", "validation", COMMIT)


def test_the_commit_is_found_in_the_place_of_a_cached_file(hub: Hubs, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = mixed()
    files = [{"filename": f"/cache/other___all/NLI/0.0.0/{COMMIT}/all-validation.arrow"}]
    monkeypatch.setattr(datasets.Dataset, "cache_files", property(lambda _: files))
    hub(some=dataset)
    assert pin(Source(hub=(FIRST,))).hub[0].revision == COMMIT


def test_another_commit_than_the_one_asked_for_is_an_error(hub: Hubs) -> None:
    hub(some=nli)
    asked = Hub(path="some/nli", name="{lang}", languages=("en",), revision=OTHER)
    with pytest.raises(InputError) as raised:
        pin(Source(hub=(asked,)))
    assert f"at commit {COMMIT}, not {OTHER}" in str(raised.value)
    assert raised.value.field == "data.revision"


def test_a_source_of_files_is_never_looked_up(hub: Hubs, tmp_path: Any) -> None:
    asked = hub(some=nli)
    for source in (Source(), Source(folder=tmp_path, hub=(FIRST,))):
        assert pin(source) is source
    assert asked == []


def test_without_network_the_error_names_every_copy_and_the_way_out(hub: Hubs) -> None:
    hub(some=ConnectionError("Couldn't reach 'some/nli' on the Hub\nlong trace"), other=ValueError("no such config"))
    with pytest.raises(InputError) as raised:
        load_split(Source(hub=(FIRST, SECOND)), "dev", "en")
    message = str(raised.value)
    assert "some/nli: ConnectionError: Couldn't reach 'some/nli' on the Hub;" in message
    assert "other/all: ValueError: no such config" in message
    assert "data.dir" in message and "data.train" in message and "long trace" not in message


def test_a_split_that_no_copy_has(hub: Hubs) -> None:
    asked = hub()
    with pytest.raises(InputError, match="other/all has no train split in 'en'"):
        load_split(Source(hub=(SECOND,)), "train", "en")
    assert asked == []


def test_tags_of_the_hub_become_their_names(hub: Hubs) -> None:
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "pos_tags": datasets.List(datasets.ClassLabel(names=["ADJ", "NOUN"])),
        }
    )
    rows = {"tokens": [["hond", "Kaap Stad"], ["mooi"]], "pos_tags": [[1, 0], [-1]]}
    asked = hub(some=datasets.Dataset.from_dict(rows, features=features))
    one = Hub(
        path="some/udpos",
        name="udpos.{lang}",
        columns=Columns(text=("tokens",), label="pos_tags"),
        languages=("en", "af", "yo"),
        names={"af": "Afrikans", "yo": "Yoruba"},
        lacks={"dev": ("yo",)},
    )
    source = Source(kind="tagging", hub=(one,), labels=("ADJ", "NOUN"))
    assert languages_of(source, "dev") == ["af", "en"]
    assert languages_of(source, "test") == ["af", "en", "yo"]
    assert list(load_split(source, "dev", "af")) == [
        Example("0", "af", (Text.from_words(["hond", "Kaap Stad"]),), ("NOUN", "ADJ")),
        Example("1", "af", (Text.from_words(["mooi"]),), None),
    ]
    assert asked == [("some/udpos", "udpos.Afrikans", "validation", None)]
    with pytest.raises(InputError, match="has no dev split in 'yo'"):
        list(load_split(source, "dev", "yo"))
