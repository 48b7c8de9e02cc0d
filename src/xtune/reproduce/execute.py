"""Making the runs of a table: one grid of runs a recipe, by the engine of `xtune ablate`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from xtune.config.load import load_recipe
from xtune.errors import InputError
from xtune.reproduce.job import Job
from xtune.reproduce.unfinished import Failures, incomplete, tell
from xtune.reproduce.variants import Variant
from xtune.runs.grids.grid import Cell, Grid
from xtune.runs.grids.study import check_runs, run_grid
from xtune.runs.grids.workers import Furnish, Work

BASELINES = ("plain", "data-augmentation")
"""What the other cells of a recipe's grid are compared with in its `study.json`, if it is there."""


def run_all(job: Job, *, jobs: int, furnish: Furnish, console: Console) -> None:
    """Make all runs of a table that are missing; recipes that cannot be run are told of first, and left out.

    Args:
        job: The table.
        jobs: Runs at once.
        furnish: Completes a recipe; a function of a module, as it is called in other processes too.
        console: Where progress is shown.

    Raises:
        InputError: No recipe can be run, or some runs failed or were left out, when the rest is done.
    """
    refused: Failures = {}
    for grid in grids(job):
        try:
            check_runs(Work(grid, place_of(job, grid), None, "check", furnish))
        except InputError as failure:
            refused[grid.name] = failure
            tell(grid.name, failure, console)
    failed = dict(refused)
    for grid in (each for each in grids(job) if each.name not in refused):
        console.print(f"[bold]{escape(grid.name)}[/]", highlight=False)
        try:
            run_grid(grid, place_of(job, grid), jobs=jobs, furnish=furnish, console=console)
        except InputError as failure:
            failed[grid.name] = failure
            tell(grid.name, failure, console)
    if failed:
        raise incomplete(f"{len(failed)} recipes are not complete", failed)


def grids(job: Job) -> tuple[Grid, ...]:
    """The grids of a table in their order.

    A recipe with runs that start from another run's model comes once more, with these, when all others are done.
    """
    variants: dict[str, list[Variant]] = {}
    for run in job.planned:
        known = variants.setdefault(run.variant.recipe, [])
        if run.variant not in known:
            known.append(run.variant)
    first = {name: [item for item in group if item.start is None] for name, group in variants.items()}
    again = {name: group for name, group in variants.items() if len(first[name]) < len(group)}
    rounds = [*first.items(), *again.items()]
    return tuple(_grid(job, name, group) for name, group in rounds if group)


def place_of(job: Job, grid: Grid) -> Path:
    """The folder of a recipe's grid."""
    return job.output / grid.name


def _grid(job: Job, recipe: str, variants: list[Variant]) -> Grid:
    keys = [*job.more, *([f"data.dir={job.data_dir}"] if job.data_dir else [])]
    cells = tuple(Cell(variant.cell, variant.settings(job.output, job.seeds[0])) for variant in variants)
    names = [cell.name for cell in cells]
    baseline = next((name for name in BASELINES if name in names), names[0])
    return Grid("ablation", recipe, load_recipe(recipe, keys), cells, job.seeds, baseline, "test")
