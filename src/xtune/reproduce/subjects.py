"""What table 5 retrieves with: its models, and, which the paper has not, the encoder that they were fine-tuned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from xtune.reproduce.collect import RETRIEVAL, Found, retrieved
from xtune.reproduce.figures import ABSENT, Row, Table
from xtune.reproduce.job import Job
from xtune.reproduce.planning import label
from xtune.reproduce.plans import Cell
from xtune.reproduce.variants import Variant

BEFORE = "before fine-tuning"
"""The group of the encoder's row, and what it is called elsewhere."""


@dataclass(frozen=True)
class Subject:
    """A model.

    Args:
        name: What it is called.
        run: The folder of its run; None: the encoder before fine-tuning.
        seed: Of the run; on the pocket benchmark of the sentences too.
        folder: Where what is found goes, a folder a task.
    """

    name: str
    run: Path | None
    seed: int
    folder: Path

    def results(self, task: str) -> Path:
        """The scores of a task, once they are there."""
        return self.folder / task / "results.json"


def tasks_of(job: Job) -> tuple[str, ...]:
    """The tasks; the pocket benchmark has no counterpart of BUCC."""
    return tuple(task for task, _ in RETRIEVAL.values() if task == "tatoeba" or not job.pocket)


def subjects(job: Job, found: Found) -> list[Subject]:
    """The models of the runs that are finished, and the encoder, once a run is."""
    models = [
        Subject(f"{label(variant)}, seed {seed}", Path(run["folder"]), seed, Path(run["folder"]) / "retrieval")
        for variant, runs in found.items()
        for seed, run in sorted(runs.items())
    ]
    seeds = job.seeds if job.pocket else job.seeds[:1]
    before = [Subject(BEFORE + f", seed {seed}" * job.pocket, None, seed, _of_encoder(job, seed)) for seed in seeds]
    return [*models, *before] if models else []


def place_of(job: Job, task: str) -> Path | None:
    """The folder with a task's sentences; None: the Hub, which has Tatoeba's."""
    folder = Path(job.data_dir) if job.data_dir is not None else None
    return folder if folder is None or task != "tatoeba" or (folder / task).is_dir() else None


def with_encoder(job: Job, found: Found) -> tuple[Table, tuple[Cell, ...], Found]:
    """The table with a row of the encoder, its cells and runs; as they are where nothing was retrieved with it."""
    there = {seed: retrieved(_of_encoder(job, seed)) for seed in job.seeds}
    if not any(there.values()):
        return job.shown, job.cells, found
    first = job.cells[0]
    row = Row(BEFORE, first.row.name, dict.fromkeys(job.shown.columns, ABSENT))
    variant = Variant(first.variant.recipe, BEFORE, {})
    shown = replace(job.shown, rows=(row, *job.shown.rows))
    cell = Cell(row, first.column, variant, first.stands_for)
    return shown, (cell, *job.cells), {variant: {seed: {"retrieval": own} for seed, own in there.items()}, **found}


def _of_encoder(job: Job, seed: int) -> Path:
    """Where what the encoder finds goes: of all seeds the same, but for the pocket benchmark's sentences."""
    folder = job.output / "retrieval" / job.cells[0].variant.recipe
    return folder / f"seed{seed}" if job.pocket else folder
