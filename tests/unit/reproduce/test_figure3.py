"""Figure 3: of which runs, and where it is."""

from __future__ import annotations

from pathlib import Path

from tests.unit.reproduce.runs import finished
from xtune.reproduce.figure3 import figures
from xtune.reproduce.figures import table
from xtune.reproduce.job import Job
from xtune.reproduce.plans import plan
from xtune.reproduce.show_missing import figure_lines

FILES = ("figure3.svg", "figure3.png", "analysis.json")


def test_a_figure_is_of_three_runs_of_a_seed(tmp_path: Path) -> None:
    cells = plan("figure3")
    job = Job(table("figure3"), cells, (1,), tmp_path, "data", (), False)
    for cell in cells[:2]:
        finished(tmp_path, cell.variant, 1, 80.0)
    assert figure_lines(job, job.found()) == []
    finished(tmp_path, cells[2].variant, 1, 80.0)
    (line,) = figure_lines(job, job.found())[1:]
    folders = " ".join((tmp_path / cell.variant.folder / "seed1").as_posix() for cell in cells)
    out = tmp_path.as_posix()
    assert f"xtune analyze {folders} --examples 100 --data-dir data --output-dir {out}/figure3[/]" in line


def test_a_figure_that_is_there_is_named(tmp_path: Path) -> None:
    cells = plan("figure3")
    job = Job(table("figure3"), cells, (201, 202), tmp_path, None, (), False)
    for cell in cells:
        for seed in (201, 202):
            finished(tmp_path, cell.variant, seed, 80.0)
    assert list(figures(job, job.found())) == [tmp_path / "figure3" / f"seed{seed}" for seed in (201, 202)]
    (tmp_path / "figure3" / "seed201").mkdir(parents=True)
    for name in FILES:
        (tmp_path / "figure3" / "seed201" / name).touch()
    _, *files, _, command = figure_lines(job, job.found())
    assert files == [f"{tmp_path.as_posix()}/figure3/seed201/{name}" for name in FILES]
    assert "figure3/seed202[/]" in command and command.count("seed202") == 4
