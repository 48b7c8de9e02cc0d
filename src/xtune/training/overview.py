"""Progress of several stages, of one run or more, with the time left for all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


@dataclass(frozen=True)
class Planned:
    """A stage that will be trained: what to call it, and what it costs beside the others, in any unit."""

    title: str
    cost: float


class Overview(TrainerCallback):
    """A bar for each stage in a terminal, a plain line for each log elsewhere; each says what time is left in all.

    Give it to every run as a callback, and enter it as a context.

    Args:
        stages: The stages in the order of their training, by their folders.
        console: Where to.
    """

    def __init__(self, stages: Mapping[Path, Planned], console: Console) -> None:
        self.stages, self.console = stages, console
        self._done = dict.fromkeys(stages, 0.0)  # the share of each, from 0 to 1
        self._trained = 0.0  # cost that was paid here, in which
        self._took: dict[Path, float] = {}  # seconds of the stages that were trained here, without what is between them
        self._begun: float | None = None  # when the stage that is being trained was
        self._last: tuple[Path, float] | None = None
        self._width = max(len(planned.title) for planned in stages.values())
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24, complete_style="cyan", finished_style="green"),
            TaskProgressColumn(),
            TextColumn("[dim]{task.fields[said]}"),
            console=console,
        )
        self._tasks: dict[Path, TaskID] = {}

    def __enter__(self) -> Overview:
        """Show the bars."""
        if self.console.is_terminal:
            for folder, planned in self.stages.items():
                self._tasks[folder] = self._bars.add_task(planned.title, total=1.0, said="")
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they are."""
        if self._tasks:
            self._bars.stop()

    def finished(self, run: Path) -> None:
        """Say of all stages of a run that they are done, and how long they took; maybe an earlier command did them."""
        for folder in self.stages:
            if folder.parent == run:
                self._move(folder, 1.0, _clock(self._took[folder]) if folder in self._took else "done before")

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start at the step that the stage starts or resumes from; those before it are done."""
        folder = Path(args.output_dir)
        self._begun = time.monotonic()
        for other in self.stages:
            if other == folder:
                break
            self._move(other, 1.0, _clock(self._took[other]) if other in self._took else "done before")
        share = state.global_step / max(state.max_steps, 1)
        self._last = folder, share
        self._move(folder, share, "resumed" if state.global_step else "")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Move the bar."""
        folder, share = Path(args.output_dir), state.global_step / state.max_steps
        if self._last is not None:
            self._trained += (share - self._last[1]) * self.stages[folder].cost
        self._last = folder, share
        self._move(folder, share, f"{self.left()} left in all" if share < 1 else "")

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """What comes next is the scores of all languages, or another stage."""
        folder = Path(args.output_dir)
        self._took[folder], self._begun = self._since(), None
        self._move(folder, 1.0, "…")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Say the same in a line, where there are no bars."""
        if not self._tasks and logs and "loss" in logs:
            folder = Path(args.output_dir)
            title, percent = self.stages[folder].title, 100 * self._done[folder]
            self.console.print(
                f"{title:<{self._width}}  {percent:3.0f} %  loss {float(logs['loss']):.3f}  {self.left()} left in all",
                highlight=False,
                soft_wrap=True,
            )

    def left(self) -> str:
        """The time that all that is not done will take at the pace so far, for example `1:05`."""
        rest = sum(planned.cost * (1 - self._done[folder]) for folder, planned in self.stages.items())
        passed = sum(self._took.values()) + self._since()
        seconds = passed / self._trained * rest if self._trained else 0.0
        return _clock(seconds)

    def _since(self) -> float:
        """Seconds of the stage that is being trained."""
        return 0.0 if self._begun is None else time.monotonic() - self._begun

    def _move(self, folder: Path, share: float, said: str) -> None:
        self._done[folder] = share
        if self._tasks:
            self._bars.update(self._tasks[folder], completed=share, said=said)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
