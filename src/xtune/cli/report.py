"""`xtune report`: what finished runs have come to, as a page or as tables for a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from xtune.cli.common import console, named


def report(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="Folders of runs, the first to compare with, or of one study.")
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="FILE", help="Default: report.html beside the only RUN's results, else here."),
    ] = None,
    format: Annotated[
        Literal["html", "markdown", "latex"],
        typer.Option("--format", metavar="FORMAT", help="html, or tables for a document: markdown, latex."),
    ] = "html",
) -> None:
    """Show runs, or a study, on one page that needs nothing else; or write their tables for a paper."""
    from xtune.report.shown import read_shown, render
    from xtune.runs.files import check_output, write_text

    folders = [Path(named(run, "RUN")) for run in runs]
    file = None if output is None else Path(named(output, "--output"))
    if file is None and format == "html":
        file = (folders[0] if len(folders) == 1 else Path()) / "report.html"
    shown = read_shown(folders)
    if file is None:
        print(render(shown, format), end="")
        return
    check_output(file)
    write_text(file, render(shown, format))
    console.print(f"report: {escape(str(file))}", highlight=False, soft_wrap=True)
