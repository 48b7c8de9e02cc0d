"""A recipe's `train` section to `TrainingArguments`: their own fields verbatim, some of them ours to set."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from xtune.errors import InputError, did_you_mean

OURS = {
    "output_dir": "give --output-dir",
    "seed": "set seed=…",
    "data_seed": "set seed=…",
    "remove_unused_columns": "xtune collates its own rows",
    "load_best_model_at_end": "set selection.by=source-dev",
    "metric_for_best_model": "set selection.metric=…",
    "resume_from_checkpoint": "the same command again resumes",
    "train_sampling_strategy": "rows are always batched by length",
    "save_total_limit": "xtune keeps the newest checkpoint and the best weights",
}
"""Fields that a recipe cannot set, and what to do instead."""

DEFAULTS: dict[str, Any] = {
    "report_to": "none",
    "log_level": "error",
    "logging_steps": 50,
    "save_strategy": "epoch",
    "eval_strategy": "epoch",
    "ddp_find_unused_parameters": False,  # the one merged forward uses them all
}


def training_arguments(values: Mapping[str, Any], *, output_dir: Path, seed: int, evaluates: bool) -> TrainingArguments:
    """Training arguments of a stage.

    Args:
        values: The recipe's `train`, with the stage's own laid over it.
        output_dir: The stage's folder.
        seed: The run's.
        evaluates: Whether checkpoints are selected by an evaluation.

    Raises:
        InputError: For an unknown field, one that is ours, or a value that transformers refuses.
    """
    check_fields(values)
    options = {**DEFAULTS, **values}
    if not evaluates:
        options["eval_strategy"] = "no"
    try:
        arguments = TrainingArguments(
            output_dir=str(output_dir),
            seed=seed,
            remove_unused_columns=False,
            label_names=["labels"],
            disable_tqdm=True,
            logging_nan_inf_filter=False,
            **options,
        )
    except (ValueError, TypeError) as failure:
        raise InputError(str(failure), field="train", remedy="see transformers.TrainingArguments") from failure
    # Several visible GPUs without torchrun would be DataParallel, which splits a batch across its views.
    arguments._n_gpu = min(arguments._n_gpu, 1)
    return arguments


def check_fields(values: Mapping[str, Any]) -> None:
    """Refuse fields that `TrainingArguments` does not have, and those that xtune sets itself."""
    known = {field.name for field in dataclasses.fields(TrainingArguments) if field.init} - set(OURS)
    for name in values:
        if name in OURS:
            raise InputError("this is not set here", field=f"train.{name}", remedy=OURS[name])
        if name not in known:
            raise InputError(
                "there is no such training argument", field=f"train.{name}", remedy=did_you_mean(name, known)
            )
