"""Which runs a table needs: how many, which ones, in which order, by which commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from xtune.config.load import load_recipe
from xtune.errors import InputError
from xtune.reproduce.figures import TABLES, table
from xtune.reproduce.job import Job
from xtune.reproduce.on_pocket import pocket_plan
from xtune.reproduce.plans import BY_LANGUAGE, Cell, plan, runs, seeds_of
from xtune.reproduce.variants import Variant, command, recipe_of, stages_in
from xtune.runs.resolve import resolve

RUNS = {  # cells × seeds, counted in the paper's tables: "-" and other systems have none
    "table1": (7 + 7 + 7 + 5 + 7) * 5,  # X-STILTs, XLM-R, xTune; with translations XLM-R without POS and NER, xTune
    "table2": (4 * 7 + 5 + 7 + 5 + 7 + 7) * 5,
    "table3": (4 + 2) * 5,
    "table4": (3 + 3 * 3 * 3 + 2 + 1 + 3) * 5,
    "table5": 5 * 5,
    "table6": 0,
    "table7": 0,
    "table8": 0,
    "table9": (3 + 3 * 3 * 3 + 2 + 1 + 3) * 5,
    "table10": 3 * 5,
    "table11": 3 * 5,
    "table12": 3 * 5,
    "table13": 3 * 5,
    "table14": 3 * 5,
    "table15": 3 * 5,
    "figure3": 3,
}


def cells(name: str, group: str, row: str) -> dict[str, Variant]:
    return {cell.column: cell.variant for cell in plan(name) if (cell.row.group, cell.row.name) == (group, row)}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_needs_so_many_runs(name: str) -> None:
    planned = runs(plan(name), seeds_of(name))
    assert len(planned) == RUNS[name]
    assert len({run.folder(Path("out")) for run in planned}) == len(planned)


def test_the_definitions_of_table_2() -> None:
    r1 = cells("table2", "cross-lingual-transfer", "only R1")
    assert r1["POS"].folder.as_posix() == "udpos-transfer-base/runs/r1"
    baseline = cells("table2", "translate-train-all", "XLM-R base")
    assert set(baseline) == {"XNLI", "PAWS-X", "XQuAD", "MLQA", "TyDiQA"}
    assert baseline["XNLI"].keys == {"method": "data-augmentation"}
    (stage,) = stages_in(recipe_of(cells("table2", "translate-train-all", "only R1")["MLQA"]))
    assert (stage.augmentation, stage.r1 and stage.r1.augmentation) == ("mt", "ss")  # on D_A, with what aligns
    first, second = stages_in(recipe_of(cells("table2", "cross-lingual-transfer", "only R2")["NER"]))
    assert (first.r1, second.r1, second.augmentation, second.r2 is not None) == (None, None, "ss", True)
    for stage in stages_in(recipe_of(cells("table2", "translate-train-all", "no stop-gradient")["NER"])):
        assert stage.r1 is not None and not stage.r1.stop_gradient


def test_tables_share_the_runs_that_are_the_same() -> None:
    two, four = ({cell.variant for cell in plan(name)} for name in ("table2", "table4"))
    # three baselines, R1 with A*, R2 with A; with translations XLM-R of two, R2 of three
    assert len(two & four) == 3 + 3 + 3 + 2 + 3
    assert {cell.variant for cell in plan("table9")} == four
    assert {cell.variant for cell in plan("table5")} < two
    assert {cell.variant for cell in plan("figure3")} < two
    one = {cell.variant for cell in plan("table1")}
    assert all({cell.variant for cell in plan(name)} < one for name in BY_LANGUAGE if name != "table3")


def test_r1_with_translations_is_on_d_in_table_4_and_on_d_a_in_table_2() -> None:
    (on_d,) = stages_in(recipe_of(cells("table4", "machine translation", "only R1")["XNLI"]))
    (on_d_a,) = stages_in(recipe_of(cells("table2", "translate-train-all", "only R1")["XNLI"]))
    assert (on_d.augmentation, on_d_a.augmentation) == (None, "mt")
    assert on_d.r1 == on_d_a.r1 and on_d.r1 is not None and on_d.r1.augmentation == "mt" and on_d.r1.weight == 5.0


def test_gaussian_noise_is_in_all_places() -> None:
    first, second = stages_in(recipe_of(cells("table4", "Gaussian noise", "only R2")["MLQA"]))
    assert second.augmentation == "gn" and first.augmentation is None
    assert cells("table4", "Gaussian noise", "only R2")["MLQA"].cell == "r2-gn"


def test_stilts_start_from_a_run_of_the_same_table_that_comes_first() -> None:
    planned = runs(plan("table1"), (1, 2))
    order = [run.variant for run in planned]
    started = [variant for variant in order if variant.start is not None]
    assert len(set(started)) == 7
    assert all(variant.start in order and order.index(variant.start) < order.index(variant) for variant in started)
    tydiqa = cells("table1", "cross-lingual-transfer", "X-STILTs")["TyDiQA"]
    assert tydiqa.settings(Path("out"))["init_from"] == "out/xquad-transfer-large/runs/plain/seed1"
    line = command(tydiqa, (202,), Path("out"), None, [], first=201)  # the first of the table's, not of those missing
    assert "init_from=out/xquad-transfer-large/runs/plain/seed201 seed=202" in line


@pytest.mark.parametrize("name", ["table1", "table2", "table3", "table4"])
def test_every_run_has_a_recipe_that_can_be_run(name: str, tmp_path: Path) -> None:
    for found in {cell.variant for cell in (*plan(name), *pocket_plan(name))}:
        keys = {**found.settings(tmp_path), "data.translations": "t", "data.dictionaries": "d"}
        resolve(load_recipe(found.recipe, keys))


def test_a_command_makes_the_runs_of_all_seeds() -> None:
    variant = cells("table4", "Gaussian noise", "only R1")["XNLI"]
    line = command(variant, [1, 3], Path("out dir"), "data", ["train.bf16=true"])
    assert line == (
        "for seed in 1 3; do xtune train xnli-transfer-base method=r1 augmentation=gn train.bf16=true seed=$seed "
        "--data-dir data --output-dir 'out dir/xnli-transfer-base/runs/r1-gn'/seed$seed; done"
    )
    assert command(variant, [2], Path("out"), None, []) == (
        "xtune train xnli-transfer-base method=r1 augmentation=gn seed=2 "
        "--output-dir out/xnli-transfer-base/runs/r1-gn/seed2"
    )


def test_a_key_that_is_a_list_is_quoted_for_the_shell_and_read_back() -> None:
    variant = cells("table4", "machine translation", "only R1")["XNLI"]
    line = command(variant, [1], Path("out"), None, [])
    written = line.partition("'")[2].partition("'")[0]
    assert written.startswith("stages=[{")
    assert stages_in(load_recipe(variant.recipe, ["method=r1", written])) == stages_in(recipe_of(variant))


POCKET = {  # tasks × rows; XNLI has two tasks, and the three QA sets one
    "table1": 3 * 6 + 4 + 6,
    "table2": 4 * 6 + 4 + 6 + 4 + 6 + 6,
    "table3": 6,
    "table4": 10 * 4 + 3 + 2 + 4,
    "table5": 5,
    "table9": 10 * 4 + 3 + 2 + 4,
    "table10": 3,
    "table11": 3,
    "table14": 3,
    "figure3": 3,
}


@pytest.mark.parametrize("name", POCKET)
def test_the_same_shape_on_the_pocket_benchmark(name: str) -> None:
    found = pocket_plan(name)
    assert len(found) == POCKET[name]
    assert {cell.variant.recipe.partition("-")[0] for cell in found} == {"pocket"}


def test_which_pocket_task_stands_for_which_dataset() -> None:
    def tasks(name: str) -> set[tuple[str, str]]:
        return {(cell.column, cell.stands_for) for cell in pocket_plan(name)}

    both = {("topic", "XNLI"), ("nli", "XNLI"), ("pos", "POS")}
    assert tasks("table4") == both | {("qa", "MLQA")}
    assert tasks("table1") == both | {("qa", "XQuAD"), ("paraphrase", "PAWS-X"), ("ner", "NER")}
    assert tasks("table13") == {("qa", "TyDiQA")}
    assert tasks("table15") == {("ner", "NER")}


def test_tables_without_runs_have_no_counterpart_on_pocket() -> None:
    with pytest.raises(InputError, match="no counterpart"):
        pocket_plan("table7")


def job(name: str, found: tuple[Cell, ...], seeds: tuple[int, ...] = (1, 2)) -> Job:
    return Job(table(name), found, seeds, Path("out"), "data", ("train.bf16=true",), False)


def test_grids_are_one_a_recipe_and_those_that_start_from_others_come_once_more() -> None:
    from xtune.reproduce.execute import grids

    planned = job("table1", plan("table1"))
    found = grids(planned)
    names = [grid.name for grid in found]
    assert len(names) == 14 + 7 and len(set(names)) == 14
    started = [place for place, grid in enumerate(found) if any("init_from" in cell.keys for cell in grid.cells)]
    assert started == list(range(14, 21))
    last = {cell.name for cell in found[-1].cells}
    assert {"plain", "xtune"} < last  # what is finished already is in its study too
    assert all(grid.base.data.dir == "data" and grid.base.train["bf16"] is True for grid in found)
    assert sum(len(grid.cells) for grid in found[:14]) * 2 == 165 // 5 * 2 - 7 * 2
    assert [run.seed for run in found[0].runs] == [1, 1, 2, 2]


def test_grids_have_the_seeds_that_are_named() -> None:
    from xtune.reproduce.execute import grids

    found = grids(job("table1", plan("table1"), (202, 201)))
    assert {run.seed for grid in found for run in grid.runs} == {201, 202}
    starts = {str(cell.keys["init_from"]) for grid in found for cell in grid.cells if "init_from" in cell.keys}
    assert {Path(start).name for start in starts} == {"seed202"}
    assert job("table3", plan("table3"), (7,)).asked == "7,"  # 7 would be seven
    assert job("table3", plan("table3"), (1, 2, 3)).asked == "3"
