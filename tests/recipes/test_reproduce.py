"""`xtune reproduce --pocket`: tables and the figure from nothing to our values, really trained."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.conftest import Command
from xtune.pocket import Sizes, supplies, write_benchmark
from xtune.report import figure3

QUICK = ("train.num_train_epochs=1", "data.languages=en,de,sw")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Small benchmarks, in a cache of the test's own; and the names of those that were written."""
    written: list[str] = []

    def write(folder: Path, seed: int, **options: Any) -> Any:
        written.append(f"{'+'.join(options['parts'])} {seed}")
        return write_benchmark(folder, seed, **options, sizes=Sizes(train=16, dev=4, test=8, retrieval=20))

    monkeypatch.setattr(supplies, "write_benchmark", write)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return written


@pytest.mark.slow
def test_a_table_on_pocket_from_nothing_and_again(xtune: Command, tmp_path: Path, small: list[str]) -> None:
    words = ("reproduce", "table10", *QUICK, "--pocket", "--seeds", "1")
    first = xtune(*words)
    assert first.code == 0, first.err
    assert small == ["paraphrase 1"]
    grid = tmp_path / "reproduction" / "pocket-paraphrase"
    runs = sorted(path.parent.relative_to(grid).as_posix() for path in grid.glob("runs/*/*/results.json"))
    assert runs == ["runs/plain/seed1", "runs/xtune-mt/seed1", "runs/xtune/seed1"]
    assert "all runs are there" in first.out and "paraphrase: 3 of 10 languages" in first.out
    table = first.out[first.out.index("Table 10") :]
    assert [line.split()[0] for line in table.splitlines() if "  ours  " in line] == ["XLM-R", "xTune", "xTune"]

    before = {path: (grid / path / "results.json").stat().st_mtime_ns for path in runs}
    shutil.rmtree(grid / "runs" / "xtune")
    for left in ("config.yaml", "study.json", "study.log"):  # as if the runs had been made one by one
        (grid / left).unlink()
    again = xtune(*words)
    assert again.code == 0, again.err
    assert again.out[again.out.index("Table 10") :] == table
    after = {path: (grid / path / "results.json").stat().st_mtime_ns for path in runs}
    assert [path for path in runs if after[path] != before[path]] == ["runs/xtune/seed1"]


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.slow
def test_the_figure_and_table_5_on_pocket_by_one_command_each(xtune: Command, tmp_path: Path, small: list[str]) -> None:
    quick = (*QUICK, "--pocket", "--seeds", "201,")
    said = xtune("reproduce", "figure3", *quick)
    assert said.code == 0, said.err
    drawn = tmp_path / "reproduction" / "figure3"
    assert sorted(path.name for path in drawn.iterdir()) == ["analysis.json", "figure3.png", "figure3.svg"]
    assert "reproduction/figure3/figure3.svg" in said.out and "xtune analyze" not in said.out
    analyses = read(drawn / "analysis.json")["runs"]
    rows = {line.split()[0]: line.split()[1:] for line in said.out.splitlines() if len(line.split()) == 7}
    for name, analysis in zip(("plain", "data-augmentation", "xtune"), analyses, strict=True):
        distance = analysis["representations"]["distance"]
        assert (analysis["name"], analysis["seed"]) == (name, 201)
        assert rows[name][2] == f"{distance['mean']['ratio']:.3f}" and rows[name][3] == f"{distance['de']['ratio']:.3f}"

    said = xtune("reproduce", "table5", *quick)
    assert said.code == 0, said.err
    assert small == ["nli 201", "tatoeba 201"]
    grid = tmp_path / "reproduction" / "pocket-nli" / "runs"
    found = {path.parts[-5]: path for path in grid.glob("*/seed201/retrieval/tatoeba/results.json")}
    assert set(found) == {"plain", "data-augmentation-mt", "xtune-mt", "r1-mt", "r2-mt"}
    bare = tmp_path / "reproduction" / "retrieval" / "pocket-nli" / "seed201" / "tatoeba" / "results.json"
    scores = [read(path)["average"]["test"]["accuracy"] for path in (bare, *map(found.get, ("plain", "xtune-mt")))]
    lines = [line.split() for line in said.out.splitlines()]
    shown = [line[-1] for line in lines if line[-2:-1] == ["ours"]]
    assert [shown[0], shown[1], shown[3]] == [f"{score:.1f}" for score in scores]
    assert "all runs are there" in said.out and "xtune retrieve" not in said.out

    times = {path: path.stat().st_mtime_ns for path in (bare, *found.values())}
    again = xtune("reproduce", "table5", *quick)
    assert again.code == 0 and again.out[again.out.index("Table 5") :] == said.out[said.out.index("Table 5") :]
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_the_figure_needs_its_libraries_before_anything_is_trained(
    xtune: Command, tmp_path: Path, small: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure3, "find_spec", lambda name: None if name == "sklearn" else find_spec(name))
    said = xtune("reproduce", "figure3", "--pocket")
    assert said.code == 2 and "the figure needs sklearn" in said.err
    assert 'pip install "xtune[analysis]"' in said.err and "--no-figure" not in said.err
    assert not small and not (tmp_path / "reproduction").exists()


def test_table_5_says_what_its_data_lack_beside_what_its_recipes_lack(
    xtune: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    said = xtune("reproduce", "table5", "--data-dir", "data", "--seeds", "1")
    assert said.code == 2 and "2 recipes are not complete" in said.err
    assert "! bucc2018: " in said.out and "! xnli-translate-base: " in said.out
