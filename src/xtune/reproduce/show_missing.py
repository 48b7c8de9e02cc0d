"""The commands that make what a table lacks, one a line of markup."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from xtune.reproduce.collect import RETRIEVAL, Found
from xtune.reproduce.job import Job
from xtune.reproduce.variants import Variant, command

FIGURE_LANGUAGES, FIGURE_EXAMPLES = "en,de,fr,zh", 100
"""Of figure 3."""


def missing_lines(job: Job, absent: Mapping[Variant, tuple[int, ...]]) -> list[str]:
    """The commands that make the runs that are not there."""
    if not absent:
        return ["all runs are there"]
    count = sum(len(seeds) for seeds in absent.values())
    if job.pocket:  # each seed has a benchmark of its own, which `xtune train` does not write
        words = ["xtune reproduce", job.shown.name, "--pocket", *map(shlex.quote, job.more), f"--seeds {job.asked}"]
        commands = [" ".join([*words, f"--output-dir {_quoted(job.output)}"])]
    else:
        ordered = sorted(absent.items(), key=lambda item: item[0].start is not None)
        data = job.data_dir or "DATA"
        commands = [
            command(variant, seeds, job.output, data, job.more, first=job.seeds[0]) for variant, seeds in ordered
        ]
    return _titled(f"{count} missing run{'s' * (count != 1)}, and what makes them:", commands)


def retrieval_lines(job: Job, found: Found) -> list[str]:
    """Table 5: the commands that retrieve with the models that are there."""
    tasks = [task for task, _ in RETRIEVAL.values() if task == "tatoeba" or not job.pocket]
    data = "pocket-benchmark" if job.pocket else _quoted(Path(job.data_dir or "DATA"))
    commands = []
    for results in (run for runs in found.values() for run in runs.values()):
        for task in (task for task in tasks if task not in results["retrieval"]):
            folder = shlex.quote(results["folder"])
            out = f"--output-dir {folder}/retrieval/{task}"
            commands.append(f"xtune retrieve {folder} --task {task} --data-dir {data} {out}")
    if job.pocket and commands:
        commands.insert(0, f"xtune pocket write {data}")
    return _titled("missing retrieval, and what does it:", commands)


def figure_lines(job: Job, found: Found) -> list[str]:
    """Figure 3: the command that draws it, once its three models of a seed are there."""
    if len(found) < len({cell.variant for cell in job.cells}) or any(1 not in runs for runs in found.values()):
        return []
    runs = " ".join(shlex.quote(found[cell.variant][1]["folder"]) for cell in job.cells)
    words = [f"xtune analyze {runs} --examples {FIGURE_EXAMPLES}"]
    if not job.pocket:
        words.append(f"--languages {FIGURE_LANGUAGES} --data-dir {_quoted(Path(job.data_dir or 'DATA'))}")
    return _titled("what draws the figure:", [" ".join([*words, f"--output-dir {_quoted(job.output / 'figure3')}"])])


def _titled(title: str, commands: Sequence[str]) -> list[str]:
    return [f"[bold]{title}[/]", *(f"[cyan]{escape(line)}[/]" for line in commands)] if commands else []


def _quoted(place: Path) -> str:
    return shlex.quote(place.as_posix())
