from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.report.runs import PLAIN, XTUNE, results, two_runs, write_run
from xtune.report.compare import compare, read_run
from xtune.report.page import page

VOID = {"meta", "br"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(("scheme", "paper"), [("dark", "rgb(20, 24, 29)"), ("light", "rgb(255, 255, 255)")])
def test_a_browser_shows_it_on_a_phone(html: str, tmp_path: Path, scheme: str, paper: str) -> None:
    """Nothing is cut off at 360 pixels, and the bars have the lengths that the scores have."""
    script = """
    const frame = document.querySelector("iframe"), page = frame.contentDocument, found = {};
    found.overflow = page.documentElement.scrollWidth - 360;
    found.paper = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
    const row = [...page.querySelectorAll("tbody tr")].find(row => row.textContent.startsWith("German"));
    const cell = row.querySelector(".bars"), width = element => element.getBoundingClientRect().width;
    found.bars = [...cell.children].map(bar => width(bar) / width(cell));
    document.title = JSON.stringify(found);
    """
    frame = f'<iframe width="360" height="800" style="border:0" srcdoc="{escape(html)}"></iframe>'
    wrapper = f"<!doctype html><html><body>{frame}<script>onload = () => {{{script}}}</script></body></html>"
    (tmp_path / "wrapper.html").write_text(wrapper, encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", "--dump-dom"]
    done = subprocess.run(
        [*command, f"file://{tmp_path}/wrapper.html"], capture_output=True, text=True, check=True, timeout=300
    )
    (title,) = re.findall(r"<title>(.*?)</title></head><body><iframe", done.stdout, re.DOTALL) or [""]
    found = json.loads(title)
    assert found["overflow"] <= 0
    assert found["paper"] == paper
    assert found["bars"] == pytest.approx([0.60, 0.85], abs=0.02)
