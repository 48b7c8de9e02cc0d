"""Making the runs of a table, one after the other; each resumes, and a finished one is not made again."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from xtune.config.load import parse_recipe, to_dict
from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.reproduce.job import Job
from xtune.reproduce.variants import Planned, recipe_of
from xtune.runs.fit import fit

Furnish = Callable[[Recipe], Recipe]
"""Gives a recipe what it needs and does not name."""


def run_all(job: Job, *, jobs: int, furnish: Furnish, console: Console) -> None:
    """Make all runs of a table that are missing.

    Args:
        job: The table.
        jobs: Runs at once.
        furnish: Completes a recipe.
        console: Where progress is shown.

    Raises:
        InputError: For anything in a run's recipe or files that cannot be used.
    """
    if jobs > 1:
        problem = "runs are made one at a time"
        raise InputError(problem, field="--jobs", remedy="start the commands of --dry-run side by side")
    found = job.found()
    missing = [run for run in job.planned if run.seed not in found.get(run.variant, {})]
    for number, run in enumerate(missing, start=1):
        place = run.folder(job.output)
        console.print(f"[bold]{number} of {len(missing)}[/]  {escape(str(place))}", highlight=False, soft_wrap=True)
        fit(furnish(recipe_for(job, run)), output_dir=place, console=console)


def recipe_for(job: Job, run: Planned) -> Recipe:
    """The recipe of a run, with the user's data and keys."""
    keys = {**run.variant.settings(job.output), "seed": run.seed}
    data = [f"data.dir={job.data_dir}"] if job.data_dir else []
    start = {name: value for name, value in keys.items() if name not in run.variant.keys}
    recipe = parse_recipe(to_dict(recipe_of(run.variant)), start)
    return parse_recipe(to_dict(recipe), [*job.more, *data])
