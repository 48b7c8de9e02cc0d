"""What must not change a run: how a batch is split, how many forwards, who computes the teacher, workers, kills."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch.nn.functional import cross_entropy, kl_div

from tests.invariant.runs import DEATHS, Setup, log_of, losses, make_setup, steps, weights
from xtune.training.teacher import Teacher
from xtune.training.trainer import XTuneTrainer

AUGMENTED = {"augmentation": {"stage1": "cs", "data": "cs+ss", "consistency": "ss+gn"}, "gaussian_noise.eps": 0.05}


@pytest.fixture(scope="module")
def still(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Without dropout, so that different ways to one number can be compared."""
    return make_setup(tiny_model("xlm-roberta"), tmp_path_factory.mktemp("still"), dropout=False)


@pytest.fixture(scope="module")
def whole(still: Setup) -> Path:
    """The run that the others are compared with: eight rows a step in one micro-batch."""
    return still.fit("whole", **AUGMENTED)


def assert_same_losses(run: Path, reference: Path) -> None:
    found, expected = losses(run), losses(reference)
    assert len(found) == len(expected) == 3 * 2 + 6 * 2
    assert [set(line) for line in expected] == [{"loss", "task", "r1"}] * 6 + [{"loss", "task", "r1", "r2"}] * 12
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one == pytest.approx(other, abs=1e-5), f"step {number}"
    for one, other in zip(steps(run), steps(reference), strict=True):
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-3)


def test_the_loss_is_the_sum_of_its_components(whole: Path) -> None:
    for line in losses(whole):
        assert line["loss"] == pytest.approx(sum(value for name, value in line.items() if name != "loss"), abs=1e-5)
        assert line["r1"] > 1e-4  # there is something to compare
    assert max(line.get("r2", 0.0) for line in losses(whole)) > 1e-3


@pytest.mark.parametrize(("batch_size", "accumulation"), [(2, 4), (4, 2), (1, 8)])
def test_accumulation_changes_nothing(still: Setup, whole: Path, batch_size: int, accumulation: int) -> None:
    keys = {
        "train.per_device_train_batch_size": batch_size,
        "train.gradient_accumulation_steps": accumulation,
    }
    assert_same_losses(still.fit(f"split-{batch_size}x{accumulation}", **AUGMENTED, **keys), whole)


