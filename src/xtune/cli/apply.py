"""`xtune evaluate`, `predict` and `score`: what a model, or its predictions, are worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from xtune.cli.common import BatchSize, DataDir, Model, Task, TextColumns, console, named, show, speaks
from xtune.errors import InputError

OPTIONS = {
    "data.text_columns": "--text-columns",
    "data.languages": "--languages",
    "data.dir": "--data-dir",
    **dict.fromkeys(("data.train", "data.dev", "data.test"), "--input"),
}
"""What a recipe's keys are called where there is no recipe."""


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

    folder = Path(named(output_dir))
    _check_place(split, data_dir, input)
    check_scores_folder(folder)
    checkpoint = load_checkpoint(model, task)
    data: dict[str, Any] = {**checkpoint.columns, "dir": data_dir, split: input, "languages": languages}
    if text_columns:
        data["text_columns"] = text_columns
    with _predicting():
        config = parse_recipe({"task": checkpoint.task.name, "model": model, "data": data}).data
        summary, results, pairs = run_evaluation(checkpoint, config, split=split, batch_size=batch_size)
    if speaks():
        folder.mkdir(parents=True, exist_ok=True)
        write_predictions(folder / "predictions", checkpoint.task.name, {split: results}, {split: pairs})
        write_json(folder / "results.json", summary)
        if bare := [code for code, result in results.items() if not result.scores]:
            column = config.label_column
            where = f" (column '{column}')" if checkpoint.task.reading.kind == "classification" else ""
            console.print(f"no labels in {', '.join(bare)}{where}: predicted, not scored", highlight=False)
        show(summary, f"results: {folder}/results.json   predictions: {folder}/predictions")


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

    check_output(Path(named(output, "--output")))
    scoring = score_folders(Path(predictions), Path(labels))
    summary = scoring.summary()
    write_json(Path(output), summary)
    console.print(score_report(summary, scoring.notices))
    console.print(f"\nscores: {escape(output)}", highlight=False, soft_wrap=True)


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
        count, notice = predict_file(
            checkpoint, Path(input), Path(output), language=language, text_columns=columns, batch_size=batch_size
        )
    if speaks():
        if notice:
            console.print(f"notice: {escape(notice)}", highlight=False, soft_wrap=True)
        console.print(f"{count:,} predictions: {escape(output)}", highlight=False, soft_wrap=True)


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
