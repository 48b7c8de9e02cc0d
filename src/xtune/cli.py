"""The command line: `xtune quickstart`, `train`, `evaluate`, `predict`, `score`, `recipes`, `pocket`, `doctor`."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from xtune.errors import InputError
from xtune.pocket.commands import pocket_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()
errors = Console(stderr=True)

Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Folder of a run, its model/, or of any checkpoint with a head."),
]
Task = Annotated[
    str | None, typer.Option("--task", metavar="TASK", help="The task; default: the one it was trained for.")
]
DataDir = Annotated[
    str | None, typer.Option("--data-dir", metavar="DIR", help="Folder that holds xnli/ …, or the task's own.")
]
TextColumns = Annotated[
    str | None, typer.Option("--text-columns", metavar="NAMES", help="Column of the text, or of both: a,b.")
]
BatchSize = Annotated[int, typer.Option("--batch-size", metavar="N", min=1, help="Texts a forward pass.")]

OPTIONS = {
    "data.text_columns": "--text-columns",
    "data.languages": "--languages",
    "data.dir": "--data-dir",
    **dict.fromkeys(("data.train", "data.dev", "data.test"), "--input"),
}
"""What a recipe's keys are called where there is no recipe."""

INTERRUPTED = 130  # what typer makes of Ctrl-C
NOT_WRITTEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"xtune {version('xtune')}")
        raise typer.Exit


