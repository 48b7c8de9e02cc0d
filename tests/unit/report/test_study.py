from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.runs import results, two_runs, write_run, write_study
from tests.unit.report.test_page import Document
from xtune.errors import InputError
from xtune.report.page import study_page
from xtune.report.shown import read_shown
from xtune.report.study import Study, read_study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return read_study(write_study(tmp_path / "study"))


def test_methods_stand_on_rows_and_augmentations_on_columns(study: Study) -> None:
    rows = Document(study_page(study)).all("tr", role="row")
    assert rows[:4] == [
        "Method none transfer ss transfer mt translate",
        "plain 75.0 ± 0.8",
        "r1 76.0 ± 0.8 +2.0 +0.5 to +3.5 80.0 ± 0.8 +10.0 +8.5 to +11.5",
        "xtune 75.5 ± 0.8 +1.0 −0.5 to +2.5 81.2 ± 0.8 +12.5 +11.0 to +14.0",
    ]


def test_the_best_of_each_setting_is_bold_and_of_gaps_that_is_the_smallest(study: Study) -> None:
    grids = re.findall(r'<table class="grid matrix".*?</table>', study_page(study), re.DOTALL)
    assert [re.findall('class="best">(.*?)<', grid) for grid in grids] == [
        ["76.0", "81.2"],
        ["62.0", "72.5"],
        ["28.0", "17.5"],
    ]


def test_each_cell_has_its_place_on_the_axis_of_differences(study: Study) -> None:
    html = study_page(study)
    (table,) = re.findall(r'<table class="scores effects".*?</table>', html, re.DOTALL)
    document = Document(table)
    assert document.all("tr", role="row")[1:3] == [
        "r1 ss 62.0 ± 1.2 +2.0 +0.5 to +3.5 .250",
        "r1 mt 70.0 ± 1.2 +10.0 +8.5 to +11.5 < .001",
    ]
    places = [float(left) for left in re.findall(r'<u class="\w+" style="left:([\d.]+)%"', table)]
    zero = float(re.findall(r'<b style="left:([\d.]+)%"', table)[0])
    gains = [place - zero for place in places]  # of 2, 10, 1 and 12.5 points
    assert gains[1] / gains[0] == pytest.approx(5, abs=0.2) and gains[3] / gains[2] == pytest.approx(12.5, abs=0.8)
    assert re.findall(r'<u class="(\w+)"', table) == ["better", "better", "soft", "better"]  # 1.0 may be nothing


def test_the_page_shows_the_leading_cell_beside_the_baseline_and_every_cell(study: Study) -> None:
    document = Document(study_page(study))
    assert document.all("h1") == ["topic: ablation of 5 cells"]
    tiles = document.all("dl")[0]
    assert "72.5 xtune mtplain 60.0, +12.5" in tiles and "90.0 xtune mtplain 90.0, +0.0" in tiles
    assert "xtune mt is the best of 5 cells on these sets: chosen so, it looks better than it is." in " ".join(
        document.all("p")
    )
    rows = [row for row in document.all("tr") if row.startswith("xtune ss")]
    assert "xtune ss 75.5 90.0 61.0" in rows
    assert [own["title"] for name, own, _ in document.elements if name == "abbr"] == ["average", "English", "German"]
    assert "runs/xtune-mt/seed2" in document.all("main")[0]


def test_the_first_runs_are_shown_where_their_folders_are_there(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    assert "First runs" not in study_page(read_study(folder))
    for cell, method in (("plain", "plain"), ("xtune-mt", "xtune")):
        write_run(folder / "runs" / cell / "seed1", results(method, {"en": 90.0, "de": 60.0}))
    assert "First runs: how it was made" in Document(study_page(read_study(folder))).all("h2")


def test_the_first_runs_have_the_names_of_their_cells(tmp_path: Path) -> None:
    """By method alone the two were `1: plain` and `2: plain`."""
    folder = write_study(tmp_path / "study", kind="sweep", best="r1-ss")
    values = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    for number, cell in enumerate(values["cells"].values()):
        cell["keys"] = {"learning_rate": number}
    (folder / "study.json").write_text(json.dumps(values), encoding="utf-8")
    for name in ("plain", "r1-ss"):
        write_run(folder / "runs" / name / "seed1", results("plain", {"en": 90.0, "de": 60.0}))
    html = study_page(read_study(folder))
    assert "1: plain" not in html
    (table,) = [table for table in Document(html).all("table") if table.startswith("Settings of each run")]
    assert table.startswith("Settings of each run learning_rate 0 learning_rate 1")


def test_a_sweep_names_its_cells_by_the_keys_they_differ_in(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", kind="sweep")
    values: dict[str, Any] = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    for number, cell in enumerate(values["cells"].values()):
        cell["keys"] = {"consistency.lambda1": number, "train.num_train_epochs": 3}
    (folder / "study.json").write_text(json.dumps(values), encoding="utf-8")
    study = read_study(folder)
    assert [study.name(cell) for cell in study.cells.values()] == [f"lambda1 {number}" for number in range(5)]
    assert Document(study_page(study)).all("tr", role="row")[0] == "Cell Average Other languages Transfer gap"


@pytest.mark.parametrize("key", ["cells", "baseline", "metric"])
def test_a_broken_study_is_an_error_that_names_the_key(tmp_path: Path, key: str) -> None:
    folder = write_study(tmp_path / "study")
    values = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    del values[key]
    (folder / "study.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError) as failure:
        read_study(folder)
    assert failure.value.field == key and failure.value.remedy


def test_folders_are_taken_for_what_they_hold(tmp_path: Path) -> None:
    study, runs = write_study(tmp_path / "study"), two_runs(tmp_path / "runs")
    assert isinstance(read_shown([study]), Study)
    assert not isinstance(read_shown(runs), Study)
    with pytest.raises(InputError, match="not compared with others"):
        read_shown([*runs, study])
    with pytest.raises(InputError, match="in folders in it") as failure:
        read_shown([tmp_path / "runs"])
    assert f"xtune report {runs[0]} {runs[1]}" in str(failure.value.remedy)
    for missing in (tmp_path / "none", study / "study.json"):
        with pytest.raises(InputError, match="no such folder|a file, not a folder"):
            read_shown([missing])


def test_a_second_cell_of_one_place_has_a_row_of_its_own(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    values = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    values["cells"] = {
        "plain-steps": {**values["cells"]["r1-ss"], "method": "plain", "augmentation": None},
        **values["cells"],
    }
    (folder / "study.json").write_text(json.dumps(values), encoding="utf-8")
    rows = Document(study_page(read_study(folder))).all("tr", role="row")
    assert [row.split()[:2] for row in rows[1:5]] == [
        ["plain", "75.0"],
        ["plain-steps", "76.0"],
        ["r1", "76.0"],
        ["xtune", "75.5"],
    ]


def test_what_a_sweep_selected_leads(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path / "study", kind="sweep", best="r1-ss"))
    assert study.leader.name == "r1-ss"
