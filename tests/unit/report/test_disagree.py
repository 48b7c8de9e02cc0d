from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.report.runs import results, write_predictions, write_run
from xtune.report.compare import Comparison, compare, read_run
from xtune.report.disagree import disagreements
from xtune.report.sections.examples import examples

GOLD = ["money", "sport", "money", "food"]


def run_of(folder: Path, said: dict[str, list[tuple[Any, Any]]], **recipe: Any) -> Comparison:
    """A run on `topic` with these predictions."""
    run = write_run(folder / "run", results("xtune", dict.fromkeys(said, 50.0)), **recipe)
    write_predictions(run, said)
    return compare([read_run(run)])


def pairs(*predictions: str) -> list[tuple[str, str]]:
    return list(zip(GOLD, predictions, strict=True))


def test_examples_with_another_answer_in_another_language(tmp_path: Path) -> None:
    said = {
        "en": pairs(*GOLD),
        "de": pairs("money", "food", "money", "food"),
        "ja": pairs("money", "food", "sport", "food"),
    }
    comparison = run_of(tmp_path, said)
    found = disagreements(comparison.runs[0], "test", "en", ("en", "de", "ja"))
    assert found is not None
    assert (found.languages, found.compared, found.found) == (("en", "de", "ja"), 4, 2)
    assert list(found.shown) == ["1", "2"]
    assert [(one.prediction, one.right) for one in found.shown["2"]] == [
        ("money", True),
        ("money", True),
        ("sport", False),
    ]
    section = examples(comparison)
    assert "Example 2, gold: money" in section.body and "wrong in ja" in section.body
    assert "Their texts are not shown" in section.body


def test_texts_are_shown_where_the_data_is_still_what_was_judged(tmp_path: Path) -> None:
    data = tmp_path / "data" / "topic"
    data.mkdir(parents=True)
    for code in ("en", "de"):
        rows = "".join(f"{code} text {number}\t{gold}\n" for number, gold in enumerate(GOLD))
        (data / f"test-{code}.tsv").write_text(rows, encoding="utf-8")
    keys: dict[str, Any] = {"model": "m", "data": {"dir": str(tmp_path / "data")}, "stages": None, "train": {}}
    said = {"en": pairs(*GOLD), "de": pairs("food", "sport", "money", "food")}
    assert "en text 0" in examples(run_of(tmp_path / "a", said, **keys)).body
    changed = {code: [("sport", prediction) for _, prediction in rows] for code, rows in said.items()}
    body = examples(run_of(tmp_path / "b", changed, **keys)).body
    assert "Example 0, gold: sport" in body and "en text 0" not in body


def test_at_most_ten_are_shown_from_all_over_the_set(tmp_path: Path) -> None:
    said = {"en": [("a", "a")] * 100, "de": [("a", "b")] * 100}
    found = disagreements(run_of(tmp_path, said).runs[0], "test", "en", ("en", "de"))
    assert found is not None and found.found == 100
    assert list(found.shown) == [str(number) for number in range(0, 100, 10)]


def test_sets_that_are_not_parallel_are_not_compared(tmp_path: Path) -> None:
    """The numbers of rows are the same, and what stands in them is not."""
    said = {"en": pairs(*GOLD), "de": [(gold, "food") for gold in reversed(GOLD)]}
    comparison = run_of(tmp_path / "labels", said)
    assert disagreements(comparison.runs[0], "test", "en", ("en", "de")) is None
    assert examples(comparison).body == ""
    tags = {"en": [(["DET", "NOUN"], ["DET", "NOUN"])], "de": [(["DET", "NOUN"], ["NOUN", "NOUN"])]}
    assert disagreements(run_of(tmp_path / "tags", tags).runs[0], "test", "en", ("en", "de")) is None


def test_entities_of_parallel_sentences_may_stand_elsewhere(tmp_path: Path) -> None:
    english = (["B-PER", "O", "B-LOC"], ["B-PER", "O", "B-LOC"])
    japanese = (["B-LOC", "O", "O", "B-PER"], ["B-LOC", "O", "O", "B-ORG"])
    found = disagreements(run_of(tmp_path, {"en": [english], "ja": [japanese]}).runs[0], "test", "en", ("en", "ja"))
    assert found is not None
    (judged,) = found.shown.values()
    assert [(one.right, one.prediction) for one in judged] == [(True, "B-PER O B-LOC"), (False, "B-LOC O O B-ORG")]
