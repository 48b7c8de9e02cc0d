from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xtune.config.load import load_recipe
from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.runs.grids.grid import Grid, Run, ablation_cells, cell_name, cost, parse_seeds, steps_of_xtune
from xtune.runs.grids.space import paper_space, read_space, sweep_cells
from xtune.runs.resolve import resolve


def base(name: str = "pocket-topic", **keys: Any) -> Recipe:
    return load_recipe(name, {"model": "some/encoder", **keys})


def grid_of(recipe: Recipe, methods: list[str], augmentations: list[str], seeds: tuple[int, ...] = (1,)) -> Grid:
    return Grid("ablation", "name", recipe, ablation_cells(recipe, methods, augmentations), seeds, methods[0], "test")


def test_methods_times_augmentations_and_one_cell_for_those_that_need_none() -> None:
    grid = grid_of(base(), ["plain", "r1", "xtune", "r-drop", "plain-steps"], ["ss", "cs", "mt"], (3, 4))
    names = ["plain", "r1-ss", "r1-cs", "r1-mt", "xtune-ss", "xtune-cs", "xtune-mt", "r-drop", "plain-steps"]
    assert [cell.name for cell in grid.cells] == names
    in_order = [*names[:4], *names[7:], *names[4:7]]  # those that others take a stage from come first
    assert [run.name for run in grid.runs] == [f"{name}/seed{seed}" for seed in (3, 4) for name in in_order]
    recipes = {run.name: resolve(grid.recipe(run)) for run in grid.runs}
    assert recipes["xtune-ss/seed4"].seed == 4
    assert {name: recipe.setting for name, recipe in recipes.items() if recipe.setting != "cross-lingual-transfer"} == {
        f"{name}-mt/seed{seed}": "translate-train-all" for name in ("r1", "xtune") for seed in (3, 4)
    }
    used = {stage.r1.augmentation for stage in recipes["xtune-ss/seed3"].stages or () if stage.r1}
    assert used == {"ss"}
    assert [stage.r1 for stage in recipes["plain/seed3"].stages or ()] == [None]


def test_without_augmentations_the_recipes_own_are_used() -> None:
    grid = grid_of(base("pocket-ner"), ["plain", "xtune"], [])
    assert [cell.name for cell in grid.cells] == ["plain", "xtune"]
    stage = (resolve(grid.recipe(Run(grid.cells[1], 1))).stages or ())[1]
    assert (stage.augmentation, stage.r1 and stage.r1.augmentation) == ("cs", "cs")


@pytest.mark.parametrize("task", ["pocket-ner", "pocket-qa"])
def test_where_sites_are_words_translations_are_rows_and_never_partners(task: str) -> None:
    grid = grid_of(base(task), ["r1", "xtune"], ["mt"])
    for run in grid.runs:
        stages = resolve(grid.recipe(run)).stages or ()
        assert stages[-1].augmentation == "mt"
        assert {stage.r1.augmentation for stage in stages if stage.r1} == {"ss"}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, {"train.num_train_epochs": 9.0}),
        ({"ratio": 0.5, "stage2": {"num_train_epochs": 2}}, {"train.num_train_epochs": 6.0}),
        ({"train": {"max_steps": 100}, "stage2": {"max_steps": 250}}, {"train.max_steps": 350}),
    ],
)
def test_plain_can_take_as_many_steps_as_xtune(keys: dict[str, Any], expected: dict[str, Any]) -> None:
    assert steps_of_xtune(base(**keys)) == expected


def test_the_time_left_is_shared_out_by_what_runs_cost() -> None:
    grid = grid_of(base(), ["plain", "r1", "r2", "xtune", "plain-steps"], ["cs"])
    costs = [cost(resolve(grid.recipe(run))) for run in grid.runs]
    assert costs == [3, 6, 9, 9, 18]  # plain, r1, plain-steps, r2, xtune


@pytest.mark.parametrize(
    ("text", "said"), [("", "no number"), ("0", "too few"), ("2000", "too many"), ("1,x", "no number"), ("-3", "no")]
)
def test_seeds_that_are_none_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_seeds(text)
    assert caught.value.field == "--seeds"


