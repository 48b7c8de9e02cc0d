"""What only a browser can tell: that pages fit a phone, follow light and dark, ask for nothing and report no error."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.runs import (
    PLAIN,
    XTUNE,
    labels,
    results,
    two_runs,
    write_log,
    write_predictions,
    write_run,
    write_study,
)
from xtune.report.shown import read_shown, render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (360, 1280)
BAD = "<script>document.title='run'</script>"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: Debian has it as `chromium`"),
]

MEASURE = """
const found = [];
for (const frame of document.querySelectorAll("iframe")) {
  const page = frame.contentDocument, own = frame.contentWindow;
  for (const details of page.querySelectorAll("details")) details.open = true;
  const row = [...page.querySelectorAll(".scores tbody tr")].find(row => row.textContent.startsWith("German"));
  const cell = row?.querySelector(".bars"), width = element => element.getBoundingClientRect().width;
  const all = cell ? width(cell) - parseFloat(own.getComputedStyle(cell).paddingLeft) : 1;
  own.document.querySelector("a.skip")?.focus();
  found.push({
    page: frame.title,
    overflow: page.documentElement.scrollWidth - own.innerWidth,
    paper: own.getComputedStyle(page.body).backgroundColor,
    bars: cell ? [...cell.children].map(bar => width(bar) / all) : [],
    asked: own.performance.getEntriesByType("resource").map(entry => entry.name),
    scripts: page.scripts.length,
    title: page.title,
    skip: page.querySelector("a.skip") ? width(page.querySelector("a.skip")) : 0,
  });
}
document.querySelector("pre").textContent = JSON.stringify(found);
"""


def browse(folder: Path, pages: dict[str, str], scheme: str) -> tuple[list[dict[str, Any]], str]:
    """Pages as a browser shows them in each of `WIDTHS`, and what it had to say."""
    frames = "".join(
        f'<iframe title="{name}" width="{width}" height="800" style="border:0" srcdoc="{escape(html)}"></iframe>'
        for name, html in pages.items()
        for width in WIDTHS
    )
    script = f"<script>onload = () => {{{MEASURE}}}</script>"
    (folder / "all.html").write_text(f"<!doctype html><body>{frames}<pre></pre>{script}", encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += [f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", "--enable-logging=stderr"]
    command += ["--virtual-time-budget=10000", "--dump-dom", f"file://{folder}/all.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    (measured,) = re.findall("<pre>(.*?)</pre><script>", done.stdout, re.DOTALL)
    return json.loads(unescape(measured)), "\n".join(said)


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, str]:
    """One run, two runs, a study, retrieval, and a run that consists of scripts and long words."""
    folders = two_runs(tmp_path / "runs")
    for folder, scores in zip(folders, (PLAIN, XTUNE), strict=True):
        write_log(folder, "stage1", "stage2")
        write_predictions(folder, {code: labels(round(2 * score), 200) for code, score in scores.items()})
    retrieval = tmp_path / "retrieval"
    retrieval.mkdir()
    scores = {"test": {"de": {"accuracy": 90.0}, "sw": {"accuracy": 30.0}}}
    values = {"task": "tatoeba", "model": "hub/encoder", "layer": 7, "pooling": "mean", "scores": scores}
    (retrieval / "results.json").write_text(json.dumps(values), encoding="utf-8")
    study = write_study(tmp_path / "study")
    for cell, method in (("plain", "plain"), ("xtune-mt", "xtune")):
        write_log(write_run(study / "runs" / cell / "seed1", results(method, {"en": 90.0, "de": 60.0})), "stage1")
    shown = {"one": folders[1:], "two": folders, "study": [study], "retrieval": [retrieval], "bad": hostile(tmp_path)}
    return {name: render(read_shown(places), "html") for name, places in shown.items()}


def hostile(folder: Path) -> list[Path]:
    """Runs whose names, settings, languages and predictions want to be more than text, and are long."""
    made = []
    for number in range(2):
        name = f"{number}{BAD}{'x' * 60}"
        values = results(name, {"en": 100.0, BAD: 50.0}, task=BAD, model=BAD * 9, seed=BAD)
        run = write_run(folder / f"bad{number}", values, note=BAD, train={BAD: "y" * 300})
        (run / "predictions" / f"test-{BAD}").parent.mkdir(parents=True)  # it has a slash in it
        write_predictions(run, {"en": [(BAD, BAD)] * 20, BAD: [(BAD, BAD), (BAD, f"no {BAD}")] * 10})
        (run / "analysis.json").write_text(json.dumps({BAD: {BAD: {BAD: BAD * 5}}}), encoding="utf-8")
        (run / "figure3.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{BAD}</svg>', encoding="utf-8")
        made.append(run)
    return made


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")])
def test_pages_fit_and_are_whole_in_themselves(pages: dict[str, str], tmp_path: Path, scheme: str, paper: str) -> None:
    found, said = browse(tmp_path, pages, scheme)
    assert [one["page"] for one in found] == [name for name in pages for _ in WIDTHS]
    assert said == ""
    for one in found:
        assert one["overflow"] <= 0, one["page"]
        assert one["paper"] == paper
        assert (one["asked"], one["scripts"]) == ([], 0), one["page"]
        assert one["title"] != "run" and one["skip"] > 50
        if one["page"] == "two":
            assert one["bars"] == pytest.approx([0.60, 0.85], abs=0.01)


def test_a_page_that_does_none_of_this_would_be_found_out(tmp_path: Path) -> None:
    bad = '<p style="width:2000px">a</p><img src="http://127.0.0.1:9/a.png"><script>nothing()</script>'
    found, said = browse(tmp_path, {"bad": f"<!doctype html><body>{bad}"}, "light")
    assert [one["overflow"] > 0 for one in found] == [True, True]
    assert [one["asked"] for one in found] == [["http://127.0.0.1:9/a.png"]] * 2
    assert "nothing is not defined" in said
