from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from xtune.config.load import load_recipe, write_recipe
from xtune.data import Columns, Hub, Source, commits, languages_of, load_pair, load_split, pairs_of, pin
from xtune.errors import InputError
from xtune.runs.source import source_of
from xtune.schema import Answer, Example, Text
from xtune.tasks.datasets import dataset

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
    assert {(copy.path, copy.revision) for copy in pinned.hub} == {("some/nli", COMMIT)}
    assert [list(copy.splits) for copy in pinned.hub] == [["train"], ["dev"], ["test"]]
    assert commits(pinned) == {"some/nli": COMMIT}
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


# ---- splits from several repositories


def questions(*ids: str, context: str = "ein Hund bellt") -> datasets.Dataset:
    """Rows as the questions of XTREME are on the Hub."""
    answers = {"text": ["Hund"], "answer_start": [4]}
    rows = [{"id": id, "question": "wer?", "context": context, "answers": answers} for id in ids]
    return datasets.Dataset.from_list(rows)


def at(dataset: datasets.Dataset, path: str, commit: str) -> datasets.Dataset:
    dataset.info.download_checksums = {f"hf://datasets/{path}@{commit}/0.parquet": {"num_bytes": 1}}
    return dataset


def xtreme(name: str) -> datasets.Dataset:
    return at(questions(f"of {name}"), "google/xtreme", OTHER)


def read(source: Source, split: str, language: str) -> list[str]:
    """The ids of a language, of which each has its answer."""
    examples = list(load_split(source, split, language, labelled=True))
    assert all((each.language, each.target) == (language, Answer("Hund", 4)) for each in examples)
    return [each.id for each in examples]


SQUAD_COMMIT, XQUAD_COMMIT = "a" * 40, "b" * 40


def test_each_split_of_xquad_comes_from_its_own_repository(hub: Hubs) -> None:
    squad = at(questions("of squad"), "rajpurkar/squad", SQUAD_COMMIT)

    def google(name: str) -> datasets.Dataset:
        return at(questions("of xquad"), "google/xquad", XQUAD_COMMIT) if name.startswith("xquad") else xtreme(name)

    asked = hub(rajpurkar=squad, google=google)
    source = dataset("xquad").locate()
    found = [languages_of(source, split) for split in ("train", "dev", "test")]
    assert found == [["en"], sorted(dataset("mlqa").languages), sorted(dataset("xquad").languages)]
    pinned = pin(source)
    assert [(copy.path, copy.revision, *copy.splits) for copy in pinned.hub] == [
        ("rajpurkar/squad", SQUAD_COMMIT, "train"),
        ("google/xtreme", OTHER, "dev"),
        ("google/xquad", XQUAD_COMMIT, "test"),
    ]
    asked.clear()
    assert read(pinned, "train", "en") == ["of squad"]
    assert read(pinned, "dev", "de") == ["of MLQA.de.de"]
    assert read(pinned, "test", "th") == ["of xquad"]
    assert asked == [
        ("rajpurkar/squad", None, "train", SQUAD_COMMIT),
        ("google/xtreme", "MLQA.de.de", "validation", OTHER),
        ("google/xquad", "xquad.th", "validation", XQUAD_COMMIT),
    ]
    with pytest.raises(InputError, match="google/xtreme has no dev split in 'th'"):
        load_split(pinned, "dev", "th")


def test_a_run_repeats_the_copies_and_commits_of_its_config(hub: Hubs, tmp_path: Path) -> None:
    """XTREME's copy stood in for a SQuAD that could not be had, and does so again when that is back."""
    asked = hub(rajpurkar=ConnectionError("down"), google=xtreme)
    read_from = commits(pin(dataset("mlqa").locate()))
    assert read_from == {"google/xtreme": OTHER}
    write_recipe(load_recipe("mlqa-transfer-base", {"data.revision": read_from}), tmp_path / "config.yaml")
    again = source_of(load_recipe(str(tmp_path / "config.yaml")))
    asked = hub(rajpurkar=at(questions("of squad"), "rajpurkar/squad", SQUAD_COMMIT), google=xtreme)
    pinned = pin(again)
    assert commits(pinned) == read_from and read(pinned, "train", "en") == ["of SQuAD"]
    assert {(path, revision) for path, _, _, revision in asked} == {("google/xtreme", OTHER)}
    hub(rajpurkar=questions("of squad"), google=ConnectionError("down"))
    with pytest.raises(InputError, match="does not give train in 'en': google/xtreme"):
        pin(again)


def test_a_commit_of_one_repository_leaves_the_others_at_their_newest(hub: Hubs) -> None:
    hub(rajpurkar=at(questions("of squad"), "rajpurkar/squad", SQUAD_COMMIT), google=xtreme)
    pinned = pin(dataset("mlqa").locate(revision={"rajpurkar/squad": SQUAD_COMMIT}))
    assert commits(pinned) == {"rajpurkar/squad": SQUAD_COMMIT, "google/xtreme": OTHER}


def test_a_commit_of_a_repository_that_the_dataset_is_not_in() -> None:
    with pytest.raises(InputError) as raised:
        dataset("mlqa").locate(revision={"google/xtrem": OTHER})
    assert raised.value.field == "data.revision" and "'google/xtreme'" in (raised.value.remedy or "")


def test_the_pairs_of_mlqa(hub: Hubs) -> None:
    asked = hub(google=xtreme, rajpurkar=questions("x"))
    source = pin(dataset("mlqa").locate())
    assert len(pairs_of(source, "test")) == 42 and pairs_of(dataset("xquad").locate(), "test") == []
    assert pairs_of(source, "test", ["de", "zh", "th"]) == ["de-zh", "zh-de"]
    asked.clear()
    (found,) = load_pair(source, "test", "de-zh")
    assert (found.id, found.language, found.target) == ("of MLQA.de.zh", "de", Answer("Hund", 4))
    assert asked == [("google/xtreme", "MLQA.de.zh", "test", OTHER)]


@pytest.mark.parametrize("lost", ["nothing", "the first copy"])
def test_the_languages_of_tydiqa_are_told_by_their_ids(hub: Hubs, lost: str) -> None:
    mixed = questions("finnish--5-1", "english--7-0", "english-9-1", "indonesian-3-0")
    copies = {"google-research-datasets": ConnectionError("down") if lost == "the first copy" else mixed}
    asked = hub(**copies, google=mixed)
    source = dataset("tydiqa").locate()
    assert languages_of(source, "dev") == ["en"]
    assert languages_of(source, "train") == languages_of(source, "test") == sorted(dataset("tydiqa").languages)
    assert read(source, "train", "en") == read(source, "dev", "en") == ["english--7-0", "english-9-1"]
    assert read(source, "test", "fi") == ["finnish--5-1"] and read(source, "test", "id") == ["indonesian-3-0"]
    first, second = ("google-research-datasets/tydiqa", "secondary_task"), ("google/xtreme", "tydiqa")
    assert {each[:2] for each in asked} == ({first} if lost == "nothing" else {first, second})
    assert [split for _, _, split, _ in asked if split != "train"] == ["validation"] * (3 if lost == "nothing" else 6)
    with pytest.raises(InputError, match="field 'id': no row is in 'ko'"):
        read(source, "test", "ko")
