from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.report.runs import results, two_runs, write_log, write_run
from xtune.report.compare import read_run
from xtune.report.lines import apart, line_chart
from xtune.report.log import read_log
from xtune.report.sections.losses import losses


def test_the_steps_of_a_second_stage_follow_those_of_the_first(tmp_path: Path) -> None:
    write_log(tmp_path, "stage1", "stage2")
    log = read_log(tmp_path)
    assert log.stages == {"stage1": 0, "stage2": 10}
    assert list(log.lines) == ["task", "r1", "eval_selection", "r2"]  # not the learning rate, nor each language
    assert log.lines["task"][:2] == [(1, 1.0), (2, 0.5)] and log.lines["task"][10] == (11, 1.0)
    assert log.lines["eval_selection"] == [(10, 90.0), (20, 91.0)]


def test_what_cannot_be_drawn_is_passed_over(tmp_path: Path) -> None:
    lines = ['{"stage": "stage1", "step": 1, "task": NaN}', '{"stage": "stage1", "step": 2, "task": 0.5}', '{"sta']
    (tmp_path / "train_log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read_log(tmp_path).lines == {"task": [(2, 0.5)]}
    assert read_log(tmp_path / "nowhere").lines == {}


def test_lines_are_where_the_values_are() -> None:
    svg = ElementTree.fromstring(line_chart("loss", [("a", [(0, 2.0), (50, 1.0), (100, 0.0)])], 100, {"stage2": 50}))
    (points,) = [line.get("points", "") for line in svg.iter("polyline")]
    (x0, y0), (x1, y1), (x2, y2) = [map(float, point.split(",")) for point in points.split()]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2) and y1 - y0 == pytest.approx(y2 - y1, abs=0.2)
    ticks = {text.text: float(text.get("y", 0)) - 4 for text in svg.iter("text")}
    assert ticks["2.0"] == pytest.approx(y0, abs=0.1) and ticks["0.0"] == pytest.approx(y2, abs=0.1)
    (mark,) = [path.get("d", "") for path in svg.iter("path") if path.get("class") == "mark"]
    assert float(mark[1:].split(",")[0]) == pytest.approx(x1, abs=0.1)
    assert svg.get("aria-label") == "loss: a from 2 to 0"


def test_names_at_the_ends_of_lines_do_not_cover_each_other() -> None:
    lines = [(f"run {number}", [(0, 1.0), (10, 1.0 + number / 1000)]) for number in range(6)]
    svg = ElementTree.fromstring(line_chart("loss", lines, 10, {}))
    places = sorted(float(text.get("y", 0)) for text in svg.iter("text") if (text.text or "").startswith("run"))
    assert len(places) == 6 and min(b - a for a, b in zip(places, places[1:], strict=False)) >= 12.9
    assert apart([], 0, 100) == []


def test_a_picture_for_each_component_and_the_same_as_tables(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    write_log(folders[0], "stage1")
    write_log(folders[1], "stage1", "stage2")
    section = losses([read_run(folder) for folder in folders], ["plain", "xtune"])
    assert re.findall("<figcaption>(.*?)</figcaption>", section.body) == [
        "Task loss",
        "R1, weighted",
        "R2, weighted",
        "Score that selects, in percent",
    ]
    assert section.body.count("<table") == 2
    assert '<th scope="row">stage2, 10</th>' in section.body


def test_runs_without_a_log_have_no_such_section(tmp_path: Path) -> None:
    assert losses([read_run(write_run(tmp_path / "run", results("plain", {"en": 1.0, "de": 1.0})))], ["a"]).body == ""


def test_a_long_log_is_thinned(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", results("plain", {"en": 1.0, "de": 1.0}))
    rows = "".join(f'{{"stage": "stage1", "step": {step}, "task": 1.5}}\n' for step in range(1, 2001))
    (run / "train_log.jsonl").write_text(rows, encoding="utf-8")
    body = losses([read_run(run)], ["plain"]).body
    assert body.count('scope="row"') <= 25 and "25 of 2000 entries" in body
    (points,) = re.findall('points="(.*?)"', body)
    assert len(points.split()) <= 150
