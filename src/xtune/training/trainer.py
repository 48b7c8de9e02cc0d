"""`transformers.Trainer` with xTune's objective: one merged forward pass, global counts, complete checkpoints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments

from xtune.consistency.objective import Objective
from xtune.training.rows import StageRows
from xtune.training.sampler import StepSampler
from xtune.training.sites import compared
from xtune.training.spectral import plain_state
from xtune.training.teacher import Teacher
from xtune.views.collate import Batch, Collator
from xtune.views.noise import embedding_noise

Evaluate = Callable[[Any], Mapping[str, float]]
"""A model to its metrics; the key `selection` is what checkpoints are compared by."""


class EpochLoader(DataLoader[Any]):
    """A data loader that the Trainer can tell the epoch, which it hands to its sampler."""

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of this epoch from now on."""
        self.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]


class XTuneTrainer(Trainer):
    """Trains one stage.

    Args:
        model: A transformers model with the task's head.
        args: Training arguments; `xtune.training.arguments` makes fitting ones.
        rows: The stage's rows.
        objective: The stage's losses.
        teacher: The frozen model of R2.
        evaluate: Called at each evaluation; the best weights by its `selection` are kept in `selected-STEP`.
        callbacks: Further callbacks.

    References:
        Zheng et al. (2021), Consistency Regularization for Cross-Lingual Fine-Tuning, ACL, section 3.
    """

    # The loss divides by counts over the whole optimizer step, so the Trainer must not divide again.
    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: Any,
        args: TrainingArguments,
        *,
        rows: StageRows,
        objective: Objective,
        teacher: Teacher | None = None,
        evaluate: Evaluate | None = None,
        callbacks: list[Any] | None = None,
    ) -> None:
        multiple = 64 if args.torch_compile else 1  # a compiled graph for every length would be recorded anew
        if args.torch_compile:  # or a graph recorded without noise would leave the hook of `embedding_noise` out
            torch._dynamo.config.skip_nnmodule_hook_guards = False
        super().__init__(
            model,
            args,
            data_collator=Collator(rows.encoder.tokenizer, rows.task.reading, multiple),
            train_dataset=rows,
            eval_dataset={} if evaluate else None,
            callbacks=callbacks,
        )
        self.rows, self.objective, self.teacher, self._evaluate_model = rows, objective, teacher, evaluate
        if teacher is not None:
            teacher.model.to(args.device)
        self._sums: dict[str, Tensor] = {}
        self._summed_steps = 0
        self._saving = False
        self._selected_since_save: list[int] = []

    # ---- data

    def get_train_dataloader(self) -> EpochLoader:
        """Batches by `StepSampler`, which deals them to the processes itself."""
        args = self.args
        sampler = StepSampler(
            self.rows.lengths(),
            batch_size=args.per_device_train_batch_size,
            accumulation=args.gradient_accumulation_steps,
            world=args.world_size,
            rank=args.process_index,
            seed=self.rows.seed,
            stage=self.rows.stage,
        )
        return EpochLoader(
            self.rows,
            batch_sampler=sampler,
            collate_fn=self.data_collator,
            num_workers=args.dataloader_num_workers,
            persistent_workers=args.dataloader_persistent_workers and args.dataloader_num_workers > 0,
            prefetch_factor=args.dataloader_prefetch_factor,
            pin_memory=args.dataloader_pin_memory and args.device.type == "cuda",
            # A generator of its own: the default takes a number from the global one, on which dropout depends.
            generator=torch.Generator().manual_seed(0),
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], Tensor]:
        """The micro-batches of one optimizer step, and how many sites each loss has in it over all processes."""
        batches = list(islice(epoch_iterator, num_batches))
        self._summed_steps += 1
        names = ("labels", "corresponds", "guided", "partner_labels")
        counts = torch.stack([self.objective.counts(*(batch[name] for name in names)) for batch in batches])
        total = counts.sum(0).to(device)
        if self.args.world_size > 1:
            total = self.accelerator.reduce(total, reduction="sum")
        return batches, total

    def _run_epoch(self, *args: Any, **options: Any) -> None:
        """Nothing where the run was interrupted behind its last step, which may be within an epoch."""
        if self.state.global_step < self.state.max_steps:
            super()._run_epoch(*args, **options)

    # ---- loss

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Any:
        """Task loss + R1 + R2 of one micro-batch, from one forward pass of views and partners together."""
        tensors = inputs["model_inputs"]
        with embedding_noise(model, inputs["noise"], tensors["attention_mask"]):
            outputs = model(**tensors)
        sites = compared(self.rows.task.reading, model, inputs, outputs, lambda outcomes: self._ask(inputs, outcomes))
        losses = self.objective(sites, num_items_in_batch)
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + loss.detach()
        # Gradients are averaged over the processes, but the counts are of all of them together.
        total = torch.stack(list(losses.values())).sum() * self.args.world_size
        return (total, outputs) if return_outputs else total

    def _ask(self, inputs: Batch, outcomes: int) -> Tensor | None:
        """The teacher at the guided sites `[guided, outcomes]`: looked up where known, asked where not."""
        if self.teacher is None:
            return None
        guided = inputs["sites"][inputs["guided"]]
        known: Tensor | None = inputs["teacher_logits"]
        if known is None:
            known = torch.full((len(guided), outcomes), torch.nan, device=guided.device)
        unknown = known.isnan().any(-1)
        if unknown.any():
            reading, noise = self.rows.task.reading, inputs["noise"]
            with self.accelerator.autocast():  # the student's own forward pass has it from `accelerate`
                live = self.teacher.logits(reading, inputs["model_inputs"], guided[unknown], noise)
            known = known.index_copy(0, unknown.nonzero().flatten(), live)
        return known

    def floating_point_ops(self, inputs: Batch) -> int:
        """Operations of the merged forward and backward pass."""
        operations: int = super().floating_point_ops(inputs["model_inputs"])
        return operations

    # ---- log, evaluation, checkpoints

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add each loss component's mean over the steps since the last log."""
        if "loss" in logs and self._summed_steps:
            for name, value in self._sums.items():
                total = self.accelerator.reduce(value.clone(), reduction="sum") if self.args.world_size > 1 else value
                logs[name] = float(total) / self._summed_steps
            self._sums, self._summed_steps = {}, 0
        super().log(logs, start_time)

    def evaluate(self, *_args: Any, **_options: Any) -> dict[str, float]:
        """The metrics of the stage's `evaluate`, logged and given to the callbacks."""
        assert self._evaluate_model is not None
        metrics = {f"eval_{name}": value for name, value in self._evaluate_model(self.model).items()}
        self.log(dict(metrics))
        control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)  # type: ignore[has-type]
        self.control = control
        return metrics

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        """Keep the weights of the best evaluation so far; the first of equals stays."""
        score = metrics["eval_selection"]
        if self.state.best_metric is not None and score <= self.state.best_metric:
            return False
        self.state.best_metric, self.state.best_global_step = score, self.state.global_step
        folder = Path(self.args.output_dir)
        self.save_complete(folder / f"selected-{self.state.global_step}")
        if self.args.should_save:
            for step in self._selected_since_save:  # no checkpoint refers to these
                shutil.rmtree(folder / f"selected-{step}", ignore_errors=True)
        self._selected_since_save = [self.state.global_step]
        return True

    def save_complete(self, folder: Path) -> None:
        """Save weights and tokenizer so that the folder is whole whenever it exists."""
        temporary = folder.with_name(f".saving-{folder.name}")
        if self.args.should_save and temporary.exists():
            shutil.rmtree(temporary)
        self.accelerator.wait_for_everyone()
        self.save_model(str(temporary), _internal_call=True)
        if self.args.should_save:
            self.rows.encoder.tokenizer.save_pretrained(temporary)
            (temporary / "training_args.bin").unlink(missing_ok=True)  # a pickle that nobody needs
            replace_folder(temporary, folder)
        self.accelerator.wait_for_everyone()

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Tensor] | None = None) -> None:
        """Weights that outlive the stage are plain; a checkpoint's are as they are trained, so that it can resume."""
        super()._save(output_dir, state_dict if self._saving else plain_state(self.model))

    def _get_output_dir(self, trial: Any) -> str:
        folder = super()._get_output_dir(trial)
        return str(Path(folder) / ".saving") if self._saving else folder

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Stock saving, which writes in place, sent to a temporary folder; renamed when complete."""
        self._saving = True
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self._saving = False
        self._selected_since_save = []
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(self.args.output_dir)
            name = f"checkpoint-{self.state.global_step}"
            replace_folder(folder / ".saving" / name, folder / name)
            clean_stage(folder, keep_step=self.state.global_step, keep_selected=self.state.best_global_step)
        self.accelerator.wait_for_everyone()


def replace_folder(source: Path, target: Path) -> None:
    """Rename a complete folder to its name; what stood there is moved aside first, and removed last."""
    aside = target.with_name(f".old-{target.name}")
    if aside.exists():
        shutil.rmtree(aside)
    if target.exists():
        os.replace(target, aside)
    os.replace(source, target)
    if aside.exists():
        shutil.rmtree(aside)


def clean_stage(folder: Path, keep_step: int, keep_selected: int | None) -> None:
    """Remove checkpoints and selected weights that a newer checkpoint has made useless, and what a kill left behind.

    Folders are renamed before they are removed: a half-removed checkpoint must not pass for one.
    """
    for path in sorted(folder.glob("*-*")) + sorted(folder.glob(".*")):
        kept = path.name in (f"checkpoint-{keep_step}", f"selected-{keep_selected}")
        if path.is_dir() and not kept and path.name.startswith(("checkpoint-", "selected-", ".saving", ".old-")):
            doomed = path.with_name(f".old-{path.name.lstrip('.')}")
            if doomed != path:
                shutil.rmtree(doomed, ignore_errors=True)
                os.replace(path, doomed)
            shutil.rmtree(doomed)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint of a stage; None before the first."""
    found = [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
