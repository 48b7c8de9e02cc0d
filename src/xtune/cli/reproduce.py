"""`xtune reproduce`: a table or figure of the paper, from what it takes to our values beside the printed ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from xtune.cli.common import DataDir, console, named
from xtune.errors import InputError

if TYPE_CHECKING:
    from xtune.reproduce.job import Job


def reproduce(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="table1 … table15, or figure3.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Keys of every run, for example train.bf16=true.")
    ] = None,
    pocket: Annotated[
        bool, typer.Option("--pocket", help="The same in shape on the pocket benchmark: no network, no GPU.")
    ] = False,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", metavar="N|LIST", help="5 is 1 to 5; or 201,202. Default: 5; figure3: 1."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Train nothing: the runs, hours, disk, and what there is so far.")
    ] = False,
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="Of the estimate: h100, a100, v100, cpu.")
    ] = "h100",
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Runs at once.")] = 1,
    data_dir: DataDir = None,
    output_dir: Annotated[
        str, typer.Option("--output-dir", metavar="DIR", help="Where runs go; all tables share them.")
    ] = "reproduction",
) -> None:
    """Reproduce a table of the paper, or its figure: what it takes, the runs, our values beside the printed ones."""
    with console.status("starting …"):
        from xtune.reproduce.figures import table as table_of
        from xtune.reproduce.job import Job
        from xtune.reproduce.on_pocket import pocket_plan
        from xtune.reproduce.plans import WITHOUT_RUNS, plan, seeds_of
        from xtune.runs.grids.grid import parse_seeds

    shown, output = table_of(table), Path(named(output_dir))
    if pocket and data_dir is not None:
        problem = "the pocket benchmark is written at its first use"
        raise InputError(problem, field="--data-dir", remedy="leave one of --pocket and --data-dir out")
    if table in WITHOUT_RUNS and not pocket:
        _show_data_or_settings(table, data_dir)
        return
    cells = pocket_plan(table) if pocket else plan(table)
    job = Job(
        shown,
        cells,
        parse_seeds(seeds) if seeds is not None else seeds_of(table),
        output,
        data_dir,
        tuple(overrides or ()),
        pocket,
    )
    if dry_run:
        _show_plan(job, device)
    else:
        _run(job, jobs)
    _show_values(job)


def _show_data_or_settings(table: str, data_dir: str | None) -> None:
    """Tables 6, 7 and 8."""
    from xtune.reproduce.counts import count_data, counts_report
    from xtune.reproduce.figures import table as table_of
    from xtune.reproduce.settings import settings_report

    if table != "table6":
        console.print(settings_report(table_of(table)))
        return
    with console.status("counting …"):
        counts = count_data(Path(named(data_dir, "--data-dir")) if data_dir is not None else None)
    console.print(counts_report(table_of(table), counts))


def _show_plan(job: Job, device: str) -> None:
    from xtune.reproduce.planning import Planning
    from xtune.reproduce.show_plan import plan_report

    console.print(plan_report(Planning(job, job.found(), device)))
    console.print()


def _run(job: Job, jobs: int) -> None:
    """Make the runs that are missing, then what is made of their models, as far as they are there."""
    with console.status("starting …"):
        from xtune.pocket.supplies import furnish_by_seed, sentences
        from xtune.report.figure3 import check_libraries
        from xtune.reproduce.execute import run_all
        from xtune.reproduce.retrieving import check_sentences, retrieve_all

    steps: list[Callable[[], None]] = [lambda: run_all(job, jobs=jobs, furnish=furnish_by_seed, console=console)]
    if job.shown.name == "table5":
        refused = check_sentences(job, console)
        steps.append(lambda: retrieve_all(job, refused, furnish=furnish_by_seed, sentences=sentences, console=console))
    if job.shown.name == "figure3":
        check_libraries()
        steps.append(lambda: _draw(job))
    failures = []
    for step in steps:
        try:
            step()
        except InputError as failure:
            failures.append(failure)
    console.print()
    if failures:
        if job.found():  # what could be done is shown before what could not
            _show_values(job)
        for other in failures[1:]:
            console.print(f"[yellow]![/] {escape(str(other))}", highlight=False, soft_wrap=True)
        raise failures[0]


def _draw(job: Job) -> None:
    """Draw figure 3 of each seed whose three runs are there, and show its distances."""
    from xtune.cli.analyze import analyse
    from xtune.report.analysis import distance_table
    from xtune.reproduce.figure3 import EXAMPLES, figures
    from xtune.reproduce.planning import heading

    for number, (folder, runs) in enumerate(figures(job, job.found()).items()):
        analyses, _ = analyse(runs, job.data_dir, None, EXAMPLES, folder)
        if not number:
            console.print(heading(job.shown, job.seeds))
            console.print("distances of examples to their translations, in the last layer's state of the first token")
        if len(job.seeds) > 1:
            console.print(f"[dim]{escape(folder.name)}[/]")
        console.print(distance_table(analyses))


def _show_values(job: Job) -> None:
    """Our values beside the paper's, if there are any, and how to make what is missing."""
    from xtune.reproduce.collect import missing
    from xtune.reproduce.planning import heading
    from xtune.reproduce.show_cells import side_by_side
    from xtune.reproduce.show_gains import gains_report
    from xtune.reproduce.show_missing import figure_lines, missing_lines, retrieval_lines
    from xtune.reproduce.subjects import with_encoder

    found, table5 = job.found(), job.shown.name == "table5"
    if found and job.shown.definition != "figure":
        shown, cells, all_found = with_encoder(job, found) if table5 else (job.shown, job.cells, found)
        console.print(heading(job.shown, job.seeds))
        console.print(
            gains_report(shown, cells, all_found, len(job.seeds))
            if job.pocket
            else side_by_side(shown, cells, all_found, len(job.seeds), console.width)
        )
        console.print()
    lines = missing_lines(job, missing(job.planned, found))
    lines += retrieval_lines(job, found) if table5 else []
    lines += figure_lines(job, found) if job.shown.name == "figure3" else []
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
