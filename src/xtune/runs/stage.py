"""Training one stage to its selected weights; the same call again resumes it, or finds it done."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accelerate import PartialState
from rich.console import Console
from safetensors import safe_open
from transformers import PrinterCallback, TrainerCallback, TrainingArguments, set_seed

from xtune.config.recipe import Recipe, Stage
from xtune.consistency.objective import Objective
from xtune.errors import InputError
from xtune.runs.files import read_json, write_json
from xtune.runs.generic import kind_of
from xtune.runs.models import load_model, model_options
from xtune.runs.start import load_start
from xtune.schema import Augmentation, Example
from xtune.tasks.task import Task
from xtune.training.arguments import DEFAULTS, training_arguments
from xtune.training.callbacks import JsonLog, LogBeforeSave, Reporter
from xtune.training.rows import StageRows
from xtune.training.spectral import normalise_head
from xtune.training.teacher import Teacher
from xtune.training.trainer import Evaluate, XTuneTrainer, clean_stage, last_checkpoint, replace_folder
from xtune.views.encode import Encoder


@dataclass(frozen=True)
class StageInputs:
    """What every stage of a run shares.

    Args:
        recipe: Resolved.
        task: With its label space.
        examples: D.
        encoder: Encodes views.
        augmentations: By the names that the recipe's stages use.
        copies: By the same names, what makes the augmented copies of D.
        evaluate: Selects checkpoints; None keeps the last.
    """

    recipe: Recipe
    task: Task
    examples: Sequence[Example]
    encoder: Encoder
    augmentations: Mapping[str, Augmentation]
    copies: Mapping[str, tuple[Augmentation, ...]]
    evaluate: Evaluate | None


@dataclass(frozen=True)
class StageResult:
    """A finished stage: where its weights are, the step they are of, and what the training cost."""

    model: Path
    selected_step: int
    seconds: float
    steps: int
    examples: int


def run_stage(
    inputs: StageInputs, stage: Stage, run: Path, console: Console, callbacks: Sequence[TrainerCallback] = ()
) -> StageResult:
    """Train a stage in `run/NAME`, from where all stages start, or from where it was interrupted."""
    folder = run / stage.name
    if (done := _finished(folder)) is not None:
        return done
    folder.mkdir(parents=True, exist_ok=True)
    recipe = inputs.recipe
    arguments = _arguments(recipe, stage, run)
    checkpoint = last_checkpoint(folder)
    if arguments.process_index == 0:
        _clear_leftovers(folder, checkpoint)
    set_seed(recipe.seed)
    rows, objective = stage_rows(inputs, stage), stage_objective(recipe, stage)
    teacher = _teacher(inputs, stage, run)
    log = JsonLog(run / "train_log.jsonl", stage.name)
    set_seed(recipe.seed)  # the head's initialisation does not depend on what came before
    model = load_start(recipe, inputs.task)
    if stage.spectral_norm:
        normalise_head(model)
    model.config.xtune = saved_settings(recipe)
    trainer = XTuneTrainer(
        model,
        arguments,
        rows=rows,
        objective=objective,
        teacher=teacher,
        evaluate=inputs.evaluate,
        callbacks=[LogBeforeSave(), log, Reporter(stage.name, console), *callbacks],
    )
    trainer.remove_callback(PrinterCallback)
    if teacher is not None:
        with PartialState().main_process_first(), trainer.accelerator.autocast():  # one computes, the others read
            rows.teacher = teacher.precompute(rows, folder / "teacher-logits")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return _finish(trainer, folder, log.seconds)


def check_arguments(recipe: Recipe, run: Path) -> None:
    """Refuse wrong training arguments of any stage, and join the other processes of a distributed run."""
    for stage in recipe.stages or ():
        _ = _arguments(recipe, stage, run).device  # which is where transformers starts the process group


def eval_batch_size(recipe: Recipe) -> int:
    """How many examples are predicted at once."""
    return int(recipe.train.get("per_device_eval_batch_size", DEFAULTS["per_device_eval_batch_size"]))


def saved_settings(recipe: Recipe) -> dict[str, Any]:
    """What `xtune evaluate` and `predict` need to treat texts as training did; transformers ignores it."""
    return {
        "task": recipe.task,
        "max_length": recipe.max_length,
        "source_language": recipe.source_language,
        "text_columns": list(recipe.data.text_columns) if recipe.data.text_columns else None,
        "label_column": recipe.data.label_column,
        "language_column": recipe.data.language_column,
        **({"pooling": recipe.pooling} if kind_of(recipe.task) == "tagging" else {}),
        **({"stride": recipe.stride} if kind_of(recipe.task) != "classification" else {}),
        **({"question_length": recipe.max_question_length} if kind_of(recipe.task) == "span" else {}),
    }


def stage_rows(inputs: StageInputs, stage: Stage) -> StageRows:
    """The rows of a stage: D or D_A, partners, and where R2 acts."""
    recipe = inputs.recipe
    return StageRows(
        examples=inputs.examples,
        encoder=inputs.encoder,
        task=inputs.task,
        stage=stage.name,
        seed=recipe.seed,
        copies=inputs.copies[stage.augmentation] if stage.augmentation else (),
        partner=inputs.augmentations[stage.r1.augmentation] if stage.r1 else None,
        guided=recipe.consistency.rows if stage.r2 else None,
        ratio=recipe.ratio,
        resample=recipe.resample,
    )


def stage_objective(recipe: Recipe, stage: Stage) -> Objective:
    """The losses of a stage."""
    return Objective(
        lambda1=stage.r1.weight if stage.r1 else 0.0,
        lambda2=stage.r2.weight if stage.r2 else 0.0,
        reduction=recipe.consistency.reduction,
        stop_gradient=stage.r1.stop_gradient if stage.r1 else True,
        task_on_partner=stage.r1.task_on_partner if stage.r1 else False,
        targets=recipe.consistency.targets,
    )


def _arguments(recipe: Recipe, stage: Stage, run: Path) -> TrainingArguments:
    values = {**recipe.train, **stage.train}
    evaluates = recipe.selection.by != "last"
    return training_arguments(values, output_dir=run / stage.name, seed=recipe.seed, evaluates=evaluates)


def _teacher(inputs: StageInputs, stage: Stage, run: Path) -> Teacher | None:
    if stage.r2 is None:
        return None
    return Teacher(load_model(inputs.task, str(run / stage.r2.teacher / "model"), **model_options(inputs.recipe)))


def _finished(folder: Path) -> StageResult | None:
    record = folder / "stage.json"
    if not record.is_file():
        return None
    remedy = f"remove {folder}, and the same command trains the stage anew"
    if not (folder / "model").is_dir():
        raise InputError("the stage is finished, and its model is gone", file=folder, remedy=remedy)
    values = read_json(record, remedy)
    try:
        return StageResult(
            folder / "model", values["selected_step"], values["seconds"], values["steps"], values["examples"]
        )
    except (TypeError, KeyError):
        raise InputError("this is no record of a finished stage", file=record, remedy=remedy) from None


def _clear_leftovers(folder: Path, checkpoint: Path | None) -> None:
    """Remove what a kill left half-made, and weights that were selected after the step that we resume from."""
    if checkpoint is None:
        clean_stage(folder, keep_step=-1, keep_selected=None)
        return
    remedy = f"remove {checkpoint}, and the same command begins the stage anew"
    state = read_json(checkpoint / "trainer_state.json", remedy)
    _check_whole(checkpoint, remedy)
    try:
        step, selected = state["global_step"], state["best_global_step"]
    except (TypeError, KeyError):
        problem = "this is not what training left there"
        raise InputError(problem, file=checkpoint / "trainer_state.json", remedy=remedy) from None
    clean_stage(folder, keep_step=step, keep_selected=selected)


def _check_whole(checkpoint: Path, remedy: str) -> None:
    """Refuse a checkpoint with a broken file, which the Trainer would stumble over."""
    for path in sorted(checkpoint.iterdir()):
        try:
            if path.suffix == ".safetensors":
                with safe_open(path, framework="pt"):
                    pass
            elif path.suffix in (".pt", ".pth") and not zipfile.is_zipfile(path):
                raise ValueError("it is not whole")
        except Exception as failure:  # safetensors has errors of its own
            raise InputError(f"the file is broken: {failure}", file=path, remedy=remedy) from None


def _finish(trainer: XTuneTrainer, folder: Path, seconds: float) -> StageResult:
    """Leave the selected weights in `model/` and a record that the stage is done; drop the checkpoints."""
    state = trainer.state
    step = state.best_global_step or state.global_step
    selected = folder / f"selected-{step}"
    missing = not selected.is_dir()
    trainer.accelerator.wait_for_everyone()  # all look before one cleans up; a late one would save and wait alone
    if missing:
        trainer.save_complete(selected)
    examples = state.global_step * trainer.get_total_train_batch_size(trainer.args)
    result = StageResult(folder / "model", step, round(seconds, 3), state.global_step, examples)
    if trainer.args.should_save:
        temporary = folder / ".saving-model"
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(selected, temporary)
        replace_folder(temporary, result.model)
        record = {**asdict(result), "score": state.best_metric}
        del record["model"]
        write_json(folder / "stage.json", record)
        clean_stage(folder, keep_step=-1, keep_selected=None)
    trainer.accelerator.wait_for_everyone()
    return result
