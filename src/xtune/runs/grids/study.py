"""Grids of runs: `ablate`, methods × augmentations × seeds, and `sweep`, all values of some keys; both resume."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.markup import escape

from xtune.config.load import load_recipe, mapping_in, write_recipe
from xtune.config.recipe import Recipe
from xtune.errors import InputError, did_you_mean
from xtune.runs.augmentations import names_in
from xtune.runs.files import check_writable, write_json, write_text
from xtune.runs.fit import first_difference
from xtune.runs.grids.grid import Grid, Run, ablation_cells
from xtune.runs.grids.locks import exclusively
from xtune.runs.grids.scores import build_study
from xtune.runs.grids.space import Space, paper_space, sweep_cells
from xtune.runs.grids.tally import Tally
from xtune.runs.grids.workers import Furnish, Work, work_together
from xtune.runs.models import quiet
from xtune.runs.resolve import resolve

HEADER = "# A grid of runs: what all of them share, and what each cell sets. The same command goes on with it.\n"

LOCK = ".grid.lock"
"""Of the files that all commands with one folder write: `config.yaml` and `study.json`."""


def as_it_is(recipe: Recipe) -> Recipe:
    """A recipe that names all it needs."""
    return recipe


def ablate(
    recipe: str,
    overrides: Sequence[str] = (),
    *,
    methods: Sequence[str],
    augmentations: Sequence[str] = (),
    seeds: Sequence[int],
    output_dir: Path,
    baseline: str | None = None,
    split: Literal["test", "dev"] = "test",
    jobs: int = 1,
    storage: str | None = None,
    furnish: Furnish = as_it_is,
    console: Console | None = None,
) -> dict[str, Any]:
    """Run methods × augmentations × seeds of a recipe, and compare them.

    The same call again goes on where it stopped, here and, with the same folder or storage, on other machines at once.

    Args:
        recipe: Its name or file.
        overrides: `["data.dir=…", …]`, for all runs.
        methods: See `xtune.config.methods`; or `plain-steps`, plain with as many optimizer steps as xtune.
        augmentations: For the methods that need one: `ss`, `gn`, `cs`, `mt` …; none: the recipe's own.
        seeds: Each of every cell.
        output_dir: The grid's folder.
        baseline: The cell to compare with; None: `plain`, or the first.
        split: What is compared.
        jobs: Processes.
        storage: URL of an Optuna storage; None: a journal in the folder.
        furnish: Completes a recipe; a function of a module, as it is called in other processes too.
        console: Where progress is shown; None: standard output.

    Returns:
        What `study.json` holds.

    Raises:
        InputError: For anything that cannot be run, before anything is; or for runs that failed, when the rest is done.
    """
    base = load_recipe(recipe, overrides)
    cells = ablation_cells(base, methods, augmentations)
    names = [cell.name for cell in cells]
    baseline = baseline or ("plain" if "plain" in names else names[0])
    if baseline not in names:
        remedy = did_you_mean(baseline, names)
        raise InputError(f"there is no cell '{baseline}'", field="--baseline", remedy=remedy)
    grid = Grid("ablation", recipe, base, cells, tuple(seeds), baseline, split)
    return _run(Work(grid, output_dir, storage, uuid.uuid4().hex, furnish), jobs, console or Console())


def sweep(
    recipe: str,
    overrides: Sequence[str] = (),
    *,
    space: Space | None = None,
    seeds: Sequence[int] = (),
    output_dir: Path,
    jobs: int = 1,
    storage: str | None = None,
    furnish: Furnish = as_it_is,
    console: Console | None = None,
) -> dict[str, Any]:
    """Run all combinations of some keys' values, select by dev scores alone, and leave the best recipe, `best.yaml`.

    Args:
        recipe: Its name or file.
        overrides: Keys of all runs.
        space: Key to values; None: the paper's (appendix B).
        seeds: Of every cell; none: the recipe's own.
        output_dir: The grid's folder.
        jobs: As for `ablate`, like the rest.
        storage: Likewise.
        furnish: Likewise.
        console: Likewise.

    Returns:
        What `study.json` holds; `best` is the selected cell.

    Raises:
        InputError: As for `ablate`.
    """
    base = load_recipe(recipe, overrides)
    cells, baseline = sweep_cells(base, paper_space(base) if space is None else space)
    grid = Grid("sweep", recipe, base, cells, tuple(seeds) or (base.seed,), baseline, "dev")
    study = _run(Work(grid, output_dir, storage, uuid.uuid4().hex, furnish), jobs, console or Console())
    best = next(cell for cell in cells if cell.name == study["best"])
    with exclusively(output_dir / LOCK):
        write_recipe(grid.recipe(Run(best, base.seed)), output_dir / "best.yaml")
    return study


def run_grid(
    grid: Grid, output_dir: Path, *, jobs: int = 1, furnish: Furnish = as_it_is, console: Console | None = None
) -> dict[str, Any]:
    """Run a grid, whatever its cells are; else as `ablate`."""
    return _run(Work(grid, output_dir, None, uuid.uuid4().hex, furnish), jobs, console or Console())


def _run(job: Work, jobs: int, console: Console) -> dict[str, Any]:
    quiet()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        problem = "a grid cannot be run by torchrun: its processes each take runs of their own"
        raise InputError(problem, field="--jobs", remedy="start it without, with --jobs for several processes")
    check_writable(job.folder)
    check_runs(job)
    job.folder.mkdir(parents=True, exist_ok=True)
    with exclusively(job.folder / LOCK):
        _claim_folder(job)
    claims = job.claims()
    tally = Tally(job, console)
    claims.record(tally.scores)
    work_together(job, jobs, tally.look)
    tally.look()
    claims.record(tally.scores)
    return _conclude(job, claims.failures(), claims.finished_elsewhere(), console)


def check_runs(job: Work) -> None:
    """Refuse a grid with a cell that cannot be run, as far as recipes alone tell.

    Raises:
        InputError: Naming the cell.
    """
    for cell in job.grid.cells:
        run = Run(cell, job.grid.seeds[0])
        try:
            recipe = resolve(job.furnish(job.grid.recipe(run)))
            if any("mt" in name.split("+") for name in names_in(recipe)) and recipe.data.translations is None:
                problem = "machine translation needs translations of the training set"
                remedy = "name a file or a folder of them, or leave the augmentation mt out"
                raise InputError(problem, field="data.translations", remedy=remedy)
        except InputError as failure:
            problem = f"cell {cell.name}: {failure.problem}"
            place: dict[str, Any] = {"file": failure.file, "line": failure.line, "field": failure.field}
            raise InputError(problem, **place, remedy=failure.remedy) from None


def _claim_folder(job: Work) -> None:
    """Write `config.yaml`, the grid; refuse a folder that holds anything but runs of the same recipe.

    Runs alone may be there before the grid: made one by one, each keeps a `config.yaml` that has to be the grid's.
    """
    config, grid = job.folder / "config.yaml", job.grid
    if config.is_file():
        there = mapping_in(config.read_text("utf-8"), str(config))
        found = first_difference(there.get("settings", {}), yaml.safe_load(yaml.safe_dump(grid.settings())))
        if there.get("kind") != grid.kind or found:
            key, old, new = found or ("kind", there.get("kind"), grid.kind)
            problem = f"the folder holds another grid: it has {old!r} where this one has {new!r}"
            raise InputError(problem, file=config, field=key, remedy="name another --output-dir")
    elif other := [p.name for p in job.folder.iterdir() if not p.name.startswith(".") and p.name != "runs"]:
        problem = f"the folder holds no grid, and is not empty: there is {sorted(other)[0]}"
        raise InputError(problem, file=job.folder, field="--output-dir", remedy="name a new folder")
    values = {
        "kind": grid.kind,
        "recipe": grid.name,
        "seeds": list(grid.seeds),
        "baseline": grid.baseline,
        "split": grid.split,
        "cells": {cell.name: dict(cell.keys) for cell in grid.cells},
        "settings": grid.settings(),
    }
    write_text(config, HEADER + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100))


def _conclude(job: Work, failed: dict[str, str], elsewhere: dict[str, str], console: Console) -> dict[str, Any]:
    """Write `study.json` of the cells that are whole; say which are not, and why."""
    missing = [run for run in job.grid.runs if not job.finished(run)]
    broken = {run.cell.name for run in missing}
    whole = [cell.name for cell in job.grid.cells if cell.name not in broken]
    study: dict[str, Any] = {}
    if job.grid.baseline in whole:
        study = build_study(job.grid, job.folder, whole)
        with exclusively(job.folder / LOCK):
            write_json(job.folder / "study.json", study)
    for run in missing:
        why = failed.get(run.name) or f"finished in another folder, on {elsewhere.get(run.name, 'another machine')}"
        console.print(f"[yellow]![/] {escape(run.name)}: {escape(why)}", highlight=False, soft_wrap=True)
    if missing and any(run.name in failed for run in missing):
        problem = f"{len(missing)} of {len(list(job.grid.runs))} runs are missing: {missing[0].name} …"
        remedy = "mend what is said above, and the same command goes on"
        raise InputError(problem, file=job.folder, remedy=remedy)
    if missing:
        problem = f"{len(missing)} runs are finished in other folders"
        remedy = f"copy their folders to {job.folder / 'runs'}, and the same command compares all"
        raise InputError(problem, file=job.folder, remedy=remedy)
    return study
