"""`xtune analyze`: agreement between languages, calibration, and the paper's figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from xtune.cli.common import DataDir, console, named
from xtune.errors import InputError

if TYPE_CHECKING:
    from xtune.report.compare import Run
    from xtune.report.figure3 import Panel
    from xtune.runs.parallel import Parallel

Analysis = dict[str, Any]
"""What `analysis.json` holds of a run."""


def analyze(
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Folders of finished runs of one task.")],
    data_dir: DataDir = None,
    languages: Annotated[
        str | None, typer.Option("--languages", metavar="CODES", help="Of the figure; default: en,de,fr,zh if there.")
    ] = None,
    examples: Annotated[int, typer.Option("--examples", metavar="N", min=2, help="Of the figure, a language.")] = 100,
    figure: Annotated[bool, typer.Option("--figure/--no-figure", help="With figure 3, which runs the models.")] = True,
    output_dir: Annotated[
        str | None, typer.Option("--output-dir", metavar="DIR", help="One folder for all; default: each run's own.")
    ] = None,
) -> None:
    """Say how much a model's languages agree, how sure it is, and where it sees translations."""
    with console.status("starting …"):
        from xtune.report.analysis import analysis_table

    folder = None if output_dir is None else Path(named(output_dir))
    asked = languages.split(",") if languages else None
    analyses, written = analyse([Path(run) for run in runs], data_dir, asked, examples if figure else 0, folder)
    console.print(analysis_table(analyses))
    console.print("\n" + "\n".join(escape(str(path)) for path in written), highlight=False, soft_wrap=True)


def analyse(
    runs: Sequence[Path], data_dir: str | None, languages: Sequence[str] | None, examples: int, folder: Path | None
) -> tuple[list[Analysis], list[Path]]:
    """Analyse finished runs of one task, and draw them.

    Args:
        runs: Their folders, in the order of the panels.
        data_dir: Where their data is now; None: where it was.
        languages: Of the figure; None: see `xtune.runs.parallel.load_parallel`.
        examples: Of the figure; 0: there is none, and no model is loaded.
        folder: Where all goes; None: each run's into its own.

    Returns:
        The analysis of each run, and the files that were written.
    """
    from xtune.report.compare import compare, read_run
    from xtune.runs.files import check_writable

    found = _each_once([_trained(read_run(run)) for run in runs])
    names = compare(found).names  # their figures will stand beside each other
    for place in [folder] if folder else [run.folder for run in found]:
        check_writable(place)
    analyses = [_predictions(run, name) for run, name in zip(found, names, strict=True)]
    parallel = _parallel(found[0], data_dir, languages, examples) if examples else None
    panels = [_panel(run, each, parallel) for run, each in zip(found, analyses, strict=True)] if parallel else []
    if folder is not None:
        written = _write(folder, {"schema": 1, "runs": analyses}, panels, parallel)
    else:
        written = []
        for number, (run, analysis) in enumerate(zip(found, analyses, strict=True)):
            written += _write(run.folder, analysis, panels[number : number + 1], parallel)
    return analyses, written


def _trained(run: Run) -> Run:
    """A run of training, once it is known that it is one."""
    if "method" not in run.results:
        raise InputError("this is no run of training", file=run.folder, field="RUN", remedy="name one of `xtune train`")
    return run


def _each_once(runs: list[Run]) -> list[Run]:
    """Runs, once it is known that each has a folder of its own to write into."""
    if len({run.folder.resolve() for run in runs}) < len(runs):
        raise InputError("a run is named twice", field="RUN", remedy="name each run once")
    return runs


def _predictions(run: Run, name: str) -> Analysis:
    """The part that needs no model, behind what the run is."""
    from xtune.runs.analysis import analyse_predictions

    values, notices = analyse_predictions(run.folder, run.results)
    for notice in notices:
        console.print(f"notice: {escape(notice)}", highlight=False, soft_wrap=True)
    head = {key: run.results[key] for key in ("task", "setting", "method", "source_language", "seed")}
    return {"schema": 1, "xtune": version("xtune"), "name": name, "run": str(run.folder), **head, **values}


def _parallel(run: Run, data_dir: str | None, languages: Sequence[str] | None, count: int) -> Parallel:
    """The examples of the figure, once it is known that it can be drawn."""
    from xtune.config.load import load_recipe
    from xtune.report.figure3 import check_drawable
    from xtune.runs.parallel import load_parallel

    check_drawable(len(languages or ()), 0)
    with console.status("reading the examples …"):
        found = load_parallel(load_recipe(str(run.folder / "config.yaml")), data_dir, languages, count)
    check_drawable(len(found.examples), len(set(found.labels)))
    return found


def _panel(run: Run, analysis: Analysis, parallel: Parallel) -> Panel:
    """A run's part of the figure; the distances that it shows go into the analysis."""
    from xtune.report.figure3 import Panel
    from xtune.runs.parallel import see

    with console.status(f"{escape(analysis['name'])}: the model reads …"):
        points, analysis["representations"] = see(str(run.folder), parallel, seed=int(run.results["seed"]))
    ratio = analysis["representations"]["distance"]["mean"]["ratio"]
    return Panel(analysis["name"], f"distance to translations: {ratio:.2f} of that between random pairs", points)


def _write(folder: Path, analysis: Analysis, panels: Sequence[Panel], parallel: Parallel | None) -> list[Path]:
    """What an analysis leaves in a folder."""
    from xtune.report.figure3 import draw
    from xtune.runs.files import write_json

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "analysis.json", analysis)
    drawn = draw(panels, list(parallel.examples), parallel.labels, folder) if parallel else []
    return [folder / "analysis.json", *drawn]
