"""The one error that a user's input can raise, and how it reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class InputError(ValueError):
    """Something that the user gave cannot be used: the command line shows it and exits with code 2.

    Args:
        problem: What is wrong, in one sentence.
        file: The file it stands in.
        line: Its line, counted from 1.
        field: The column, key or option.
        remedy: What to do about it.

    >>> print(InputError("the label is empty", file="train.csv", line=3, field="label", remedy="fill it in"))
    train.csv, line 3, field 'label': the label is empty
      remedy: fill it in
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.field, self.remedy = problem, file, line, field, remedy
        place = ", ".join(
            part
            for part in (
                str(file) if file is not None else "",
                f"line {line}" if line is not None else "",
                f"field '{field}'" if field is not None else "",
            )
            if part
        )
        text = f"{place}: {problem}" if place else problem
        super().__init__(f"{text}\n  remedy: {remedy}" if remedy else text)

    def __reduce__(self) -> tuple[object, ...]:
        """How to build it again: pickling, by which a data worker's error reaches its parent, keeps only `args`."""
        return _rebuild, (self.problem, self.file, self.line, self.field, self.remedy)


def _rebuild(
    problem: str, file: str | Path | None, line: int | None, field: str | None, remedy: str | None
) -> InputError:
    return InputError(problem, file=file, line=line, field=field, remedy=remedy)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the nearest known one, else all of them.

    >>> did_you_mean("lamda1", ["lambda1", "lambda2"])
    "did you mean 'lambda1'?"
    >>> did_you_mean("q", ["b", "a"])
    'known: a, b'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names)}"
