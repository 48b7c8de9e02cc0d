"""What a run says while it trains: `train_log.jsonl`, and progress in a terminal or as plain lines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from xtune.atomic import replacing


class LogBeforeSave(TrainerCallback):
    """Close the log's window at each checkpoint, so that a resumed run logs what an uninterrupted one does.

    A checkpoint at an epoch's last step waits for the end of the epoch, whose evaluation a resumed run would miss.
    """

    def __init__(self) -> None:
        self._late = False

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """After `DefaultFlowCallback` has decided whether this step saves."""
        last = float(state.epoch or 0).is_integer() or state.global_step >= state.max_steps
        if last and control.should_save:
            self._late, control.should_save = True, False
        control.should_log = control.should_log or control.should_save

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """The same at the end of an epoch."""
        control.should_save, self._late = control.should_save or self._late, False
        control.should_log = control.should_log or control.should_save


class JsonLog(TrainerCallback):
    """Append each log to a file, one JSON object a line: stage, step, every loss component by name, seconds.

    Args:
        path: `train_log.jsonl` of the run.
        stage: The stage's name.
    """

    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.stage = path, stage
        self._seconds_before, self._started = 0.0, 0.0

    @property
    def seconds(self) -> float:
        """Training time of this stage so far, over all its resumptions."""
        return self._seconds_before + time.monotonic() - self._started

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Cut the log back to the step that the stage resumes from."""
        self._started = time.monotonic()
        if state.is_world_process_zero:
            kept = cut_log(self.path, self.stage, state.global_step)
            self._seconds_before = max((line["seconds"] for line in kept if line["stage"] == self.stage), default=0.0)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write one line, at once."""
        if state.is_world_process_zero and logs and "train_runtime" not in logs:
            line = {"stage": self.stage, "step": state.global_step, "seconds": round(self.seconds, 3), **logs}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def cut_log(path: Path, stage: str, step: int) -> list[dict[str, Any]]:
    """Drop a log's lines of `stage` behind `step`, and a last line that a kill cut off; give back what stays."""
    kept: list[dict[str, Any]] = []
    if not path.exists():
        return kept
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
            stays = line["stage"] != stage or line["step"] <= step
        except (ValueError, KeyError, TypeError):
            continue
        if stays:
            kept.append(line)
    with replacing(path) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    return kept


class Reporter(TrainerCallback):
    """Show progress with the time left: a bar in a terminal, a plain line for each log elsewhere.

    Args:
        stage: The stage's name.
        console: Where to.
    """

    def __init__(self, stage: str, console: Console) -> None:
        self.stage, self.console = stage, console
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._started, self._first_step = 0.0, 0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock at the step that the stage starts or resumes from."""
        self._started, self._first_step = time.monotonic(), state.global_step
        if not state.is_world_process_zero:
            return
        if state.global_step:
            resumed = f"{self.stage}: resumed at step {state.global_step} of {state.max_steps}"
            self.console.print(resumed, highlight=False, soft_wrap=True)
        if self.console.is_terminal:
            self._bar = Progress(
                TextColumn("[bold]{task.description}"),
                BarColumn(bar_width=10),  # the line fits into 80 columns with all four losses
                MofNCompleteColumn(),
                TimeRemainingColumn(elapsed_when_finished=True),
                TextColumn("[dim]{task.fields[losses]}"),
                console=self.console,
            )
            self._bar.start()
            self._task = self._bar.add_task(self.stage, total=state.max_steps, completed=state.global_step, losses="")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Show the losses, or an evaluation."""
        if not state.is_world_process_zero or not logs or "train_runtime" in logs:
            return
        values = _shown(logs)
        if self._bar and "loss" in logs:
            self._bar.update(self._task, losses=" ".join(f"{name} {value:.3g}" for name, value in values.items()))
        else:
            shown = "  ".join(f"{name.removeprefix('eval_')} {value:.4g}" for name, value in values.items())
            what = "dev" if "loss" not in logs else f"{self._left(state)} left"
            line = f"{self.stage}  step {state.global_step}/{state.max_steps}  {what}  {shown}"
            self.console.print(line, highlight=False, soft_wrap=True)  # one line in a log file, however long

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Leave the full bar behind."""
        if self._bar:
            self._bar.stop()

    def _left(self, state: TrainerState) -> str:
        done = max(state.global_step - self._first_step, 1)
        seconds = (time.monotonic() - self._started) / done * (state.max_steps - state.global_step)
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _shown(logs: dict[str, Any]) -> dict[str, float]:
    """Losses by component, or the metrics of an evaluation, and what they are selected by where there are several."""
    if "loss" in logs:
        return {name: float(logs[name]) for name in ("loss", "task", "r1", "r2") if name in logs}
    metrics = {name: float(logs[name]) for name in logs if name.startswith("eval_") and name != "eval_selection"}
    return metrics if len(metrics) == 1 else {"eval_selection": float(logs["eval_selection"]), **metrics}


class EachStep(TrainerCallback):
    """Call a function after each optimizer step, before a checkpoint of it is written; it may raise."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Call it."""
        self._function()
