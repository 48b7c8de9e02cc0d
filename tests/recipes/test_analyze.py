"""`xtune analyze` on runs of the toy task."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from transformers import AutoModel, AutoTokenizer

from tests import toy
from tests.recipes.conftest import Command
from xtune.runs.fit import fit


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def place(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on pairs in three languages, and their data."""
    folder = tmp_path_factory.mktemp("analyze")
    toy.write_xtreme(folder / "data", "xnli", ("en", "de", "fr"), other=12)
    keys: dict[str, Any] = {"model": str(tiny_model("xlm-roberta")), "data.dir": str(folder / "data"), "max_length": 48}
    quick = {"method": "plain", "train.max_steps": 1, "train.use_cpu": True, "train.bf16": False}
    fit("xnli-transfer-base", {**keys, **quick}, output_dir=folder / "run1", console=Console(quiet=True))
    results = shutil.copytree(folder / "run1", folder / "run2") / "results.json"
    results.write_text(json.dumps({**read(results), "seed": 2}), encoding="utf-8")
    return folder


@pytest.fixture
def runs(place: Path, tmp_path: Path) -> Path:
    """A copy to write into."""
    return shutil.copytree(place, tmp_path / "place")


def test_each_run_gets_what_is_about_it(xtune: Command, runs: Path) -> None:
    said = xtune("analyze", runs / "run1", runs / "run2", "--languages", "de,fr", "--examples", 5)
    assert said.code == 0, said.err
    assert "plain seed 1" in said.out and "plain seed 2" in said.out
    for run in (runs / "run1", runs / "run2"):
        found = read(run / "analysis.json")
        assert (run / "figure3.svg").is_file() and (run / "figure3.png").is_file()
        test = {code: lines(run / "predictions" / f"test-{code}.jsonl") for code in ("en", "de")}
        same = [a["prediction"] == b["prediction"] for a, b in zip(test["en"], test["de"], strict=True)]
        assert found["agreement"]["test"]["de"] == {"agreement": 100 * np.mean(same), "examples": 12}
        sure = np.mean([max(line["probabilities"].values()) for line in test["de"]])
        assert found["calibration"]["test"]["de"]["confidence"] == pytest.approx(100 * sure)
        assert found["calibration"]["bins"] == 15
        seen = found["representations"]
        assert (seen["split"], seen["examples"], seen["languages"]) == ("dev", 5, ["en", "de", "fr"])


def test_distances_are_those_of_the_models_first_tokens(xtune: Command, runs: Path) -> None:
    """One text at a time, by transformers alone."""
    assert xtune("analyze", runs / "run1", "--languages", "de", "--examples", 4).code == 0
    model, tokenizer = (kind.from_pretrained(runs / "run1" / "model") for kind in (AutoModel, AutoTokenizer))
    states = {}
    for code in ("en", "de"):
        rows = [
            line.split("\t") for line in (runs / "data/xnli" / f"dev-{code}.tsv").read_text("utf-8").splitlines()[:4]
        ]
        with torch.no_grad():
            found = [model(**tokenizer(a, b, return_tensors="pt")).last_hidden_state[0, 0] for a, b, _ in rows]
        states[code] = torch.stack(found).numpy()
    own = np.linalg.norm(states["en"] - states["de"], axis=1).mean()
    distance = read(runs / "run1" / "analysis.json")["representations"]["distance"]
    assert distance["de"]["translation"] == pytest.approx(own, rel=1e-4)
    assert distance["mean"] == distance["de"]


def test_all_runs_into_one_folder(xtune: Command, runs: Path, tmp_path: Path) -> None:
    """From the data's new place; the runs are left as they were."""
    (runs / "data").rename(tmp_path / "moved")
    before = sorted(runs.glob("run*/*"))
    words = [
        "analyze",
        runs / "run1",
        runs / "run2",
        "--data-dir",
        tmp_path / "moved",
        "--output-dir",
        tmp_path / "out",
    ]
    assert xtune(*words).code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["analysis.json", "figure3.png", "figure3.svg"]
    assert [each["name"] for each in read(tmp_path / "out" / "analysis.json")["runs"]] == [
        "plain seed 1",
        "plain seed 2",
    ]
    assert sorted(runs.glob("run*/*")) == before


def test_without_figure_no_model_is_needed(xtune: Command, runs: Path) -> None:
    shutil.rmtree(runs / "run1" / "model")
    shutil.rmtree(runs / "data")
    assert xtune("analyze", runs / "run1", "--no-figure").code == 0
    assert "representations" not in read(runs / "run1" / "analysis.json")
    assert not (runs / "run1" / "figure3.svg").exists()


def test_sets_that_are_no_translations(xtune: Command, runs: Path) -> None:
    """The ids are rows, which other texts have too; their labels give them away."""
    path = runs / "run1" / "predictions" / "test-fr.jsonl"
    changed = [{**line, "gold": "neutral"} for line in lines(path)]
    path.write_text("".join(json.dumps(line) + "\n" for line in changed), encoding="utf-8")
    said = xtune("analyze", runs / "run1", "--no-figure")
    assert said.code == 0 and "the test sets in fr are no translations of that in en" in said.out
    found = read(runs / "run1" / "analysis.json")
    assert set(found["agreement"]["test"]) == {"all", "mean", "de"}
    assert set(found["calibration"]["test"]) == {"en", "de", "fr"}
    data = runs / "data" / "xnli" / "dev-fr.tsv"
    data.write_text(data.read_text("utf-8").replace("entailment", "neutral"), encoding="utf-8")
    said = xtune("analyze", runs / "run1", "--languages", "fr", "--data-dir", runs / "data")
    assert said.code == 2 and "is no translation of that in en" in said.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["none"], "there is no run in this folder"),
        (["run1", "run1"], "named twice"),
        (["run1", "--languages", "sw"], "there is no dev set in 'sw'"),
        (["run1", "--languages", "de", "--data-dir", "none"], "there is no such folder"),
    ],
)
def test_what_is_refused(
    xtune: Command, place: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str
) -> None:
    monkeypatch.chdir(place)
    said = xtune("analyze", *words)
    assert said.code == 2 and problem in said.err
    assert not (place / "run1" / "analysis.json").exists()


def test_broken_or_missing_predictions(xtune: Command, runs: Path) -> None:
    (runs / "run1" / "predictions" / "dev-de.jsonl").write_text('{"id": "0"}\n', encoding="utf-8")
    said = xtune("analyze", runs / "run1", "--no-figure")
    assert said.code == 2 and "dev-de.jsonl" in said.err and "no predictions: 'gold'" in said.err
    shutil.rmtree(runs / "run1" / "predictions")
    said = xtune("analyze", runs / "run1", "--no-figure")
    assert said.code == 2 and "no predictions" in said.err
