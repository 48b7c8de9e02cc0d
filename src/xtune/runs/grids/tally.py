"""What a grid says while it runs: a line for each finished run, and about how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from xtune.runs.files import read_json
from xtune.runs.grids.grid import Run, cost
from xtune.runs.grids.scores import BROKEN, run_score
from xtune.runs.grids.workers import Work


class Tally:
    """Counts finished runs, whoever did them, by looking into their folders.

    Args:
        job: Whose runs.
        console: Where to talk to.
    """

    def __init__(self, job: Work, console: Console) -> None:
        self._job, self._console = job, console
        self._runs = list(job.grid.runs)
        self._costs = {run.name: cost(job.grid.recipe(run)) for run in self._runs}
        self._width = max(len(run.name) for run in self._runs)
        self._started = time.monotonic()
        self.scores: dict[str, float] = {}
        self._before = {run.name for run in self._runs if job.finished(run)}
        self.look()

    def look(self) -> None:
        """Tell of the runs that have been finished since the last look."""
        for run in self._runs:
            if run.name not in self.scores and self._job.finished(run):
                results = read_json(self._job.place(run) / "results.json", BROKEN)
                self.scores[run.name] = run_score(results, self._job.grid)
                self._tell(run, results)

    def _tell(self, run: Run, results: Mapping[str, Any]) -> None:
        done, total = len(self.scores), len(self._runs)
        known = run.name in self._before
        took = "done before" if known else f"{_clock(results['timing']['train_seconds'])} of training"
        left = "" if known or done == total else f"   about {_clock(self.seconds_left())} left"
        number = f"{done:>{len(str(total))}}/{total}"
        line = f"{number}  {run.name:<{self._width}}  {self.scores[run.name]:5.1f}   {took}{left}"
        self._console.print(escape(line), highlight=False, soft_wrap=True)

    def seconds_left(self) -> float:
        """By what the runs of this command have taken, each weighed by what its training costs."""
        spent = time.monotonic() - self._started
        done = sum(self._costs[name] for name in self.scores if name not in self._before)
        rest = sum(self._costs[run.name] for run in self._runs if run.name not in self.scores)
        return spent * rest / done if done else 0.0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
