"""Our values from folders of runs that were written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from tests.unit.reproduce.runs import finished, write
from xtune.errors import InputError
from xtune.reproduce.collect import Found, find, missing, ours
from xtune.reproduce.figures import table
from xtune.reproduce.job import Job
from xtune.reproduce.on_pocket import pocket_plan
from xtune.reproduce.plans import Cell, plan, runs
from xtune.reproduce.show_cells import side_by_side
from xtune.reproduce.show_gains import gains_report
from xtune.reproduce.show_missing import missing_lines

TRANSFER = "cross-lingual-transfer"


def cell_of(name: str, group: str, row: str, column: str) -> Cell:
    cells = pocket_plan(name) if column.islower() else plan(name)
    return next(cell for cell in cells if (cell.row.group, cell.row.name, cell.column) == (group, row, column))


def found_in(output: Path, name: str, seeds: int = 5, pocket: bool = False) -> Found:
    return find(runs(pocket_plan(name) if pocket else plan(name), range(1, seeds + 1)), output)


def text_of(shown: RenderableType, width: int = 160) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_a_cell_of_table_2_is_the_mean_over_seeds(tmp_path: Path) -> None:
    cell = cell_of("table2", TRANSFER, "xTune", "MLQA")
    for seed, score in ((1, 60.0), (2, 70.0)):
        finished(tmp_path, cell.variant, seed, score)
    value = ours(table("table2"), cell, found_in(tmp_path, "table2"))["MLQA"]
    assert value.numbers == pytest.approx((65 + 10 / 7, 45 + 10 / 7))
    assert value.seeds == (1, 2)


def test_a_cell_of_table_1_is_the_seed_that_is_best_on_dev_not_on_test(tmp_path: Path) -> None:
    cell = cell_of("table1", TRANSFER, "xTune", "XNLI")
    for seed, score, dev in ((1, 80.0, 70.0), (2, 70.0, 75.0), (3, 99.0, None)):
        finished(tmp_path, cell.variant, seed, score, dev=dev)
    value = ours(table("table1"), cell, found_in(tmp_path, "table1"))["XNLI"]
    assert value.numbers == pytest.approx((70 + 10 / 15,))
    assert value.seeds == (2,)
    assert "seed 2 is the best on dev" in value.remarks


def test_a_cell_of_table_9_is_the_gap_in_question_answering_of_the_mean_of_f1_and_em(tmp_path: Path) -> None:
    shown = table("table9")
    for column, gap, expected in (("MLQA", {"f1": 1, "exact_match": 3, "mean": 2.0}, 2.0), ("POS", {"f1": 7.0}, 7.0)):
        cell = cell_of("table9", "baseline", "XLM-R base", column)
        finished(tmp_path, cell.variant, 1, 60.0, transfer_gap=gap)
        assert ours(shown, cell, found_in(tmp_path, "table9"))[column].numbers == (expected,)


def test_a_table_by_language_has_every_language_and_the_average(tmp_path: Path) -> None:
    cell = cell_of("table10", TRANSFER, "xTune", "PAWS-X")
    finished(tmp_path, cell.variant, 4, 80.0)
    values = ours(table("table10"), cell, found_in(tmp_path, "table10"))
    assert set(values) == set(table("table10").columns)
    assert (values["en"].numbers, values["ko"].numbers) == ((90.0,), (80.0,))
    assert values["Avg."].numbers == pytest.approx((80 + 10 / 7,))


def test_an_average_over_fewer_languages_says_so(tmp_path: Path) -> None:
    cell = cell_of("table10", TRANSFER, "xTune", "PAWS-X")
    scores = {"test": {"en": {"accuracy": 90.0}, "de": {"accuracy": 80.0}}}
    finished(tmp_path, cell.variant, 1, 0.0, scores=scores)
    values = ours(table("table10"), cell, found_in(tmp_path, "table10"))
    assert "ko" not in values
    assert "pawsx: 2 of 7 languages" in values["de"].remarks


def test_runs_of_a_study_are_found_by_what_they_are(tmp_path: Path) -> None:
    """`xtune ablate pocket-topic --augmentations cs` calls `r1-cs` what is the recipe's own `r1`."""
    cells = {
        name: cell_of("table2", *where, "topic")
        for name, where in {"r1": (TRANSFER, "only R1"), "xtune-mt": ("translate-train-all", "xTune")}.items()
    }
    entries = []
    for name, method, augmentation, setting in (
        ("r1-cs", "r1", "cs", TRANSFER),
        ("xtune-mt", "xtune", "mt", "translate-train-all"),
        ("lambda1=9", "r1", "cs", TRANSFER),  # sets another key: not the cell of the table
    ):
        place = f"runs/{name}/seed7"
        entries.append(
            {"cell": name, "recipe": "pocket-topic", "method": method, "augmentation": augmentation}
            | {"setting": setting, "seed": 1, "run": place}
        )
        score = 88.0 if name != "lambda1=9" else 1.0
        results = finished(tmp_path / "x", cells["r1"].variant, 1, score)
        write(tmp_path / "mine" / place / "results.json", results)
    write(tmp_path / "mine" / "study.json", {"schema": 1, "runs": entries})
    found = found_in(tmp_path, "table2", pocket=True)
    assert {variant.cell for variant in found} == {"r1", "xtune-mt"}
    assert found[cells["r1"].variant][1]["average"]["test"]["accuracy"] == pytest.approx(89.0)
    assert found[cells["r1"].variant][1]["folder"].endswith("mine/runs/r1-cs/seed7")


