"""Runs that start from the encoder of another run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file
from transformers import TrainerCallback

import xtune
from tests import toy
from tests.invariant.runs import Setup, make_setup
from xtune.errors import InputError

QUICK = {"method": "plain", "train.max_steps": 2, "selection.by": "last"}


class Starts(TrainerCallback):
    """The weights that each stage starts from."""

    def __init__(self) -> None:
        self.found: list[dict[str, torch.Tensor]] = []

    def on_train_begin(self, *_: Any, model: Any, **__: Any) -> None:
        self.found.append({name: tensor.clone() for name, tensor in model.state_dict().items()})


@pytest.fixture(scope="module")
def setup(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """`first` is a finished run, `other.csv` has labels that it does not know."""
    made = make_setup(tiny_model("xlm-roberta"), tmp_path_factory.mktemp("start"), dropout=True)
    made.fit("first", **QUICK, **{"train.learning_rate": 1e-2})
    toy.write_csv(made.folder / "other.csv", toy.rows(21, labels=("a", "b", "c")))
    return made


def started(setup: Setup, folder: Path, **keys: Any) -> tuple[dict[str, Any], list[dict[str, torch.Tensor]], str]:
    """The results of a run, what its stages started from, and what it said."""
    starts, said = Starts(), StringIO()
    recipe = {**setup.keys, **QUICK, **keys}
    console = Console(file=said, width=200)
    results = xtune.fit("text-classification", recipe, output_dir=folder, console=console, callbacks=[starts])
    return results, starts.found, said.getvalue()


def split(weights: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The encoder's, and the head's."""
    encoder = {name: tensor for name, tensor in weights.items() if name.startswith("roberta.")}
    return encoder, {name: tensor for name, tensor in weights.items() if name not in encoder}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_every_stage_starts_from_exactly_these_weights(setup: Setup, tmp_path: Path) -> None:
    run = setup.folder / "first"
    keys = {"method": "r2", "augmentation": "ss", "data.train": str(setup.folder / "other.csv"), "data.dev": None}
    results, starts, said = started(setup, tmp_path / "run", init_from=str(run), **keys)
    encoder, head = split(load_file(run / "model" / "model.safetensors"))
    assert len(starts) == 2
    for start in starts:
        own, new = split(start)
        assert same(own, encoder) and new.keys() == head.keys() and not same(new, head)
    assert same(*starts)
    assert "its labels are others: the head is new" in said
    assert results["init_from"] == str(run)
    assert f"init_from: {run}" in (tmp_path / "run" / "config.yaml").read_text("utf-8")
    _, (pretrained,), _ = started(setup, tmp_path / "none")
    assert not same(split(pretrained)[0], encoder)


def test_the_head_stays_where_the_labels_do(setup: Setup, tmp_path: Path) -> None:
    _, (start,), said = started(setup, tmp_path / "run", init_from=str(setup.folder / "first" / "model"))
    assert same(start, load_file(setup.folder / "first" / "model" / "model.safetensors"))
    assert "its head is kept too" in said


def test_another_kind_of_task(setup: Setup, tmp_path: Path) -> None:
    toy.write_conll(tmp_path / "train.conll", toy.sentences(9))
    keys = {**setup.keys, **QUICK, "data.train": str(tmp_path / "train.conll"), "data.dev": None}
    starts, run = Starts(), setup.folder / "first"
    recipe = {**keys, "init_from": str(run)}
    xtune.fit("tagging", recipe, output_dir=tmp_path / "run", console=Console(quiet=True), callbacks=[starts])
    assert same(split(starts.found[0])[0], split(load_file(run / "model" / "model.safetensors"))[0])


def refused(setup: Setup, tmp_path: Path, **keys: Any) -> InputError:
    with pytest.raises(InputError) as failure:
        started(setup, tmp_path / "run", **keys)
    assert not (tmp_path / "run").exists()
    assert failure.value.field == "init_from" and failure.value.remedy
    return failure.value


def test_a_run_that_is_not_finished(setup: Setup, tmp_path: Path) -> None:
    half = shutil.copytree(setup.folder / "first", tmp_path / "half")
    (half / "results.json").unlink()
    for place in (half, half / "model"):
        assert "not finished" in refused(setup, tmp_path, init_from=str(place)).problem
    assert "no such folder" in refused(setup, tmp_path, init_from=str(tmp_path / "none")).problem
    assert "no model" in refused(setup, tmp_path, init_from=str(setup.folder)).problem


def test_another_architecture(setup: Setup, tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    keys = {"init_from": str(setup.folder / "first"), "model": str(tiny_model("bert"))}
    assert "is a xlm-roberta" in refused(setup, tmp_path, **keys).problem


def test_another_size(setup: Setup, tmp_path: Path) -> None:
    model = shutil.copytree(setup.folder / "model", tmp_path / "model")
    config = json.loads((model / "config.json").read_text("utf-8"))
    (model / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}), encoding="utf-8")
    keys = {"init_from": str(setup.folder / "first"), "model": str(model)}
    assert "only one of" in refused(setup, tmp_path, **keys).problem


def test_another_tokenizer(setup: Setup, tmp_path: Path) -> None:
    model = shutil.copytree(setup.folder / "model", tmp_path / "model")
    text = json.loads((model / "tokenizer.json").read_text("utf-8"))
    text["model"]["vocab"][40], text["model"]["vocab"][41] = text["model"]["vocab"][41], text["model"]["vocab"][40]
    (model / "tokenizer.json").write_text(json.dumps(text), encoding="utf-8")
    keys = {"init_from": str(setup.folder / "first"), "model": str(model)}
    assert "another tokenizer" in refused(setup, tmp_path, **keys).problem
