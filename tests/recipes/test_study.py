"""Grids of runs through the real functions and commands, on a toy task: resumed, shared, compared."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from tests.invariant.runs import CONTEXT, Setup, make_setup, weights
from tests.recipes.conftest import Command, TinyModel
from xtune.errors import InputError
from xtune.runs.fit import fit
from xtune.runs.grids import workers
from xtune.runs.grids.storage import open_study
from xtune.runs.grids.study import ablate, sweep

METHODS = ("plain", "r1")


@pytest.fixture(scope="module")
def setup(tiny_model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Two epochs of three steps, dev sets in English and German."""
    return make_setup(tiny_model("xlm-roberta"), tmp_path_factory.mktemp("study"), dropout=True)


def keys_of(setup: Setup) -> list[str]:
    return [f"{key}={value}" for key, value in setup.keys.items()]


def grid(setup: Setup, folder: Path, **options: Any) -> dict[str, Any]:
    """Run, or go on with, a small ablation in this process."""
    given: dict[str, Any] = {"methods": METHODS, "augmentations": ("cs",), "seeds": (1, 2), "split": "dev", **options}
    quiet = Console(quiet=True)
    return ablate("text-classification", keys_of(setup), output_dir=folder, console=quiet, **given)


def started(setup: Setup, folder: Path, log: Path | None = None, **options: Any) -> Any:
    """The same in a process of its own; with a log, it writes there which runs it begins, and waits for another one."""
    process = CONTEXT.Process(target=_started, args=(setup, folder, log, options))
    process.start()
    return process


def _started(setup: Setup, folder: Path, log: Path | None, options: dict[str, Any]) -> None:
    if log is not None:
        real = workers.fit

        def fit(*args: Any, **named: Any) -> Any:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{os.getpid()} {named['output_dir'].relative_to(folder / 'runs')}\n")
            _until(lambda: len({line.split()[0] for line in log.read_text("utf-8").splitlines()}) > 1)
            return real(*args, **named)

        workers.fit = fit
    grid(setup, folder, **options)


@pytest.fixture(scope="module")
def whole(setup: Setup) -> Path:
    """The grid that nothing disturbed."""
    grid(setup, setup.folder / "whole")
    return setup.folder / "whole"


def logged(folder: Path) -> int:
    """How many lines all runs have logged."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("runs/*/*/train_log.jsonl"))


# ---- what a grid leaves


def test_what_a_grid_leaves(whole: Path) -> None:
    study = json.loads((whole / "study.json").read_text("utf-8"))
    assert (study["schema"], study["kind"], study["recipe"]) == (1, "ablation", "text-classification")
    assert (study["split"], study["metric"], study["baseline"], study["seeds"]) == ("dev", "accuracy", "plain", [1, 2])
    assert study["runs"][1] == {
        **{"cell": "r1-cs", "recipe": "text-classification", "method": "r1", "augmentation": "cs"},
        **{"setting": "cross-lingual-transfer", "seed": 1, "run": "runs/r1-cs/seed1"},
    }
    assert len(study["runs"]) == 4 and list(study["cells"]) == ["plain", "r1-cs"]
    results = {
        run["run"]: json.loads((whole / run["run"] / "results.json").read_text("utf-8")) for run in study["runs"]
    }
    for name, cell in study["cells"].items():
        own = [results[f"runs/{name}/seed{seed}"] for seed in (1, 2)]
        assert cell["seeds"] == [1, 2] and cell["keys"] == {}
        for column, values in {
            "average": [each["average"]["dev"]["accuracy"] for each in own],
            "targets": [each["scores"]["dev"]["de"]["accuracy"] for each in own],
            "transfer_gap": [each["transfer_gap"]["accuracy"] for each in own],
        }.items():
            assert cell[column]["mean"] == pytest.approx(sum(values) / 2)
            assert cell[column]["sd"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
            assert len(cell[column]["interval"]) == 2
        assert set(cell["languages"]) == {"en", "de"}
    assert "difference" not in study["cells"]["plain"]
    difference = study["cells"]["r1-cs"]["difference"]
    assert set(difference) == {"average", "targets", "transfer_gap", "languages"}
    assert set(difference["languages"]["de"]) == {"mean", "interval", "p"}
    trials = open_study(whole, None, _name(whole))[0].get_trials()
    assert sorted(trial.user_attrs["run"] for trial in trials) == sorted(run["run"][5:] for run in study["runs"])


def _name(folder: Path) -> str:
    """The name of the only study in a folder's journal."""
    lines = (folder / "study.log").read_text("utf-8").splitlines()
    name: str = json.loads(lines[0])["study_name"]
    return name


