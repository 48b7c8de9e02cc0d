from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.runs import PLAIN, XTUNE, results, two_runs, write_run
from xtune.errors import InputError
from xtune.report.compare import Comparison, compare, read_run


@pytest.fixture
def comparison(tmp_path: Path) -> Comparison:
    return compare([read_run(folder) for folder in two_runs(tmp_path)])


def test_the_source_comes_first_and_the_language_without_dictionary_last(comparison: Comparison) -> None:
    assert comparison.languages == ("en", "de", "ja", "sw")
    assert comparison.targets == ("de", "ja", "sw")
    assert comparison.without_help == {"sw"}
    assert comparison.helped_by == "dictionary"


def test_scores_and_what_they_sum_up_to(comparison: Comparison) -> None:
    plain, xtune = comparison.runs
    assert (comparison.split, comparison.metric) == ("test", "accuracy")
    assert [comparison.score(run, "ja") for run in (plain, xtune)] == [30.0, 70.5]
    assert comparison.mean(plain) == pytest.approx((94 + 60 + 30 + 40) / 4)
    assert comparison.mean(plain, comparison.targets) == pytest.approx((60 + 30 + 40) / 3)
    assert comparison.gap(plain) == pytest.approx(94 - 130 / 3)
    assert [title for title, _ in comparison.summary()] == ["average", "other languages", "transfer gap"]


def test_a_mean_over_a_language_that_a_run_lacks_is_none_not_the_mean_of_the_rest(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", results("plain", PLAIN))
    second = write_run(tmp_path / "b", results("xtune", {"en": 90.0, "de": 80.0}))
    both = compare([read_run(first), read_run(second)])
    assert both.score(both.runs[1], "ja") is None
    assert both.mean(both.runs[1]) is None and both.gap(both.runs[1]) is None
    assert both.mean(both.runs[0]) is not None


def test_translations_into_all_languages_leave_none_without_help(tmp_path: Path) -> None:
    helped = results("xtune", XTUNE, resources={"dictionaries": None, "translations": ["de", "ja", "sw"]})
    assert read_run(write_run(tmp_path / "run", helped)).without_help() == set()


def test_a_run_that_used_no_dictionary_marks_no_language(tmp_path: Path) -> None:
    assert read_run(write_run(tmp_path / "plain", results("plain", PLAIN))).without_help() == set()
    older = results("xtune", XTUNE)
    del older["resources"]
    assert read_run(write_run(tmp_path / "older", older)).without_help() == set()


def test_dev_counts_where_a_run_has_no_test_scores(tmp_path: Path) -> None:
    scores: dict[str, Any] = {"dev": {"en": {"f1": 50.0}, "de": {"f1": 40.0}}, "test": {}}
    only = compare([read_run(write_run(tmp_path / "run", results("plain", PLAIN, scores=scores)))])
    assert (only.split, only.metric, only.mean(only.runs[0])) == ("dev", "f1", 45.0)


@pytest.mark.parametrize(("key", "value"), [("task", "nli"), ("source_language", "de")])
def test_runs_of_different_tasks_or_sources_are_not_compared(tmp_path: Path, key: str, value: str) -> None:
    first = read_run(write_run(tmp_path / "a", results("plain", PLAIN)))
    second = read_run(write_run(tmp_path / "b", results("xtune", XTUNE, **{key: value})))
    with pytest.raises(InputError, match=f"{value} here") as failure:
        compare([first, second])
    assert failure.value.field == key


def test_what_is_no_finished_run_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run in this folder"):
        read_run(tmp_path)
    (tmp_path / "config.yaml").write_text("task: topic\n", encoding="utf-8")
    with pytest.raises(InputError, match="not finished"):
        read_run(tmp_path)


def test_an_augmentation_that_no_stage_uses_is_not_named(tmp_path: Path) -> None:
    """Results hold what the recipe says of augmentations, those of plain fine-tuning too."""
    given = {"stage1": "cs", "data": "cs", "consistency": "ss"}
    runs = [
        read_run(write_run(tmp_path / f"{place}", results(method, PLAIN, augmentation=given)))
        for place, method in enumerate(("plain", "xtune"))
    ]
    assert [run.augmentation for run in runs] == ["", "cs+ss"]
