"""A recipe's `train` section to `TrainingArguments`: their own fields verbatim, some of them ours to set."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from accelerate import DistributedType
from pydantic import TypeAdapter, ValidationError
from transformers import TrainingArguments

from xtune.errors import InputError, did_you_mean

UNSHARDED = "several GPUs work by torchrun (DDP); sharded training is not supported yet"

SHARDED = (DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM)

OURS = {
    "output_dir": "give --output-dir",
    "seed": "set seed=…",
    "data_seed": "set seed=…",
    "remove_unused_columns": "xtune collates its own rows",
    "load_best_model_at_end": "set selection.by=source-dev",
    "metric_for_best_model": "set selection.metric=…",
    "resume_from_checkpoint": "the same command again resumes",
    "greater_is_better": "a higher score is better",
    "save_only_model": "without the optimizer's state a run cannot resume",
    "ignore_data_skip": "a resumed run sees the rows that it has not seen yet",
    "train_sampling_strategy": "rows are always batched by length",
    "save_total_limit": "xtune keeps the newest checkpoint and the best weights",
    "disable_tqdm": "xtune shows its own progress",
    "label_names": "xtune collates its own rows",
    "logging_nan_inf_filter": "a loss that is not a number is shown",
    "push_to_hub": "upload the run's model/ when it is finished",
    "label_smoothing_factor": "the task loss is the paper's cross-entropy",
    "dataloader_drop_last": "no row is dropped",
    "auto_find_batch_size": "set train.per_device_train_batch_size, and gradient_accumulation_steps for the rest",
    "include_num_input_tokens_seen": "train_log.jsonl counts steps",
    **dict.fromkeys(("fsdp", "fsdp_config", "deepspeed"), UNSHARDED),
}
"""Fields that a recipe cannot set, and what to do instead."""

BOUNDS = {
    **dict.fromkeys(("per_device_train_batch_size", "per_device_eval_batch_size"), "more than 0"),
    "gradient_accumulation_steps": "more than 0",
    **dict.fromkeys(("num_train_epochs", "logging_steps", "save_steps", "eval_steps"), "more than 0"),
    **dict.fromkeys(("learning_rate", "weight_decay", "warmup_steps", "max_grad_norm"), "0 or more"),
    **dict.fromkeys(("adam_epsilon", "dataloader_num_workers"), "0 or more"),
    "max_steps": "more than 0, or -1 to count epochs",
}
"""Numbers that `TrainingArguments` does not look at, and where they have to be."""

NO_SCHEDULES = ("reduce_lr_on_plateau", "greedy")
"""Learning rate schedules that follow a loss, where xtune wants a function of the step."""

DEFAULTS: dict[str, Any] = {
    "report_to": "none",
    "log_level": "error",
    "log_level_replica": "error",
    "per_device_eval_batch_size": 64,
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
    options = {**DEFAULTS, **check_fields(values)}
    if not evaluates:
        options["eval_strategy"] = "no"
    elif options["eval_strategy"] == "no":
        problem, remedy = "checkpoints are selected by evaluations", "leave it out, or set selection.by=last"
        raise InputError(problem, field="train.eval_strategy", remedy=remedy)
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
    except (ValueError, TypeError, ImportError, OSError) as failure:
        said = next((name for name in values if name in str(failure)), None)
        field, remedy = f"train.{said}" if said else "train", "see the documentation of transformers.TrainingArguments"
        raise InputError(str(failure).strip(), field=field, remedy=remedy) from None
    check_trackers(arguments)
    check_schedule(arguments)
    if arguments.distributed_state is not None and arguments.distributed_state.distributed_type in SHARDED:
        raise InputError("the launcher asks for sharded training", remedy=UNSHARDED)
    # Several visible GPUs without torchrun would be DataParallel, which splits a batch across its views.
    arguments._n_gpu = min(arguments._n_gpu, 1)
    return arguments


def check_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse fields that `TrainingArguments` does not have, those that xtune sets itself, and impossible values.

    `TrainingArguments` looks at few of its values; the rest would fail in the middle of a run.

    Returns:
        The values, each of its field's type.
    """
    fields = {field.name: field for field in dataclasses.fields(TrainingArguments) if field.init}
    known = set(fields) - set(OURS)
    hints = get_type_hints(TrainingArguments)
    checked = {}
    for name, value in values.items():
        key = f"train.{name}"
        if name in OURS:
            raise InputError("this is not set here", field=key, remedy=OURS[name])
        if name not in known:
            raise InputError("there is no such training argument", field=key, remedy=did_you_mean(name, known))
        try:
            checked[name] = TypeAdapter(hints[name]).validate_python(value)
        except ValidationError:
            kind = getattr(fields[name].type, "__name__", fields[name].type)
            remedy = f"it takes {kind}, by default {fields[name].default}"
            raise InputError(f"{value!r} does not fit", field=key, remedy=remedy) from None
        names = [str(member.value) for kind in get_args(hints[name]) if _is_enum(kind) for member in kind]
        if names and str(getattr(checked[name], "value", checked[name])) not in names:
            raise InputError(f"there is no '{value}'", field=key, remedy=did_you_mean(str(value), names))
        if not _within(checked[name], BOUNDS.get(name, "")):
            remedy = f"set it to {BOUNDS.get(name, 'a finite number')}"
            raise InputError(f"{value!r} does not fit", field=key, remedy=remedy)
    return checked


def check_trackers(arguments: TrainingArguments) -> None:
    """Refuse a tracker that `report_to` names and that is not there."""
    from transformers.integrations import get_available_reporting_integrations

    for name in arguments.report_to:
        if name not in (there := get_available_reporting_integrations()):
            remedy = f"install it, or set train.report_to={' or '.join([*there, 'none'])}"
            raise InputError(f"the tracker '{name}' is not installed", field="train.report_to", remedy=remedy)


def check_schedule(arguments: TrainingArguments) -> None:
    """Refuse a schedule that is no function of the step alone."""
    name = str(getattr(arguments.lr_scheduler_type, "value", arguments.lr_scheduler_type))
    if name in NO_SCHEDULES:
        raise InputError(
            f"the schedule '{name}' is not supported",
            field="train.lr_scheduler_type",
            remedy="use linear, cosine, constant …",
        )


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _within(value: Any, bound: str) -> bool:
    """Whether a number is one, and within its bound; what is no number is."""
    if not isinstance(value, int | float):
        return True
    if bound.startswith("more than 0"):
        return 0 < value < math.inf or ("-1" in bound and value == -1)
    return 0 <= value < math.inf if bound else math.isfinite(value)