def test_a_finished_grid_runs_nothing_and_more_seeds_run_only_these(
    setup: Setup, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    real = workers.fit

    def fit(*args: Any, **options: Any) -> Any:
        begun.append(str(options["output_dir"].relative_to(whole / "runs")))
        return real(*args, **options)

    monkeypatch.setattr(workers, "fit", fit)
    before = (whole / "study.json").read_bytes()
    (whole / "study.log").unlink()  # the run folders are the truth
    grid(setup, whole)
    assert begun == [] and (whole / "study.json").read_bytes() == before
    grid(setup, whole, methods=("plain",), seeds=(1, 3))
    assert begun == ["plain/seed3"]
    grid(setup, whole)
    assert (whole / "study.json").read_bytes() == before


# ---- a stage that is trained once


def test_a_stage_that_another_run_has_trained_is_taken_over_and_nothing_else_changes(
    setup: Setup, whole: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"methods": ("r2", "xtune", "plain", "r1"), "seeds": (2,)}
    grid(setup, tmp_path / "grid", **options)
    runs = tmp_path / "grid" / "runs"
    taken = {path.parents[2].name: read(path) for path in runs.glob("*/seed2/stage1/stage.json")}
    assert {cell: record.get("trained_in") for cell, record in taken.items()} == {
        **{"plain": None, "r1-cs": None},
        **{"r2-cs": str(runs / "plain" / "seed2"), "xtune-cs": str(runs / "r1-cs" / "seed2")},
    }
    for method, other in (("r2", "plain"), ("xtune", "r1-cs")):
        keys = [*keys_of(setup), f"method={method}", "augmentation=cs", "seed=2"]
        alone = tmp_path / method
        fit("text-classification", keys, output_dir=alone, console=Console(quiet=True))
        run = runs / f"{method}-cs" / "seed2"
        assert weights(run) == weights(alone) and weights(run / "stage1") == weights(runs / other / "seed2")
        assert untimed(run / "train_log.jsonl") == untimed(alone / "train_log.jsonl")
        assert read(run / "results.json")["scores"] == read(alone / "results.json")["scores"]
    log = (runs / "plain" / "seed2" / "train_log.jsonl").read_bytes()
    assert (
        log.splitlines() == (runs / "r2-cs" / "seed2" / "train_log.jsonl").read_bytes().splitlines()[: log.count(b"\n")]
    )
    assert untimed(runs / "plain" / "seed2" / "train_log.jsonl") == untimed(
        whole / "runs" / "plain" / "seed2" / "train_log.jsonl"
    )


def test_a_stage_is_not_taken_over_where_anything_about_it_differs(setup: Setup, whole: Path, tmp_path: Path) -> None:
    there = sorted(whole.glob("runs/*/seed1"))
    for number, keys in enumerate((["consistency.lambda1=0.5"], ["seed=2"], ["train.weight_decay=0.1"])):
        run = tmp_path / str(number)
        given = [*keys_of(setup), "method=r1", "augmentation=cs", *keys]
        fit("text-classification", given, output_dir=run, console=Console(quiet=True), others=there)
        assert "trained_in" not in read(run / "stage1" / "stage.json")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def untimed(log: Path) -> list[dict[str, Any]]:
    """A log without what a clock says."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


# ---- killed, and shared


@pytest.mark.slow
def test_a_grid_that_is_killed_five_times_ends_as_one_that_was_not(setup: Setup, whole: Path) -> None:
    folder, rng = setup.folder / "killed", random.Random(5)
    kills = 0
    while kills < 5:
        process, goal = started(setup, folder), logged(folder) + rng.randrange(7)
        while process.is_alive() and (logged(folder) < goal or not (folder / "study.log").exists()):
            time.sleep(0.002)
        time.sleep(rng.random() / 5)  # anywhere: in a step, an evaluation, a renaming, between two runs
        finished = not process.is_alive()
        process.kill()
        process.join()
        if finished:
            break
        kills += 1
    assert kills >= 3  # or the grid was too small to be killed
    grid(setup, folder)
    assert (folder / "study.json").read_bytes() == (whole / "study.json").read_bytes()
    for run in ("plain/seed1", "plain/seed2", "r1-cs/seed1", "r1-cs/seed2"):
        assert weights(folder / "runs" / run) == weights(whole / "runs" / run)


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_two_processes_share_a_grid_and_no_run_is_made_twice(
    setup: Setup, whole: Path, tmp_path: Path, storage: str
) -> None:
    folder, log = tmp_path / "shared", tmp_path / "begun.txt"
    url = f"sqlite:///{tmp_path}/study.db" if storage == "sqlite" else None
    processes = [started(setup, folder, log, storage=url) for _ in range(2)]
    for process in processes:
        process.join(600)
        assert process.exitcode == 0
    begun = [line.split() for line in log.read_text("utf-8").splitlines()]
    runs = ["plain/seed1", "plain/seed2", "r1-cs/seed1", "r1-cs/seed2"]
    assert sorted(run for _, run in begun) == runs
    assert {int(pid) for pid, _ in begun} == {process.pid for process in processes}
    assert (folder / "study.json").read_bytes() == (whole / "study.json").read_bytes()


@pytest.mark.slow
def test_the_command_with_several_jobs_is_killed_and_goes_on(setup: Setup, tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    command = [
        *(sys.executable, "-m", "xtune", "ablate", "text-classification", *keys_of(setup)),
        *("--methods", "plain,r1", "--augmentations", "cs", "--seeds", "7,", "--split", "dev"),
        *("--jobs", "2", "--output-dir", str(folder)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _until(lambda: len(list(folder.glob("runs/*/*/config.yaml"))) >= 2)
        process.kill()  # the workers are left alone
    paths = list(folder.glob("runs/*/.*.lock"))
    assert len(paths) >= 2
    _until(lambda: all(_free(path) for path in paths))  # and end
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "2/2" in done.stdout and "95 % interval" in done.stdout
    study = json.loads((folder / "study.json").read_text("utf-8"))
    assert len(study["runs"]) == 2


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _free(path: Path) -> bool:
    from xtune.runs.grids.locks import FileLock

    lock = FileLock(path)
    taken = lock.acquire()
    lock.release()
    return taken


# ---- sweeps


def test_a_sweep_selects_on_dev_and_leaves_a_recipe_that_trains(xtune: Command, setup: Setup, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    keys = [*keys_of(setup), "method=plain"]
    words = ("--space", "train.learning_rate=1e-9,1e-3", "--space", "train.weight_decay=0,0.1", "--output-dir", folder)
    said = xtune("sweep", "text-classification", *keys, *words)
    assert said.code == 0, said.err
    study = json.loads((folder / "study.json").read_text("utf-8"))
    assert (study["kind"], study["split"], study["selection"]["by"]) == ("sweep", "dev", "source-dev")
    scores = study["selection"]["scores"]
    assert len(scores) == 4
    for name, score in scores.items():
        results = json.loads((folder / "runs" / name / "seed1" / "results.json").read_text("utf-8"))
        assert score == results["scores"]["dev"]["en"]["accuracy"]
    assert scores[study["best"]] == max(scores.values()) > min(scores.values())
    assert study["cells"][study["best"]]["keys"]["train.learning_rate"] == 1e-3
    assert f"{folder}/best.yaml" in said.out and "selected by" in said.out
    said = xtune("train", folder / "best.yaml", "--output-dir", tmp_path / "best")
    assert said.code == 0, said.err
    assert weights(tmp_path / "best") == weights(folder / "runs" / study["best"] / "seed1")


# ---- what is refused


def test_what_cannot_be_run_is_refused_before_anything_runs(setup: Setup, tmp_path: Path) -> None:
    for options, field in (
        ({"augmentations": ("xx",)}, "augmentation"),
        ({"augmentations": ("mt",)}, "data.translations"),
        ({"baseline": "r1"}, "--baseline"),
        ({"methods": ("plain", "r3")}, "--methods"),
        ({"storage": "nonsense"}, "--storage"),
    ):
        with pytest.raises(InputError) as caught:
            grid(setup, tmp_path / "refused", **options)
        assert caught.value.field == field
    assert not (tmp_path / "refused" / "runs").exists()


def test_other_folders_and_other_grids_are_left_alone(setup: Setup, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="holds no grid"):
        grid(setup, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["thesis.tex"]
    config = (whole / "config.yaml").read_bytes()
    other = Setup(setup.folder, {**setup.keys, "max_length": 32})
    with pytest.raises(InputError, match="another grid") as caught:
        grid(other, whole)
    assert caught.value.field == "max_length" and (whole / "config.yaml").read_bytes() == config
    with pytest.raises(InputError, match="another grid"):
        sweep("text-classification", keys_of(setup), space={"ratio": (0.5,)}, output_dir=whole)


def test_a_grid_is_not_for_torchrun(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="torchrun"):
        grid(setup, tmp_path)


def test_a_run_that_fails_is_told_the_others_are_made_and_it_is_mended(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = workers.fit

    def fit(recipe: Any, **options: Any) -> Any:
        if recipe.method == "r1" and recipe.seed == 1:
            options["output_dir"].mkdir(parents=True)
            raise RuntimeError("out of memory")
        return real(recipe, **options)

    console = Console(record=True, width=200)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "fit", fit)
        with pytest.raises(InputError, match="1 of 4 runs"):
            ablate(
                *("text-classification", keys_of(setup)),
                **{"methods": METHODS, "augmentations": ("cs",), "seeds": (1, 2), "split": "dev"},
                output_dir=tmp_path / "grid",
                console=console,
            )
    assert "r1-cs/seed1: out of memory" in console.export_text()
    assert "RuntimeError" in (tmp_path / "grid/runs/r1-cs/seed1.error.txt").read_text("utf-8")
    partial = json.loads((tmp_path / "grid" / "study.json").read_text("utf-8"))
    assert list(partial["cells"]) == ["plain"]
    assert list(grid(setup, tmp_path / "grid")["cells"]) == ["plain", "r1-cs"]


def test_runs_of_another_folder_are_not_made_again_but_asked_for(setup: Setup, whole: Path, tmp_path: Path) -> None:
    """Two machines that have the storage in common, and no folder."""
    url = f"sqlite:///{tmp_path}/study.db"
    grid(setup, whole, storage=url)  # says what is finished there
    with pytest.raises(InputError, match="finished in other folders"):
        grid(setup, tmp_path / "near", storage=url)
    assert not list((tmp_path / "near").glob("runs/*/*/results.json"))
    for run in whole.glob("runs/*/seed[12]"):
        (tmp_path / "near" / run.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "near" / run.relative_to(whole)).symlink_to(run)
    assert grid(setup, tmp_path / "near", storage=url) == json.loads((whole / "study.json").read_text("utf-8"))


def test_the_grid_is_written_down(whole: Path) -> None:
    written = yaml.safe_load((whole / "config.yaml").read_text("utf-8"))
    assert (written["kind"], written["recipe"], written["split"]) == ("ablation", "text-classification", "dev")
    assert written["cells"]["r1-cs"] == {"method": "r1", "augmentation": "cs"}


def test_gpus_are_dealt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert workers.visible_devices() == ["2", "5"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert workers.visible_devices() == []
