"""What several commands share: options, the console, how results are shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from xtune.errors import InputError

console = Console()

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


Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name (`xtune recipes`), or a YAML file.")]


def keys_of(overrides: list[str] | None, data_dir: str | None) -> list[str]:
    """The keys that a command sets of a recipe; `--data-dir` is one of them."""
    return [*(overrides or []), *([f"data.dir={data_dir}"] if data_dir else [])]


def named(place: str, option: str = "--output-dir") -> str:
    """The file or folder, once it is known that an empty variable did not name it."""
    if not place.strip():
        kind = "file" if option == "--output" else "folder"
        raise InputError("the name is empty", field=option, remedy=f"name a {kind}, or leave the option out")
    return place


def speaks() -> bool:
    """Whether this is the process of a distributed run that writes and shows what all of them have found."""
    return os.environ.get("RANK", "0") == "0"


def show(results: Mapping[str, Any], footer: str) -> None:
    """Print the scores of each language, and where the rest is."""
    from xtune.report.tables import language_table

    if any(results["scores"].values()):
        console.print()
        console.print(language_table(results))
    console.print(f"\n{escape(footer)}", highlight=False, soft_wrap=True)
