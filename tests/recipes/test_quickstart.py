"""`xtune quickstart` as a newcomer types it, and `xtune train pocket-…`, through the real command line.

The first test has a small benchmark, the last one the real thing: xtune beats plain fine-tuning, with a margin.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.conftest import Command
from xtune.pocket import Sizes, supplies
from xtune.pocket.benchmark import write_benchmark

MARGIN = 8.0
"""Points that xtune gains at least on the mean of the targets: half of what five seeds gave (docs/results.md)."""

SMALL = Sizes(train=35, dev=14, test=14)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small benchmarks instead of the real ones."""

    def write(*arguments: Any, **options: Any) -> Any:
        return write_benchmark(*arguments, **options, sizes=SMALL)

    monkeypatch.setattr(supplies, "write_benchmark", write)


def results(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "results.json").read_text("utf-8"))
    return found


def times(folder: Path) -> dict[str, int]:
    """When each of the weights was written."""
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.glob("*/model/model.safetensors"))}


@pytest.mark.slow
def test_one_command_leaves_two_runs_and_a_report_and_its_next_steps_work(
    xtune: Command, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = xtune("quickstart", "--seed", 4)
    assert said.code == 0, said.err
    out = tmp_path / "quickstart-topic"
    left = {"data", "plain", "xtune", "report.html", "new.csv"}
    assert {path.name for path in out.iterdir()} == left
    plain, full = results(out / "plain"), results(out / "xtune")
    assert (plain["method"], full["method"], plain["seed"], full["seed"]) == ("plain", "xtune", 4, 4)
    assert set(full["scores"]["test"]) == {"ar", "de", "en", "es", "fr", "id", "ja", "ru", "sw", "tr"}
    assert full["resources"]["dictionaries"] == ["ar", "de", "es", "fr", "id", "ja", "ru", "tr"]
    for language in ("English *", "Swahili °", "Japanese"):
        assert language in said.out
    assert "left in all" in said.out
    assert "Swahili" in (out / "report.html").read_text("utf-8")

    before = times(out)
    os.remove(out / "report.html")
    again = xtune("quickstart", "--seed", 4)
    assert again.code == 0 and (out / "report.html").is_file()
    assert times(out) == before and len(before) == 2  # nothing is trained twice
    assert "left in all" not in again.out

    other = xtune("quickstart", "--seed", 5)
    assert other.code == 2 and "another seed" in other.err

    commands = [line.split() for line in said.out.splitlines() if line.startswith("    xtune ")]
    assert [command[1] for command in commands] == ["predict", "evaluate", "train"]
    for command in commands[:2]:
        done = xtune(*command[1:])
        assert done.code == 0, done.err
    labels = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text("utf-8").splitlines()]
    assert len(labels) == 10 and all(label["label"] in label["probabilities"] for label in labels)
    assert set(results(tmp_path / "scores")["scores"]["test"]) == {"de", "sw"}


@pytest.mark.slow
def test_a_pocket_recipe_trains_with_nothing_given(
    xtune: Command, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said = xtune("train", "pocket-topic", "setting=translate-train-all", "train.num_train_epochs=1")
    assert said.code == 0, said.err
    assert f"pocket benchmark: {tmp_path / 'cache'}" in said.out
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name == "topic-xtune-pocket-seed1"
    found = results(run)
    assert (found["setting"], found["augmentation"]["stage1"]) == ("translate-train-all", "mt")
    assert len(found["resources"]["translations"]) == 9
    repeated = xtune("train", run / "config.yaml", "--output-dir", tmp_path / "again")
    assert repeated.code == 0, repeated.err
    assert results(tmp_path / "again")["scores"] == found["scores"]


@pytest.mark.slow
def test_xtune_beats_plain_fine_tuning_on_topics(xtune: Command, tmp_path: Path) -> None:
    said = xtune("quickstart", "--output-dir", tmp_path / "out", "--seed", 11)
    assert said.code == 0, said.err
    plain, full = (results(tmp_path / "out" / method)["scores"]["test"] for method in ("plain", "xtune"))
    targets = [language for language in full if language != "en"]
    gain = sum(full[language]["accuracy"] - plain[language]["accuracy"] for language in targets) / len(targets)
    assert gain > MARGIN
    assert full["en"]["accuracy"] > 80  # chance is 14; a gain that English pays for is none
