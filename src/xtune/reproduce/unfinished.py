"""What could not be done for a table: each is told of when it happens, and all of it when the rest is done."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from xtune.errors import InputError

Failures = dict[str, InputError]
"""By what it concerns: a recipe, a task, or a model."""


def tell(what: str, failure: InputError, console: Console) -> None:
    """Say at once that something is left out, and why."""
    console.print(f"[yellow]![/] {escape(f'{what}: {failure}')}", highlight=False, soft_wrap=True)


def incomplete(said: str, failed: Mapping[str, InputError]) -> InputError:
    """One error for all, at the place of the first.

    Args:
        said: What is not complete.
        failed: At least one.
    """
    first = next(iter(failed.values()))
    problem = f"{said}: {', '.join(failed)}. The first: {first.problem}"
    remedy = first.remedy or "mend what is said above, and the same command goes on"
    return InputError(problem, file=first.file, line=first.line, field=first.field, remedy=remedy)
