"""`xtune quickstart` and `xtune train`: recipes become runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from xtune.cli.common import DataDir, Recipe, console, keys_of, named, show, speaks


def quickstart(
    task: Annotated[
        str, typer.Option("--task", metavar="TASK", help="topic, nli, paraphrase, ner, pos, qa.")
    ] = "topic",
    output_dir: Annotated[
        str | None, typer.Option("--output-dir", metavar="DIR", help="Default: quickstart-TASK.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the data and of both runs.")] = 1,
) -> None:
    """See the gain in minutes, without network, data or GPU; the same command again resumes."""
    with console.status("starting …"):
        from xtune.pocket.quickstart import quickstart as run_quickstart

    run_quickstart(task, Path(f"quickstart-{task}" if output_dir is None else named(output_dir)), seed, console)


def train(
    recipe: Recipe,
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Keys to set, for example seed=2.")
    ] = None,
    data_dir: DataDir = None,
    output_dir: Annotated[str | None, typer.Option("--output-dir", metavar="DIR", help="The run's folder.")] = None,
) -> None:
    """Train all stages of a recipe, evaluate in every language; the same command again resumes."""
    with console.status("starting …"):  # importing torch takes seconds
        from xtune.config.load import load_recipe
        from xtune.pocket.supplies import furnish
        from xtune.runs.fit import default_folder, fit

    loaded = load_recipe(recipe, keys_of(overrides, data_dir))
    run = str(default_folder(loaded)) if output_dir is None else named(output_dir)
    with console.status("looking for the data …"):  # a pocket recipe's are written at its first use
        furnished = furnish(loaded)
    if speaks() and furnished.data.dir != loaded.data.dir:
        console.print(f"pocket benchmark: {escape(str(furnished.data.dir))}", highlight=False, soft_wrap=True)
    results = fit(furnished, output_dir=run, console=console)
    if speaks():
        show(results, f"model: {run}/model   results: {run}/results.json")
