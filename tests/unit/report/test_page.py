from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

from tests.unit.report.runs import PLAIN, XTUNE, labels, results, two_runs, write_predictions, write_run
from xtune.report.compare import compare, read_run
from xtune.report.page import page

VOID = {"meta", "br", "img", "path", "polyline", "circle"}


class Document(HTMLParser):
    """Elements in order with their attributes and all text in them; tags that do not close are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag
        if tag in ("th", "td"):
            self.handle_data(" ")  # as a screen reader pauses

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.elements[index][2].append(data)

    def all(self, tag: str, **attributes: str) -> list[str]:
        """The text of each element of a kind."""
        return [
            re.sub(r"\s+", " ", "".join(text)).strip()
            for name, own, text in self.elements
            if name == tag and all(own.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]


@pytest.fixture
def html(tmp_path: Path) -> str:
    return page(compare([read_run(folder) for folder in two_runs(tmp_path)]))


def test_a_row_says_language_scores_and_gain(html: str) -> None:
    rows = Document(html).all("tr", role="row")
    assert rows == [
        "Language plain xtune Gain",
        "English labels 94.0 93.0 −1.0",
        "German 60.0 85.0 +25.0",
        "Japanese 30.0 70.5 +40.5",
        "Swahili no dictionary 40.0 52.0 +12.0",
        "Average 56.0 75.1 +19.1",
        "Other languages 43.3 69.2 +25.8",
        "Transfer gap 50.7 23.8 −26.8",
    ]


def test_bars_are_as_long_as_the_scores_and_hidden_from_screen_readers(html: str) -> None:
    (german,) = re.findall(r"<tr[^>]*><th[^>]*>German.*?</tr>", html)
    assert re.findall(r'class="(run\d)" style="width:([\d.]+)%"', german) == [("run0", "60.0"), ("run1", "85.0")]
    assert '<td class="bars" aria-hidden="true">' in german
    (gap,) = re.findall(r"<tr[^>]*><th[^>]*>Transfer gap.*?</tr>", html)
    assert "width:" not in gap


def test_a_smaller_gap_is_better_and_a_smaller_score_worse(html: str) -> None:
    assert '<span class="worse">−1.0</span>' in html  # English
    assert '<span class="better">−26.8</span>' in html  # the gap


def test_headings_and_header_cells_tell_the_structure(html: str) -> None:
    document = Document(html)
    assert [name for name, _, _ in document.elements if re.fullmatch(r"h\d", name)] == ["h1", "h2", "h2"]
    assert document.all("h1") == ["topic: plain and xtune"]
    cells = [own.get("scope") for name, own, _ in document.elements if name == "th"]
    assert set(cells) == {"col", "row"}
    assert document.all("caption") == ["Accuracy on test, in percent", "Settings of each run"]
    assert [own["lang"] for name, own, _ in document.elements if name == "html"] == ["en"]


def test_how_each_run_was_made_and_how_far_to_trust_it(html: str) -> None:
    text = " ".join(Document(html).all("main"))
    assert "stage1: task on D + 2 · R1(cs)" in text
    assert "stage2: task on D and a cs copy of it + 2 · R1(cs) + 1.5 · R2(teacher stage1)" in text
    for said in ("learning_rate 0.001", "selected by source-dev", "pocket/encoder", "torch 2.13.0", "1 thread"):
        assert said in text
    assert "One run of each method, seed 1" in text
    assert "by up to 5.7 points" in text  # 1.96 · √(0.25 / 300)
    assert "git" not in text  # not run from a checkout
    assert len(Document(html).all("pre")) == 2


def test_the_page_asks_nothing_of_any_network(html: str) -> None:
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(", html.replace("<!doctype html>", ""))


def test_text_of_a_run_is_shown_as_it_is(tmp_path: Path) -> None:
    bad = '<img src=x onerror="1">&amp;'
    values = results(bad, XTUNE, task=bad, model=f"hub/{bad}", setting=bad, xtune=bad)
    values["environment"]["device"] = bad
    values["selection"]["by"] = bad
    run = read_run(write_run(tmp_path / bad.replace("/", ""), values, note=bad, train={bad: bad}))
    html = page(compare([run]))
    assert "<img" not in html and "&amp;amp;" in html
    document = Document(html)
    assert document.all("h1") == [f"{bad}: {bad}"]
    assert bad in " ".join(document.all("pre"))


def test_one_run_alone_and_three_runs_have_a_page_too(tmp_path: Path) -> None:
    plain, xtune = (read_run(folder) for folder in two_runs(tmp_path))
    alone = Document(page(compare([plain])))
    assert alone.all("tr", role="row")[:3] == ["Language plain", "English labels 94.0", "German 60.0"]
    third = read_run(write_run(tmp_path / "r1", results("r1", {**PLAIN, "de": 70.0})))
    rows = Document(page(compare([plain, third, xtune]))).all("tr", role="row")
    assert rows[0] == "Language plain r1 xtune Gain"
    assert "German 60.0 70.0 85.0 +25.0" in rows


def test_a_page_needs_no_torch(tmp_path: Path) -> None:
    two_runs(tmp_path)
    code = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'transformers', 'datasets', 'accelerate'):
            raise ImportError(name)
sys.meta_path.insert(0, Block())
from pathlib import Path
from xtune.report.compare import compare, read_run
from xtune.report.page import page
print(len(page(compare([read_run(Path({str(tmp_path)!r}) / name) for name in ('plain', 'xtune')]))))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(said.stdout) > 5000


def test_one_run_has_intervals_but_no_gain_and_two_have_both(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    for folder, scores in zip(folders, (PLAIN, XTUNE), strict=True):
        write_predictions(folder, {code: labels(round(2 * score), 200) for code, score in scores.items()})
    alone, both = (page(compare([read_run(folder) for folder in some])) for some in (folders[1:], folders))
    assert Document(alone).all("tr", role="row")[2] == "German 85.0 79.4 to 89.3"
    german = Document(both).all("tr", role="row")[2]
    assert re.fullmatch(r"German 60\.0 53\.1 to 66\.5 85\.0 79\.4 to 89\.3 \+25\.0 \+1[89]\.\d to \+3[01]\.\d", german)
    (place,) = re.findall(r'style="width:85.0%"><i style="left:([\d.]+)%;width:([\d.]+)%">', alone)
    assert [float(part) * 0.85 for part in place] == pytest.approx([79.4, 89.3 - 79.4], abs=0.1)
    assert "95 % intervals over the test examples" in both


def test_a_retrieval_run_has_neither_method_nor_source(tmp_path: Path) -> None:
    (tmp_path / "tatoeba").mkdir()
    scores = {"test": {"de": {"accuracy": 90.0}, "sw": {"accuracy": 30.0}}}
    values = {"task": "tatoeba", "model": "hub/encoder", "layer": 7, "pooling": "mean", "scores": scores}
    values["examples"] = {"test": {"de": 200, "sw": 200}}
    (tmp_path / "tatoeba" / "results.json").write_text(json.dumps(values), encoding="utf-8")
    document = Document(page(compare([read_run(tmp_path / "tatoeba")])))
    assert document.all("h1") == ["tatoeba: layer 7, mean"]
    assert document.all("tr", role="row") == [
        "Language layer 7, mean",
        "German 90.0 85.1 to 93.4",
        "Swahili 30.0 24.1 to 36.7",
        "Average 60.0",
    ]
    assert "60.0 layer 7, mean" in document.all("dl")[0]
    assert "Representation layer 7, mean" in document.all("tr")


def test_an_analysis_is_shown_as_tables_and_its_figure_as_a_picture(tmp_path: Path) -> None:
    folder = two_runs(tmp_path)[1]
    analysis = {
        "agreement": {"mean": 0.75, "languages": {"de": {"agreement": 0.875, "kl": 0.1}}},
        "calibration": {"de": {"ece": 0.04}, "sw": {"ece": 0.3333333, "temperature<b>": None}},
    }
    (folder / "analysis.json").write_text(json.dumps(analysis), encoding="utf-8")
    (folder / "figure3.svg").write_text("<svg><script>alert(1)</script></svg>", encoding="utf-8")
    html = page(compare([read_run(folder)]))
    document = Document(html)
    for row in ("Mean 0.75", "German 0.875 0.1", "Swahili 0.3333"):
        assert row in document.all("tr")
    assert {"Agreement", "Agreement, Languages", "Calibration"} <= set(document.all("caption"))
    assert "<script" not in html and 'src="data:image/svg+xml;base64,' in html
    (folder / "analysis.json").write_text("[", encoding="utf-8")
    (folder / "figure3.svg").unlink()
    assert "Agreement and calibration" not in page(compare([read_run(folder)]))


def test_runs_of_one_method_are_told_apart(tmp_path: Path) -> None:
    cs, ss = ({"stage1": name, "data": name, "consistency": name} for name in ("cs", "ss"))
    runs = [
        read_run(write_run(tmp_path / str(place), results("xtune", XTUNE, augmentation=augmentation, seed=seed)))
        for place, (augmentation, seed) in enumerate([(cs, 1), (ss, 1), (cs, 2), (cs, 2)])
    ]
    assert compare(runs[:1]).names == ("xtune",)
    assert compare(runs[:2]).names == ("xtune cs", "xtune ss")
    assert compare([runs[0], runs[2]]).names == ("xtune seed 1", "xtune seed 2")
    assert compare(runs[:3]).names == ("xtune cs seed 1", "xtune ss seed 1", "xtune cs seed 2")
    assert compare(runs[2:]).names == ("1: xtune", "2: xtune")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_and_lines_are_told_from_what_is_behind_them(scheme: str) -> None:
    """WCAG 2.2, AA: 4.5 to 1 for text, 3 to 1 for what is drawn."""
    css = resources.files("xtune.report").joinpath("page.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in css.split("@media screen and", 1))
    colours = light if scheme == "light" else {**light, **dark}
    for name in ("ink", "soft", "better", "worse"):
        assert contrast(colours[name], colours["paper"]) >= 4.5 and contrast(colours[name], colours["wash"]) >= 4.5
    for name in (*(f"run{number}" for number in range(6)), "soft"):
        assert contrast(colours[name], colours["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)
