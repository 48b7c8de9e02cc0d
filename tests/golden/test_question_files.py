"""XQuAD, MLQA and TyDiQA: as many questions as the files are known to have, each answer in its place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from xtune.data import languages_of, load_pair, load_split, pairs_of
from xtune.schema import Answer, Example
from xtune.tasks.datasets import dataset

DATA = Path(os.environ.get("XTUNE_DATA", ""))

QUESTIONS = {
    "xquad/test": "ar 1190 de 1190 en 1190 es 1190 hi 1190 ru 1190 zh 1190",
    "mlqa/dev": "ar 517 de 512 en 1148 es 500 zh 504",
    "tydiqa/train": "en 3696 ko 1625 sw 2755",
    "tydiqa/dev": "en 440",
    "tydiqa/test": "en 440 fi 782 id 565 ko 276 sw 499",
}
PAIRS = (
    "ar-de 207 ar-en 517 ar-es 161 ar-zh 188 de-ar 207 de-en 512 de-es 196 de-zh 190 en-ar 517 en-de 512 en-es 500 "
    "en-zh 504 es-ar 161 es-de 196 es-en 500 es-zh 161 zh-ar 188 zh-de 190 zh-en 504 zh-es 161"
)


def counts(text: str) -> dict[str, int]:
    fields = text.split()
    return dict(zip(fields[::2], map(int, fields[1::2]), strict=True))


def check(examples: Iterable[Example], count: int, language: str) -> None:
    found = list(examples)
    assert len(found) == len({example.id for example in found}) == count
    for example in found:
        question, context = example.texts
        assert isinstance(example.target, Answer) and example.language == language and question.words
        start = example.target.start
        assert context.text[start : start + len(example.target.text)] == example.target.text


def need(task: str) -> None:
    if "XTUNE_DATA" not in os.environ or not (DATA / task).is_dir():
        pytest.skip(f"XTUNE_DATA names no folder with {task}/")


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True], ids=["the folder above", "the task's own"])
@pytest.mark.parametrize("place", QUESTIONS)
def test_every_question_is_read(place: str, own: bool) -> None:
    task, _, split = place.partition("/")
    need(task)
    source = dataset(task).locate(folder=DATA / task if own else DATA)
    expected = counts(QUESTIONS[place])
    assert languages_of(source, split) == sorted(expected)
    for language, count in expected.items():
        check(load_split(source, split, language, labelled=True), count, language)


@pytest.mark.slow
def test_every_pair_of_languages_is_read() -> None:
    need("mlqa")
    source = dataset("mlqa").locate(folder=DATA)
    found, expected = pairs_of(source, "dev"), counts(PAIRS)
    assert found == sorted(expected)
    for name in found:
        check(load_pair(source, "dev", name), expected[name], name.split("-")[0])


@pytest.mark.slow
def test_xquad_is_selected_on_the_dev_sets_of_mlqa() -> None:
    need("mlqa")
    source = dataset("xquad").locate(folder=DATA)
    assert languages_of(source, "dev") == sorted(counts(QUESTIONS["mlqa/dev"]))
