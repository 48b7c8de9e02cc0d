"""`xtune recipes` and `xtune doctor`: what there is, and whether it works here."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from xtune.cli.common import console

recipes_app = typer.Typer(help="The recipes that come with xtune.", invoke_without_command=True)


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


def doctor() -> None:
    """Versions, device, memory, what can be reached, what to do."""
    from xtune.runs.doctor import examine

    for finding in examine():
        mark = "[yellow]![/]" if finding.remedy else "[green]✓[/]"
        console.print(f"{mark} [bold]{finding.what:<13}[/]{escape(finding.found)}", highlight=False, soft_wrap=True)
        if finding.remedy:
            console.print(f"  {'':<13}{escape(finding.remedy)}", style="dim", highlight=False, soft_wrap=True)
