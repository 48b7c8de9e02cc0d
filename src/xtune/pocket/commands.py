"""`xtune pocket`: the benchmark as files, and the encoder built anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

pocket_app = typer.Typer(no_args_is_help=True, help="The pocket benchmark and encoder that come with xtune.")


@pocket_app.command(epilog="xtune pocket write pocket-data")
def write(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of everything that is drawn.")] = 1,
) -> None:
    """Write the benchmark: all tasks, dictionaries, translations, and text for pre-training."""
    from xtune.pocket.lexicon import LANGUAGES
    from xtune.pocket.supplies import ready

    console = Console()
    with console.status("writing …"):
        ready(folder, seed, field="DIR")
    said = f"the pocket benchmark in {len(LANGUAGES)} languages, seed {seed}: {escape(str(folder))}"
    console.print(said, highlight=False, soft_wrap=True)
    console.print(f"[dim]xtune train pocket-topic --data-dir {escape(str(folder))}[/]", highlight=False, soft_wrap=True)


@pocket_app.command(epilog="xtune pocket build --steps 100 --output-dir quick")
def build(
    output_dir: Annotated[Path, typer.Option("--output-dir", metavar="DIR", help="Where the checkpoint goes.")] = Path(
        "pocket-encoder"
    ),
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Default: the packaged one's.")] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", metavar="N", min=1, help="Default: the packaged one's.")
    ] = None,
) -> None:
    """Build the pocket encoder: write its text, count its tokenizer, pre-train its weights."""
    console = Console()
    with console.status("starting …"):  # importing torch takes seconds
        from xtune.pocket.build import build_encoder, plan

    facts = build_encoder(output_dir, plan(seed, steps), console)
    said = f"{facts.parameters:,} parameters, loss {facts.loss:.2f}, {facts.seconds:.0f} s: {escape(str(output_dir))}"
    console.print(said, highlight=False, soft_wrap=True)
