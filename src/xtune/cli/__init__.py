"""The command line, `xtune`: each command is one function, in the file that is named for its purpose."""

from __future__ import annotations

import errno
import gc
import io
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from xtune.cli.analyze import analyze
from xtune.cli.apply import evaluate, predict, score
from xtune.cli.report import report
from xtune.cli.reproduce import reproduce
from xtune.cli.retrieve import retrieve
from xtune.cli.show import doctor, recipes_app
from xtune.cli.study import ablate, sweep
from xtune.cli.train import quickstart, train
from xtune.errors import InputError
from xtune.pocket.commands import pocket_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
errors = Console(stderr=True)

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


# The order of `xtune --help`; an epilog is an example.
app.command(epilog="xtune quickstart --task nli")(quickstart)
app.command(epilog="xtune train text-classification data.train=my.csv data.dev=dev.csv --output-dir RUN")(train)
app.command(epilog="xtune evaluate RUN --input labelled.csv --output-dir SCORES")(evaluate)
app.command(epilog="xtune score RUN/predictions labels --output scores.json")(score)
app.command(epilog="xtune predict RUN --input new.csv --output labels.jsonl")(predict)
app.command(epilog="xtune retrieve RUN --task tatoeba --data-dir DATA --output-dir FOUND")(retrieve)
app.command(epilog="xtune ablate pocket-topic --methods plain,xtune --seeds 5 --output-dir STUDY")(ablate)
app.command(epilog="xtune sweep pocket-topic --space consistency.lambda1=1,2,5 --output-dir SWEEP")(sweep)
app.command(epilog="xtune analyze PLAIN XTUNE --languages en,de,fr,zh --output-dir ANALYSIS")(analyze)
app.command(epilog="xtune reproduce table1 --dry-run")(reproduce)
app.command(epilog="xtune report RUN-A RUN-B --output comparison.html")(report)
app.add_typer(recipes_app, name="recipes")
app.add_typer(pocket_app, name="pocket")
app.command()(doctor)


def main() -> None:
    """Run the command line; wrong input is one message and exit code 2."""
    gc.set_threshold(50_000, 20, 100)  # a fifth of the time that importing PyTorch takes goes into looking for garbage
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
            errors.print("interrupted; the same command given again resumes", highlight=False)
        raise