@pytest.fixture(scope="module")
def two(still: Setup, whole: Path) -> tuple[Path, str]:
    """The same run by two processes of four rows each, and what they printed."""
    recipe = yaml.safe_load((whole / "config.yaml").read_text("utf-8"))
    recipe["train"] |= {"per_device_train_batch_size": 4, "ddp_backend": "gloo"}
    (still.folder / "two.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run = still.folder / "two"
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "xtune", "train"]
    command = [sys.executable, "-m", *command, str(still.folder / "two.yaml"), "--output-dir", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return run, done.stdout


@pytest.mark.slow
def test_processes_change_nothing(two: tuple[Path, str], whole: Path) -> None:
    run, _ = two
    assert_same_losses(run, whole)
    ours, alone = (json.loads((folder / "results.json").read_text("utf-8")) for folder in (run, whole))
    for key in ("scores", "examples", "selection", "average"):
        assert ours[key] == alone[key]
    probabilities = [
        [json.loads(line)["probabilities"] for line in (folder / "predictions/dev-de.jsonl").open()]
        for folder in (run, whole)
    ]
    for one, other in zip(*probabilities, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


@pytest.mark.slow
def test_one_process_speaks_for_all(two: tuple[Path, str]) -> None:
    _, said = two
    assert said.count("results.json") == 1


def two_forwards(
    trainer: XTuneTrainer, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
) -> Any:
    """The loss by its formulas from a forward pass of the views, another of the partners, and the teacher's own."""
    tensors, count = inputs["model_inputs"], len(inputs["labels"])
    halves = [{name: tensor[half] for name, tensor in tensors.items()} for half in (slice(count), slice(count, None))]
    assert all(noise is None for noise in inputs["noise"])
    view, partner = (model(**trim(half)).logits.float() for half in halves)
    objective, (labelled, corresponding, guided) = trainer.objective, num_items_in_batch.tolist()
    task = cross_entropy(view, inputs["labels"], reduction="sum") / labelled
    towards = kl_div(partner.log_softmax(-1), view.detach().softmax(-1), reduction="sum")
    back = kl_div(view.log_softmax(-1), partner.detach().softmax(-1), reduction="sum")
    parts = {"task": task, "r1": objective.lambda1 * (towards + back) / corresponding}
    if trainer.teacher is not None:
        rows = inputs["guided"]
        with torch.no_grad():
            target = trainer.teacher.model(**trim(halves[0])).logits.softmax(-1)[rows]
        parts["r2"] = objective.lambda2 * kl_div(view[rows].log_softmax(-1), target, reduction="sum") / max(guided, 1)
    for name, value in parts.items():
        trainer._sums[name] = trainer._sums.get(name, 0.0) + value.detach()
    return sum(parts.values())


def trim(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Cut off the padding that only the other half needs."""
    width = int(inputs["attention_mask"].sum(-1).max())
    return {name: tensor[:, :width] for name, tensor in inputs.items()}


def test_one_merged_forward_is_two_forwards(still: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    merged = still.fit("merged", augmentation="cs")
    monkeypatch.setattr(XTuneTrainer, "compute_loss", two_forwards)
    assert_same_losses(still.fit("two-forwards", augmentation="cs"), merged)


def test_a_teacher_asked_beforehand_says_what_it_says_live(still: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {**AUGMENTED, "consistency.rows": "all", "resample": "once"}
    cached = still.fit("cached", **keys)
    assert (cached / "stage2" / "teacher-logits").is_dir()
    monkeypatch.setattr(Teacher, "precompute", lambda *_: None)
    live = still.fit("live", **keys)
    assert not (live / "stage2" / "teacher-logits").exists()
    assert_same_losses(live, cached)


# ---- bit for bit, with dropout on


@pytest.fixture(scope="module")
def moving(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """With dropout, checkpoints every other step, evaluations every third; everything that can be drawn is."""
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path_factory.mktemp("moving"), dropout=True)
    keys = {
        **setup.keys,
        **AUGMENTED,
        "consistency.rows": "all",
        "train.save_strategy": "steps",
        "train.save_steps": 2,
        "train.eval_strategy": "steps",
        "train.eval_steps": 3,
    }
    return Setup(setup.folder, keys)


@pytest.fixture(scope="module")
def reference(moving: Setup) -> Path:
    """The run that nothing happened to."""
    assert moving.fit_apart("reference") == 0
    return moving.folder / "reference"


def assert_same_run(run: Path, reference: Path) -> None:
    assert weights(run) == weights(reference)
    assert log_of(run) == log_of(reference)
    ours, other = (json.loads((folder / "results.json").read_text("utf-8")) for folder in (run, reference))
    assert {**ours, "timing": None} == {**other, "timing": None}


def test_the_same_seed_twice_and_another(moving: Setup, reference: Path) -> None:
    assert moving.fit_apart("again") == 0
    assert_same_run(moving.folder / "again", reference)
    assert moving.fit_apart("other", seed=2) == 0
    assert weights(moving.folder / "other") != weights(reference)
    first = [line["loss"] for line in steps(reference)]
    assert all(one != line["loss"] for one, line in zip(first, steps(moving.folder / "other"), strict=True))


@pytest.mark.parametrize("workers", [1, 4])
def test_workers_change_nothing(moving: Setup, reference: Path, workers: int) -> None:
    keys = {"train.dataloader_num_workers": workers, "train.dataloader_persistent_workers": workers == 4}
    assert moving.fit_apart(f"workers-{workers}", **keys) == 0
    assert_same_run(moving.folder / f"workers-{workers}", reference)


def unfinished(run: Path) -> set[str]:
    """Folders under a temporary name."""
    return {path.name for path in run.glob("stage*/.*")}


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_it_ends_the_same(moving: Setup, reference: Path, seed: int) -> None:
    rng = random.Random(seed)
    run = moving.folder / f"killed-{seed}"
    left: set[str] = set()
    for way in rng.sample(list(DEATHS), len(DEATHS)):
        assert moving.fit_apart(run.name, (way, rng.randint(1, 6))) == -signal.SIGKILL
        assert not (run / "results.json").exists()
        left |= unfinished(run)
    assert moving.fit_apart(run.name) == 0
    assert any(name.startswith(".saving") for name in left)
    assert_same_run(run, reference)
    assert unfinished(run) == set()


def test_killed_at_any_step(moving: Setup, reference: Path) -> None:
    run = moving.folder / "stepped"
    assert moving.fit_apart(run.name, ("in a step", 5)) == -signal.SIGKILL  # stage 1, between two checkpoints
    assert moving.fit_apart(run.name, ("in a step", 9)) == -signal.SIGKILL  # stage 2
    assert moving.fit_apart(run.name) == 0
    assert_same_run(run, reference)
