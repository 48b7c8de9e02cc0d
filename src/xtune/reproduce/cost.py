"""What runs cost, counted before any of them is made: operations, hours on a named device, bytes that stay on disk.

Counted are the operations of the layers' weights: 2 a weight and token forward, 4 backward. So a training step has
6 × body × tokens × views, where R1 makes two views of a row; a teacher has 2 × body × tokens on each row that R2 acts
on, and evaluation the same on each example. Left out: attention's own products, embeddings and the head, padding,
windows of long texts, longer texts by augmentation, MLQA's pairs of languages, reading and writing.

A device that waits for work is not faster for a small batch: a layer's forward pass takes `launch` seconds at least,
and a training step counts three of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xtune.config.recipe import Recipe, Stage
from xtune.errors import InputError, did_you_mean
from xtune.reproduce.variants import Variant, recipe_of, stages_in

BYTES = 4
"""Of a parameter in a checkpoint: fp32."""

WHILE_TRAINING = 16
"""Bytes of a parameter on disk while a run trains: a checkpoint with two moments, and the best weights so far."""

EVALUATED_AT_ONCE = 64
"""Examples, by default (`train.per_device_eval_batch_size`)."""


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Args:
        training: Operations of the student, forward and backward.
        teacher: Operations of the teacher.
        evaluation: Operations of selecting checkpoints and of the scores at the end.
        passes: Forward passes of a layer, a training step being three.
        disk: Bytes that stay: the model of each stage, and the last one's again as the result.
    """

    training: float
    teacher: float
    evaluation: float
    passes: float
    disk: float

    @property
    def operations(self) -> float:
        """All of them."""
        return self.training + self.teacher + self.evaluation


@dataclass(frozen=True)
class Device:
    """What runs are made on.

    Args:
        name: Of the product.
        precision: `fp32` or `half`.
        peak: Operations a second on its data sheet.
        used: Share of the peak that is assumed.
        launch: Seconds that a layer's forward pass takes at least.
    """

    name: str
    precision: str
    peak: float
    used: float
    launch: float

    def hours(self, of: Cost) -> float:
        """How long a run takes."""
        return max(of.operations / (self.peak * self.used), of.passes * self.launch) / 3600


def device(name: str, *, half: bool) -> Device:
    """A device of the table, at one precision.

    Args:
        name: `h100`, `a100`, `v100` or `cpu`.
        half: In bf16 or fp16 (`train.bf16=true`, `train.fp16=true`), not in fp32.

    Raises:
        InputError: There is no such device.

    >>> device("v100", half=True).peak
    125000000000000.0
    """
    known = _table()["devices"]
    if name not in known:
        raise InputError(f"there is no device '{name}'", field="--device", remedy=did_you_mean(name, known))
    row, precision = known[name], "half" if half else "fp32"
    return Device(row["name"], precision, row[precision] * 1e12, row[f"used_{precision}"], row["launch_ms"] / 1000)


def cost(planned: Variant, size: str, more: tuple[str, ...] = ()) -> Cost:
    """What one run of a variant of a paper recipe costs.

    Args:
        planned: The variant.
        size: `base` or `large`: the model, whatever the recipe's is.
        more: Further `key=value` of every run.

    >>> costs = cost(Variant("xnli-transfer-base", "plain", {"method": "plain"}), "base")
    >>> round(costs.training / 1e15), costs.teacher
    (86, 0.0)
    """
    recipe = recipe_of(planned, more)
    planned_stages, data, sizes = stages_in(recipe), dataset_of(recipe.task), _table()["sizes"][size]
    trained, guided, looks, steps = 0.0, 0.0, 0.0, 0.0
    for stage in planned_stages:
        rows = _rows(recipe, stage)
        trained += rows * (2 if stage.r1 else 1)
        guided += _guided(recipe, rows) if stage.r2 else 0.0
        looks += rows / _epoch(recipe, stage) if recipe.selection.by != "last" else 0.0
        steps += rows / recipe.train["per_device_train_batch_size"] * (4 if stage.r2 else 3)
    seen = looks * data["source_dev" if recipe.selection.by == "source-dev" else "dev"] + data["dev"] + data["test"]
    token = sizes["body"] * tokens_of(recipe.task)
    return Cost(
        training=6 * token * trained,
        teacher=2 * token * guided,
        evaluation=2 * token * seen,
        passes=sizes["layers"] * (steps + seen / EVALUATED_AT_ONCE),
        disk=float((len(planned_stages) + 1) * sizes["all"] * BYTES),
    )


def tokens_of(task: str) -> float:
    """Tokens of an example: its words in English, and the tokens around the texts."""
    row = dataset_of(task)
    return float(row["words"] * _table()["subwords_per_word"] + row["special"])


def dataset_of(task: str) -> Mapping[str, Any]:
    """What is known of a dataset: `train`, `dev`, `test`, `source_dev`, `words`, `special`, `counted_on`."""
    row: Mapping[str, Any] = _table()["datasets"][task]
    return row


def subwords() -> float:
    """Sub-words that a word is assumed to have."""
    return float(_table()["subwords_per_word"])


def weights(size: str) -> str:
    """How many parameters work on every token, in words."""
    return f"{_table()['sizes'][size]['body'] / 1e6:.4g} M"


def _rows(recipe: Recipe, stage: Stage) -> float:
    """Rows that a stage sees in all its steps."""
    train = {**recipe.train, **stage.train}
    if (steps := train.get("max_steps", -1)) > 0:
        return float(steps * train["per_device_train_batch_size"] * train.get("gradient_accumulation_steps", 1))
    return _epoch(recipe, stage) * float(train["num_train_epochs"])


def _epoch(recipe: Recipe, stage: Stage) -> float:
    """Rows of D, or of D_A."""
    return float(dataset_of(recipe.task)["train"] * (1 + (recipe.ratio if stage.augmentation else 0.0)))


def _guided(recipe: Recipe, rows: float) -> float:
    """Rows that the teacher answers for."""
    return rows * recipe.ratio / (1 + recipe.ratio) if recipe.consistency.rows == "augmented" else rows


@cache
def _table() -> Mapping[str, Any]:
    text = resources.files("xtune.reproduce").joinpath("costs.yaml").read_text("utf-8")
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values
