"""`xtune retrieve`: how well a model's sentence embeddings find translations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from xtune.cli.common import BatchSize, console, named, show


def retrieve(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Folder of a run or of any encoder, a Hub id, or pocket.")
    ],
    output_dir: Annotated[str, typer.Option("--output-dir", metavar="DIR", help="Where scores and predictions go.")],
    task: Annotated[Literal["tatoeba", "bucc2018"], typer.Option("--task", help="Which sentences.")] = "tatoeba",
    data_dir: Annotated[
        str | None,
        typer.Option(
            "--data-dir", metavar="DIR", help="Folder that holds the task's, or that itself. Default: the Hub."
        ),
    ] = None,
    languages: Annotated[str | None, typer.Option("--languages", metavar="CODES", help="Some of them: de,fr.")] = None,
    layer: Annotated[
        int | None,
        typer.Option("--layer", metavar="N", help="Whose states are averaged. Default: two thirds up, 8 of 12."),
    ] = None,
    similarity: Annotated[
        Literal["cosine", "margin"] | None,
        typer.Option("--similarity", help="Default: cosine for tatoeba, margin for bucc2018."),
    ] = None,
    engine: Annotated[Literal["exact", "faiss"], typer.Option("--engine", help="What searches.")] = "exact",
    batch_size: BatchSize = 64,
) -> None:
    """Find translations by sentence embeddings: Tatoeba and BUCC."""
    with console.status("starting …"):
        from xtune.pocket.supplies import MODEL, encoder
        from xtune.runs.apply import check_scores_folder
        from xtune.runs.bare import load_bare
        from xtune.runs.retrieve import SIMILARITIES, Retriever, retrieve_into, wanted_languages

    folder = Path(named(output_dir))
    check_scores_folder(folder)
    place = None if data_dir is None else Path(named(data_dir, "--data-dir"))
    wanted = wanted_languages(task, place, languages.split(",") if languages else None)
    with console.status("loading the model …") as status:
        bare = load_bare(str(encoder()) if model == MODEL else model, layer)
        retriever = Retriever(bare, similarity or SIMILARITIES[task], engine, batch_size)
        summary = retrieve_into(folder, retriever, task, place, wanted, status.update)
    for note in _notes(summary):
        console.print(note, highlight=False, soft_wrap=True)
    show(summary, f"results: {folder}/results.json   predictions: {folder}/predictions")


def _notes(summary: dict[str, Any]) -> list[str]:
    """What a reader of the scores has to know."""
    layer, layers, scores = summary["layer"], summary["layers"], summary["scores"]
    notes = [f"layer {layer} of {layers}, {summary['pooling']} of all tokens, {summary['similarity']}"]
    for split, examples in summary["examples"].items():
        if bare := [code for code in examples if code not in scores[split]]:
            notes.append(f"nothing says what translates what in {', '.join(bare)} ({split}): predicted, not scored")
    if summary["task"] == "bucc2018":
        tuned = [code for code in summary["examples"]["dev"] if code not in scores.get("test", {})]
        notes.append("dev: the threshold is tuned and scored on the same pairs; test: scored with that threshold")
        if tuned:
            notes.append(f"no test score in {', '.join(tuned)}: only dev, tuned and scored on dev")
    return notes
