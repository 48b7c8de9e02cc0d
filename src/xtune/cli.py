"""The command line: `xtune train`, `evaluate`, `predict`, `recipes`, `doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from xtune.errors import InputError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()
errors = Console(stderr=True)

Model = Annotated[str, typer.Argument(help="A run's folder, its model/, or any classification checkpoint.")]
Task = Annotated[str | None, typer.Option("--task", help="The task; default: the one it was trained for.")]
DataDir = Annotated[str | None, typer.Option("--data-dir", help="Folder that holds xnli/ …, or the task's own.")]
TextColumns = Annotated[str | None, typer.Option("--text-columns", help="Column of the text, or of both: a,b.")]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Texts a forward pass.")]


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's name (`xtune recipes`), or a YAML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Keys to set.")] = None,
    data_dir: DataDir = None,
    output_dir: Annotated[str | None, typer.Option("--output-dir", help="The run's folder.")] = None,
) -> None:
    """Train all stages of a recipe, evaluate in every language; the same command again resumes."""
    from xtune.config.load import load_recipe
    from xtune.report.tables import language_table
    from xtune.runs.fit import default_folder, fit

    keys = [*(overrides or []), *([f"data.dir={data_dir}"] if data_dir else [])]
    loaded = load_recipe(recipe, keys)
    run = output_dir or str(default_folder(loaded))
    results = fit(loaded, output_dir=run, console=console)
    _show(language_table(results), f"model: {run}/model   results: {run}/results.json")


@app.command()
def evaluate(
    model: Model,
    output_dir: Annotated[str, typer.Option("--output-dir", help="Where scores and predictions go.")],
    task: Task = None,
    data_dir: DataDir = None,
    input: Annotated[
        str | None, typer.Option("--input", help="Your own labelled file, or pattern with {lang}.")
    ] = None,
    languages: Annotated[str | None, typer.Option("--languages", help="Some of them: de,fr.")] = None,
    split: Annotated[str, typer.Option("--split", help="train, dev or test.")] = "test",
    text_columns: TextColumns = None,
    batch_size: BatchSize = 64,
) -> None:
    """Score a model in many languages."""
    from xtune.config.load import parse_recipe
    from xtune.report.tables import language_table
    from xtune.runs.apply import evaluate as run_evaluation
    from xtune.runs.apply import load_checkpoint
    from xtune.runs.files import write_json
    from xtune.runs.results import write_predictions

    if split not in ("train", "dev", "test"):
        raise InputError(f"there is no split '{split}'", field="--split", remedy="name train, dev or test")
    if (data_dir is None) == (input is None):
        raise InputError("say where the examples are", field="--data-dir", remedy="give --data-dir DIR or --input FILE")
    checkpoint = load_checkpoint(model, task)
    columns = text_columns or (",".join(checkpoint.text_columns) if checkpoint.text_columns else None)
    data: dict[str, Any] = {"dir": data_dir, split: input, "languages": languages, "text_columns": columns}
    config = parse_recipe({"task": checkpoint.task.name, "model": model, "data": data}).data
    summary, results = run_evaluation(checkpoint, config, split=split, batch_size=batch_size)
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    write_predictions(folder / "predictions", checkpoint.task.name, results)
    write_json(folder / "results.json", summary)
    _show(language_table({"method": "", **summary}), f"results: {folder}/results.json")


@app.command()
def predict(
    model: Model,
    input: Annotated[str, typer.Option("--input", help="CSV, TSV or JSONL with the texts.")],
    output: Annotated[str, typer.Option("--output", help="JSONL to write.")],
    language: Annotated[str | None, typer.Option("--language", help="Of a file that does not say.")] = None,
    text_columns: TextColumns = None,
    batch_size: BatchSize = 64,
) -> None:
    """Label new texts, in any language."""
    from xtune.runs.apply import load_checkpoint, predict_file

    checkpoint = load_checkpoint(model)
    columns = tuple(text_columns.split(",")) if text_columns else None
    count = predict_file(
        checkpoint, Path(input), Path(output), language=language, text_columns=columns, batch_size=batch_size
    )
    console.print(f"{count:,} predictions: {output}", highlight=False)


recipes_app = typer.Typer(help="The recipes that come with xtune.", invoke_without_command=True)
app.add_typer(recipes_app, name="recipes")


@recipes_app.callback()
def recipes(context: typer.Context) -> None:
    """List the recipes."""
    if context.invoked_subcommand is not None:
        return
    from xtune.config.load import load_recipe, recipe_names

    for name in recipe_names():
        recipe = load_recipe(name)
        console.print(f"[bold]{name:<24}[/]{recipe.model}", highlight=False, soft_wrap=True)
        console.print(f"{'':<24}{escape(recipe.note or '')}", style="dim", highlight=False, soft_wrap=True)
    console.print("\n[dim]xtune recipes show NAME · xtune train NAME --data-dir DIR --output-dir RUN[/]")


@recipes_app.command("show")
def show_recipe(name: Annotated[str, typer.Argument(help="One of `xtune recipes`.")]) -> None:
    """Print a recipe's file, comments and all."""
    from xtune.config.load import recipe_text

    print(recipe_text(name), end="")


@app.command()
def doctor() -> None:
    """Versions, device, memory, what can be reached, what to do."""
    from xtune.runs.doctor import examine

    for finding in examine():
        mark = "[yellow]![/]" if finding.remedy else "[green]✓[/]"
        console.print(f"{mark} [bold]{finding.what:<13}[/]{escape(finding.found)}", highlight=False, soft_wrap=True)
        if finding.remedy:
            console.print(f"  {'':<13}{escape(finding.remedy)}", style="dim", highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; wrong input is one message and exit code 2."""
    try:
        app()
    except InputError as failure:
        errors.print(f"[bold red]error:[/] {escape(str(failure))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("interrupted; the same command again resumes", highlight=False)
        sys.exit(130)


def _show(table: Any, footer: str) -> None:
    console.print()
    console.print(table)
    console.print(f"\n{footer}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
