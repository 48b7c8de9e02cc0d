"""The commands that make what a table lacks, one a line of markup."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from xtune.reproduce.collect import Found, missing
from xtune.reproduce.figure3 import EXAMPLES, figures
from xtune.reproduce.job import Job
from xtune.reproduce.subjects import Subject, place_of, subjects, tasks_of
from xtune.reproduce.variants import Variant, command, recipe_of


def missing_lines(job: Job, absent: Mapping[Variant, tuple[int, ...]]) -> list[str]:
    """The commands that make the runs that are not there."""
    if not absent:
        return ["all runs are there"]
    count = sum(len(seeds) for seeds in absent.values())
    if job.pocket:  # each seed has a benchmark of its own, which `xtune train` does not write
        commands = [_again(job)]
    else:
        ordered = sorted(absent.items(), key=lambda item: item[0].start is not None)
        data = job.data_dir or "DATA"
        commands = [
            command(variant, seeds, job.output, data, job.more, first=job.seeds[0]) for variant, seeds in ordered
        ]
    return _titled(f"{count} missing run{'s' * (count != 1)}, and what makes them:", commands)


def retrieval_lines(job: Job, found: Found) -> list[str]:
    """Table 5: the commands that retrieve with the models that are there, where it has not been done."""
    left = [(each, task) for each in subjects(job, found) for task in tasks_of(job) if not each.results(task).is_file()]
    if job.pocket:
        commands = [_again(job)] if left and not missing(job.planned, found) else []
    else:
        commands = [_retrieve(job, each, task) for each, task in left]
    return _titled("missing retrieval, and what does it:", commands)


def figure_lines(job: Job, found: Found) -> list[str]:
    """Figure 3: where it is, or else the command that draws it, of each seed whose three models are there."""
    lines, commands = [], []
    for folder, runs in figures(job, found).items():
        files = [folder / name for name in ("figure3.svg", "figure3.png", "analysis.json")]
        if all(file.is_file() for file in files):
            lines += [escape(file.as_posix()) for file in files]
        else:
            data = [] if job.pocket else [f"--data-dir {_quoted(Path(job.data_dir or 'DATA'))}"]
            words = ["xtune analyze", *map(_quoted, runs), f"--examples {EXAMPLES}", *data]
            commands.append(" ".join([*words, f"--output-dir {_quoted(folder)}"]))
    return [
        *(["[bold]the figure, and what it shows as numbers:[/]", *lines] if lines else []),
        *_titled("what draws the figure:", commands),
    ]


def _again(job: Job) -> str:
    """The command that makes all that is missing."""
    words = ["xtune reproduce", job.shown.name, "--pocket", *map(shlex.quote, job.more), f"--seeds {job.asked}"]
    return " ".join([*words, f"--output-dir {_quoted(job.output)}"])


def _retrieve(job: Job, subject: Subject, task: str) -> str:
    place, folder = place_of(job, task), _quoted(subject.results(task).parent)
    model = subject.run.as_posix() if subject.run else recipe_of(job.cells[0].variant, job.more).model
    data = f"--data-dir {_quoted(place or Path('DATA'))} " if place or task != "tatoeba" else ""
    return f"xtune retrieve {shlex.quote(model)} --task {task} {data}--output-dir {folder}"


def _titled(title: str, commands: Sequence[str]) -> list[str]:
    return [f"[bold]{title}[/]", *(f"[cyan]{escape(line)}[/]" for line in commands)] if commands else []


def _quoted(place: Path) -> str:
    return shlex.quote(place.as_posix())
