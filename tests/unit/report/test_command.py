from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.report.runs import two_runs, write_study
from xtune.cli import app
from xtune.errors import InputError


def run(*words: object) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["report", *map(str, words)])
    if done.exception:
        raise done.exception
    return done.output


def test_one_run_or_study_gets_its_page_beside_its_results(tmp_path: Path) -> None:
    plain, study = two_runs(tmp_path)[0], write_study(tmp_path / "study")
    for folder, title in ((plain, "topic: plain"), (study, "topic: ablation of 5 cells")):
        assert run(folder) == f"report: {folder}/report.html\n"
        assert f"<h1>{title}</h1>" in (folder / "report.html").read_text("utf-8")


def test_several_runs_get_one_here_or_where_it_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs = two_runs(tmp_path)
    assert run(*runs) == "report: report.html\n"
    run(*runs, "--output", "other.html")
    assert (tmp_path / "report.html").read_bytes() == (tmp_path / "other.html").read_bytes()


def test_tables_are_printed_or_written(tmp_path: Path) -> None:
    runs = two_runs(tmp_path)
    printed = run(*runs, "--format", "latex")
    assert printed.startswith(r"\begin{table}") and r"\bottomrule" in printed
    run(*runs, "--format", "markdown", "--output", tmp_path / "tables.md")
    assert "| **93.0** |" not in (tmp_path / "tables.md").read_text("utf-8")  # plain is better in English
    assert "| xtune | 93.0 |" in (tmp_path / "tables.md").read_text("utf-8")
    assert not (tmp_path / "report.html").exists()


def test_what_cannot_be_written_or_read_is_said_before_anything_is(tmp_path: Path) -> None:
    runs = two_runs(tmp_path)
    with pytest.raises(InputError, match="its folder does not exist"):
        run(*runs, "--output", tmp_path / "none" / "report.html")
    with pytest.raises(InputError, match="no such folder"):
        run(tmp_path / "none")
    with pytest.raises(InputError, match="the name is empty"):
        run("")