def test_a_study_that_is_none(tmp_path: Path) -> None:
    write(tmp_path / "mine" / "study.json", [1])
    with pytest.raises(InputError, match="this is no study"):
        found_in(tmp_path, "table2")


def test_side_by_side_has_our_value_the_papers_and_the_difference(tmp_path: Path) -> None:
    for column, score in (("XNLI", 80.0), ("MLQA", 70.0)):
        finished(tmp_path, cell_of("table2", TRANSFER, "xTune", column).variant, 1, score)
    found = found_in(tmp_path, "table2", seeds=2)
    text = text_of(side_by_side(table("table2"), plan("table2"), found, 2, 160))
    lines = [line.split() for line in text.splitlines()]
    place = next(number for number, line in enumerate(lines) if line[:2] == ["xTune", "ours"])
    assert lines[place] == ["xTune", "ours", "80.7", "71.4/51.4"]
    assert lines[place + 1][:2] == ["paper", "77.7"]
    assert lines[place + 2] == ["difference", "+3.0", "+3.3/+1.2"]
    assert lines[place - 1][:5] == ["XLM-R", "base", "paper", "74.9", "84.9"]  # no run: the paper's alone
    assert "cross-lingual-transfer · xTune: 1 of 2 seeds (1)" in text
    assert "the paper, XNLI, only R2 with code-switch, cross-lingual-transfer: 76.6 and 76.8" in text


def test_the_average_of_table_1_needs_all_columns(tmp_path: Path) -> None:
    cells = [cell for cell in plan("table1") if (cell.row.group, cell.row.name) == (TRANSFER, "xTune")]
    for cell in cells[:-1]:
        finished(tmp_path, cell.variant, 1, 70.0)
    shown = table("table1")

    def average() -> list[str]:
        text = text_of(side_by_side(shown, plan("table1"), found_in(tmp_path, "table1"), 5, 200), 200)
        return next(line.split() for line in text.splitlines() if line.split()[:2] == ["xTune", "ours"])

    assert len(average()) == 2 + 6
    finished(tmp_path, cells[-1].variant, 1, 70.0)
    means = [70 + 10 / 15, 70 + 10 / 7, 70 + 10 / 33, 70 + 10 / 40, 60 + 10 / 11, 60 + 10 / 7, 60 + 10 / 9]
    assert average()[-1] == f"{sum(means) / 7:.1f}"


def test_a_wide_table_goes_on_below(tmp_path: Path) -> None:
    finished(tmp_path, cell_of("table15", TRANSFER, "xTune", "NER").variant, 1, 70.0)
    text = text_of(side_by_side(table("table15"), plan("table15"), found_in(tmp_path, "table15"), 5, 80), 80)
    heads = [line.split() for line in text.splitlines() if line.split() and line.split()[0] in table("table15").columns]
    assert [code for line in heads for code in line] == list(table("table15").columns)
    assert all(len(line) <= 80 for line in text.splitlines())


def test_on_pocket_gains_are_compared_not_scores(tmp_path: Path) -> None:
    for row, score in (("XLM-R base", 60.0), ("xTune", 75.0)):
        finished(tmp_path, cell_of("table2", TRANSFER, row, "nli").variant, 1, score)
    found = found_in(tmp_path, "table2", seeds=1, pocket=True)
    lines = [
        line.split() for line in text_of(gains_report(table("table2"), pocket_plan("table2"), found, 1)).splitlines()
    ]
    place = next(number for number, line in enumerate(lines) if line[:2] == ["xTune", "ours"])
    assert lines[place : place + 3] == [["xTune", "ours", "76.0"], ["gain", "+15.0"], ["paper", "+2.8"]]
    assert lines[place - 1] == ["XLM-R", "base", "ours", "61.0"]


def test_what_is_missing_and_the_commands_that_make_it(tmp_path: Path) -> None:
    cells = plan("figure3")
    finished(tmp_path, cells[0].variant, 1, 80.0)
    planned = runs(cells, (1, 2))
    absent = missing(planned, find(planned, tmp_path))
    assert list(absent.values()) == [(2,), (1, 2), (1, 2)]
    job = Job(table("figure3"), cells, (1, 2), tmp_path, None, (), False)
    title, *commands = missing_lines(job, absent)
    assert "5 missing runs" in title
    assert [line.count("xtune train") for line in commands] == [1, 1, 1]
    assert "method=plain seed=2 --data-dir DATA" in commands[0]
    pocket = Job(table("figure3"), pocket_plan("figure3"), (1, 2), tmp_path, None, ("train.max_steps=1",), True)
    assert missing_lines(pocket, absent)[1] == (
        f"[cyan]xtune reproduce figure3 --pocket train.max_steps=1 --seeds 2 --output-dir {tmp_path.as_posix()}[/]"
    )
    assert missing_lines(job, {}) == ["all runs are there"]