@pytest.mark.parametrize(
    ("methods", "said"), [(["xtun"], "did you mean 'xtune'"), ([], "nothing to run"), (["r1", "r1"], "there twice")]
)
def test_methods_that_there_are_not_are_refused(methods: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ablation_cells(base(), methods, ["cs"])


def test_the_work_is_shared_by_those_who_run_the_same_recipe() -> None:
    """More methods and seeds are more work on one study; another key is another study."""
    one = grid_of(base(), ["plain"], [])
    assert grid_of(base(seed=9), ["plain", "r1"], ["cs"], (1, 2)).study == one.study
    assert grid_of(base(**{"train.learning_rate": 1.0}), ["plain"], []).study != one.study


# ---- sweeps


def test_the_papers_grid_is_the_one_of_appendix_b() -> None:
    large, small = (paper_space(load_recipe(f"xnli-transfer-{size}")) for size in ("large", "base"))
    assert large == {
        "consistency.lambda1": (1.0, 2.0, 5.0),
        "consistency.lambda2": (0.3, 0.5, 1.0, 2.0, 5.0),
        "train.learning_rate": (5e-6, 7e-6, 1e-5, 1.5e-5),
    }
    assert small["train.learning_rate"] == (7e-6, 1e-5, 2e-5, 3e-5)
    assert len(sweep_cells(base(), large)[0]) == 60


def test_what_a_method_does_not_use_is_not_tried() -> None:
    assert list(paper_space(base(method="r2"))) == ["consistency.lambda2"]
    assert paper_space(base(method="plain")) == {}
    with pytest.raises(InputError, match="nothing to run"):
        sweep_cells(base(method="plain"), {})


def test_a_space_is_read_from_words_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("consistency:\n  lambda1: [1, 2]\ntrain.learning_rate: [1e-5]\n", encoding="utf-8")
    assert read_space([str(file)]) == {"consistency.lambda1": (1, 2), "train.learning_rate": (1e-5,)}
    assert read_space(["augmentation=cs,ss", "ratio=0.5"]) == {"augmentation": ("cs", "ss"), "ratio": (0.5,)}


def test_the_cells_of_a_sweep_and_which_of_them_is_the_recipe() -> None:
    space = {"consistency.lambda1": (1.0, 2.0), "augmentation": ("cs", "ss")}
    cells, baseline = sweep_cells(base(augmentation="ss"), space)
    assert [cell.name for cell in cells] == [
        *("lambda1=1.0,augmentation=cs", "lambda1=1.0,augmentation=ss"),
        *("lambda1=2.0,augmentation=cs", "lambda1=2.0,augmentation=ss"),
    ]
    assert baseline == "lambda1=2.0,augmentation=ss"  # as the recipe has it
    assert sweep_cells(base(), {"ratio": (0.1, 0.2)})[1] == "ratio=0.1"


def test_names_of_cells_are_names_of_folders() -> None:
    assert cell_name({"train.learning_rate": 1e-5, "stage2.learning_rate": 2e-5}) == (
        "train.learning_rate=1e-05,stage2.learning_rate=2e-05"
    )
    assert "/" not in cell_name({"model": "some/encoder"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lambda1"], "neither"),
        (["ratio="], "neither"),
        (["ratio=0.1,0.1"], "there twice"),
        (["ratio=0.1", "ratio=0.2"], "there twice"),
        (["gone.yaml"], "no such recipe file"),
    ],
)
def test_spaces_that_are_none_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_space(words)


def test_a_value_that_the_recipe_cannot_have_is_refused_before_anything_runs() -> None:
    for key, value in (("consistency.lambda1", -1), ("consistency.lamda1", 1)):
        with pytest.raises(InputError) as caught:
            sweep_cells(base(), {key: (value,)})
        assert caught.value.field == key


def test_a_file_without_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text("ratio: 0.5\n", encoding="utf-8")
    with pytest.raises(InputError, match="no list") as caught:
        read_space([str(tmp_path / "space.yaml")])
    assert (caught.value.field, caught.value.file) == ("ratio", str(tmp_path / "space.yaml"))