@app.callback()
def xtune(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Label in one language, ship in all: fine-tune an encoder on labels in one language so that it works in many."""


@app.command(epilog="xtune quickstart --task nli")
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

    run_quickstart(task, Path(f"quickstart-{task}" if output_dir is None else _named(output_dir)), seed, console)


@app.command(epilog="xtune train text-classification data.train=my.csv data.dev=dev.csv --output-dir RUN")
def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name (`xtune recipes`), or a YAML file.")],
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

    keys = [*(overrides or []), *([f"data.dir={data_dir}"] if data_dir else [])]
    loaded = load_recipe(recipe, keys)
    run = str(default_folder(loaded)) if output_dir is None else _named(output_dir)
    with console.status("looking for the data …"):  # a pocket recipe's are written at its first use
        furnished = furnish(loaded)
    if _speaks() and furnished.data.dir != loaded.data.dir:
        console.print(f"pocket benchmark: {escape(str(furnished.data.dir))}", highlight=False, soft_wrap=True)
    results = fit(furnished, output_dir=run, console=console)
    if _speaks():
        _show(results, f"model: {run}/model   results: {run}/results.json")


@app.command(epilog="xtune evaluate RUN --input labelled.csv --output-dir SCORES")
def evaluate(
    model: Model,
    output_dir: Annotated[str, typer.Option("--output-dir", metavar="DIR", help="Where scores and predictions go.")],
    task: Task = None,
    data_dir: DataDir = None,
    input: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Your own labelled file, or pattern with {lang}.")
    ] = None,
    languages: Annotated[str | None, typer.Option("--languages", metavar="CODES", help="Some of them: de,fr.")] = None,
    split: Annotated[str, typer.Option("--split", metavar="SPLIT", help="train, dev or test.")] = "test",
    text_columns: TextColumns = None,
    batch_size: BatchSize = 64,
) -> None:
    """Score a model in many languages."""
    with console.status("starting …"):
        from xtune.config.load import parse_recipe
        from xtune.runs.apply import check_scores_folder, load_checkpoint
        from xtune.runs.apply import evaluate as run_evaluation
        from xtune.runs.files import write_json
        from xtune.runs.results import write_predictions

    folder = Path(_named(output_dir))
    _check_place(split, data_dir, input)
    check_scores_folder(folder)
    checkpoint = load_checkpoint(model, task)
    data: dict[str, Any] = {**checkpoint.columns, "dir": data_dir, split: input, "languages": languages}
    if text_columns:
        data["text_columns"] = text_columns
    with _predicting():
        config = parse_recipe({"task": checkpoint.task.name, "model": model, "data": data}).data
        summary, results = run_evaluation(checkpoint, config, split=split, batch_size=batch_size)
    if _speaks():
        folder.mkdir(parents=True, exist_ok=True)
        write_predictions(folder / "predictions", checkpoint.task.name, results)
        write_json(folder / "results.json", summary)
        if bare := [code for code, result in results[split].items() if not result.scores]:
            column = config.label_column
            where = f" (column '{column}')" if checkpoint.task.reading.kind == "classification" else ""
            console.print(f"no labels in {', '.join(bare)}{where}: predicted, not scored", highlight=False)
        _show(summary, f"results: {folder}/results.json   predictions: {folder}/predictions")


@app.command(epilog="xtune score RUN/predictions labels --output scores.json")
def score(
    predictions: Annotated[
        str, typer.Argument(metavar="PREDICTIONS_DIR", help="Folder with {task}/test-{lang}.tsv, questions .json.")
    ],
    labels: Annotated[
        str, typer.Argument(metavar="LABELS_DIR", help="Labels in the same layout, or XTREME's data folder.")
    ],
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="Scores to write.")] = "scores.json",
) -> None:
    """Score predictions for XTREME's tasks, from any model, as XTREME's own evaluator does."""
    from xtune.evaluation.scoring import score_folders
    from xtune.report.scores import score_report
    from xtune.runs.files import check_output, write_json

    check_output(Path(_named(output, "--output")))
    scoring = score_folders(Path(predictions), Path(labels))
    summary = scoring.summary()
    write_json(Path(output), summary)
    console.print(score_report(summary, scoring.notices))
    console.print(f"\nscores: {escape(output)}", highlight=False, soft_wrap=True)


@app.command(epilog="xtune predict RUN --input new.csv --output labels.jsonl")
def predict(
    model: Model,
    input: Annotated[
        str,
        typer.Option("--input", metavar="FILE", help="CSV, TSV or JSONL; to tag also CoNLL, .txt."),
    ],
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="JSONL to write.")],
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="Of a file that does not say.")
    ] = None,
    text_columns: TextColumns = None,
    batch_size: BatchSize = 64,
) -> None:
    """Label new texts, in any language."""
    with console.status("starting …"):
        from xtune.runs.apply import load_checkpoint, predict_file
        from xtune.runs.files import check_output

    check_output(Path(output), Path(input))
    checkpoint = load_checkpoint(model)
    columns = tuple(text_columns.split(",")) if text_columns else None
    with _predicting():
        count = predict_file(
            checkpoint, Path(input), Path(output), language=language, text_columns=columns, batch_size=batch_size
        )
    if _speaks():
        console.print(f"{count:,} predictions: {escape(output)}", highlight=False, soft_wrap=True)


recipes_app = typer.Typer(help="The recipes that come with xtune.", invoke_without_command=True)
app.add_typer(recipes_app, name="recipes")
app.add_typer(pocket_app, name="pocket")


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
def show_recipe(name: Annotated[str, typer.Argument(metavar="NAME", help="One of `xtune recipes`.")]) -> None:
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
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows "?", and the run goes on
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except InputError as failure:
        errors.print(f"[bold red]error:[/] {escape(str(failure))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except OSError as failure:
        if failure.errno not in NOT_WRITTEN:
            raise
        place = escape(str(failure.filename or "a file"))
        errors.print(f"[bold red]error:[/] {place}: {failure.strerror}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except SystemExit as stopped:
        if stopped.code == INTERRUPTED:
            errors.print("interrupted; `xtune train` resumes when the same command is given again", highlight=False)
        raise


@contextmanager
def _predicting() -> Iterator[None]:
    """Say so, and let errors name this command's options, where they name the keys of a recipe."""
    try:
        with console.status("predicting …"):
            yield
    except InputError as failure:
        texts = [failure.problem, failure.field or "", failure.remedy or ""]
        for key, option in OPTIONS.items():
            texts = [text.replace(key, option) for text in texts]
        problem, field, remedy = texts
        place: dict[str, Any] = {"file": failure.file, "line": failure.line, "field": field or None}
        raise InputError(problem, **place, remedy=remedy or None) from None


def _check_place(split: str, data_dir: str | None, input: str | None) -> None:
    """Refuse a split that there is not, and two places of the examples or none."""
    if split not in ("train", "dev", "test"):
        raise InputError(f"there is no split '{split}'", field="--split", remedy="name train, dev or test")
    if (data_dir is None) == (input is None):
        problem = "nothing says where the examples are" if input is None else "this and --input are both given"
        raise InputError(problem, field="--data-dir", remedy="give one of --data-dir DIR and --input FILE")


def _named(place: str, option: str = "--output-dir") -> str:
    """The file or folder, once it is known that an empty variable did not name it."""
    if not place.strip():
        kind = "file" if option == "--output" else "folder"
        raise InputError("the name is empty", field=option, remedy=f"name a {kind}, or leave the option out")
    return place


def _speaks() -> bool:
    """Whether this is the process of a distributed run that writes and shows what all of them have found."""
    return os.environ.get("RANK", "0") == "0"


def _show(results: Mapping[str, Any], footer: str) -> None:
    from xtune.report.tables import language_table

    if any(results["scores"].values()):
        console.print()
        console.print(language_table(results))
    console.print(f"\n{escape(footer)}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
