from __future__ import annotations

from pathlib import Path

from tests.unit.report.runs import PLAIN, results, two_runs, write_run, write_study
from xtune.report.compare import compare, read_run
from xtune.report.study import read_study
from xtune.report.tables_text import tables_of


def test_a_row_a_run_and_a_column_a_language(tmp_path: Path) -> None:
    text = tables_of(compare([read_run(folder) for folder in two_runs(tmp_path)]), "markdown")
    assert text.splitlines()[2:] == [
        "|  | en | de | ja | sw | average | other languages | transfer gap |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        "| plain | **94.0** | 60.0 | 30.0 | 40.0 | 56.0 | 43.3 | 50.7 |",
        "| xtune | 93.0 | **85.0** | **70.5** | **52.0** | **75.1** | **69.2** | **23.8** |",
    ]


def test_a_study_has_its_grids_with_the_best_of_each_setting_in_bold(tmp_path: Path) -> None:
    text = tables_of(read_study(write_study(tmp_path / "study")), "latex")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 5
    assert r" & none (transfer) & ss (transfer) & mt (translate) \\" in text
    assert r"xtune & -- & 75.5 $\pm$ 0.8 & \textbf{81.2} $\pm$ 0.8 \\" in text
    assert r"r1 & -- & \textbf{28.0} $\pm$ 1.2 & 20.0 $\pm$ 1.2 \\" in text  # the smallest gap of its setting
    assert r"\begin{tabular}{lrrr}" in text and text.count(r"\toprule") == 5


def test_a_study_says_how_far_its_cells_are_from_the_baseline(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path / "study"))
    last = tables_of(study, "markdown").split("\n\n")[-2:]
    assert last[0].endswith("difference from plain in points, with its 95 % interval, paired by seed and example")
    assert last[1].splitlines() == [
        "|  | Average | Other languages | Transfer gap |",
        "|---|---:|---:|---:|",
        "| r1 ss | +2.0 (+0.5 to +3.5) | +2.0 (+0.5 to +3.5) | -2.0 (-3.5 to -0.5) |",
        "| r1 mt | +10.0 (+8.5 to +11.5) | +10.0 (+8.5 to +11.5) | -10.0 (-11.5 to -8.5) |",
        "| xtune ss | +1.0 (-0.5 to +2.5) | +1.0 (-0.5 to +2.5) | -1.0 (-2.5 to +0.5) |",
        "| xtune mt | +12.5 (+11.0 to +14.0) | +12.5 (+11.0 to +14.0) | -12.5 (-14.0 to -11.0) |",
    ]
    assert r"xtune ss & $+$1.0 ($-$0.5 to $+$2.5) & " in tables_of(study, "latex")


def test_signs_that_mean_something_are_text(tmp_path: Path) -> None:
    name = "a_b & 50% \\x {y} | *z* <script>"
    run = read_run(write_run(tmp_path / "run", results(name, PLAIN)))
    assert r"a\_b \& 50\% \textbackslash{}x \{y\} | *z* \textless{}script\textgreater{} &" in tables_of(
        compare([run]), "latex"
    )
    assert r"| a\_b &amp; 50% \\x {y} \| \*z\* \<script\> |" in tables_of(compare([run]), "markdown")


def test_a_run_alone_has_nothing_in_bold(tmp_path: Path) -> None:
    assert "**" not in tables_of(compare([read_run(two_runs(tmp_path)[0])]), "markdown")
