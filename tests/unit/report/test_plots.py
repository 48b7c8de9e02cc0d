from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.report.runs import PLAIN, XTUNE, results, two_runs, write_run
from xtune.report.compare import compare, read_run
from xtune.report.plots import bar_chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn(tmp_path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(bar_chart(compare([read_run(folder) for folder in two_runs(tmp_path)])))


def test_bars_are_as_long_as_the_scores(drawn: ElementTree.Element) -> None:
    for number, scores in enumerate((PLAIN, XTUNE)):
        bars = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("class") == f"run{number}"][1:]  # after the key
        others = sum(score for code, score in scores.items() if code != "en") / 3
        wanted = [*(scores[code] for code in ("en", "de", "ja", "sw")), others]
        assert [float(bar.get("width", 0)) / 4 for bar in bars] == pytest.approx(wanted, abs=0.02)


def test_names_marks_and_gains_are_written(drawn: ElementTree.Element) -> None:
    texts = ["".join(text.itertext()) for text in drawn.iter(f"{SVG}text")]
    for said in ("English", "labels", "Swahili", "no dictionary", "plain", "xtune", "40 → 52", "+12.0", "−1.0"):
        assert said in texts
    assert texts.count("no dictionary") == 1


def test_it_says_in_words_what_it_shows(drawn: ElementTree.Element) -> None:
    assert drawn.get("role") == "img"
    assert (drawn.findtext(f"{SVG}title") or "") == "topic: accuracy in percent, labels in English alone"
    assert "German: 60, 85" in (drawn.findtext(f"{SVG}desc") or "")


def test_everything_is_within_the_picture(drawn: ElementTree.Element) -> None:
    width, height = (float(drawn.get(name, 0)) for name in ("width", "height"))
    for rect in drawn.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0 and x + w <= width and y >= 0 and y + h <= height


def test_text_of_a_run_is_escaped_and_nothing_is_fetched(tmp_path: Path) -> None:
    bad = "<script>&\"'"
    svg = bar_chart(compare([read_run(write_run(tmp_path / "run", results(bad, XTUNE, task=bad)))]))
    assert bad in "".join(ElementTree.fromstring(svg).itertext())
    assert "<script" not in svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
