from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from tests.unit.pocket.conftest import SIZES
from tests.unit.report.runs import PLAIN, XTUNE, results, two_runs, write_run
from xtune.errors import InputError
from xtune.pocket.benchmark import write_benchmark
from xtune.pocket.quickstart import METHODS, STAGES, next_steps, quickstart, recipes, sentence, write_texts
from xtune.report.compare import compare, read_run
from xtune.runs.resolve import resolve


def test_the_sentence_says_what_was_gained_and_which_language_had_no_dictionary(tmp_path: Path) -> None:
    said = sentence(compare([read_run(run) for run in two_runs(tmp_path)]))
    assert said == (
        "In the 3 languages without labels: plain 43.3 %, xtune 69.2 % (+25.8 points).\n"
        "Swahili had neither labels nor a dictionary."
    )


def test_the_sentence_does_not_hide_a_loss(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "a", results("plain", XTUNE)), write_run(tmp_path / "b", results("xtune", PLAIN))]
    assert "(-25.8 points)" in sentence(compare([read_run(run) for run in runs]))


def test_both_recipes_differ_in_their_method_alone_and_train_the_stages_shown(tmp_path: Path) -> None:
    write_benchmark(tmp_path, 1, parts=("topic",), sizes=SIZES)
    plain, xtune = recipes("topic", tmp_path, 5).values()
    assert (plain.method, xtune.method) == METHODS
    assert {plain.seed, xtune.seed} == {5}
    assert (plain.train, plain.data, plain.model) == (xtune.train, xtune.data, xtune.model)
    trained = [f"{recipe.method}/{stage.name}" for recipe in (plain, xtune) for stage in resolve(recipe).stages]
    assert trained == list(STAGES)


def test_the_next_steps_can_be_typed_whatever_the_folder_is_called() -> None:
    steps = [shlex.split(command) for _, command in next_steps(Path("my folder"), "topic")]
    assert [step[:2] for step in steps] == [["xtune", "predict"], ["xtune", "evaluate"], ["xtune", "train"]]
    assert steps[0][2:5] == ["my folder/xtune", "--input", "my folder/new.csv"]


@pytest.mark.parametrize(("task", "columns"), [("topic", ["text"]), ("nli", ["text_a", "text_b"])])
def test_the_texts_to_label_are_test_texts_in_all_languages(tmp_path: Path, task: str, columns: list[str]) -> None:
    write_benchmark(tmp_path, 1, parts=(task,), sizes=SIZES)
    write_texts(tmp_path, task, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["language", *columns]
    assert sorted(row[0] for row in rows) == ["ar", "de", "en", "es", "fr", "id", "ja", "ru", "sw", "tr"]
    tests = {row[0]: (tmp_path / task / f"test-{row[0]}.{'csv' if task == 'topic' else 'tsv'}") for row in rows}
    assert all(text in tests[language].read_text("utf-8") for language, *texts in rows for text in texts)


def test_an_unknown_task_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'topic'"):
        quickstart("topics", tmp_path / "out", 1, Console(quiet=True))
    assert not (tmp_path / "out").exists()
