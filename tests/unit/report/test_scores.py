from __future__ import annotations

import subprocess
import sys
from io import StringIO
from typing import Any

from rich.console import Console

from xtune.report.scores import score_report

SUMMARY: dict[str, Any] = {
    "scores": {
        "bucc2018": {"de": {"f1": 61.04, "precision": 70.0, "recall": 54.0}},
        "xquad": {
            "de": {"exact_match": 50.0, "f1": 62.5},
            "ar": {"exact_match": 40.0, "f1": 52.5},
            "en": {"exact_match": 75.0, "f1": 85.0},
        },
        "tydiqa": {"en": {"exact_match": 33.3, "f1": 44.4}},
    },
    "average": {
        "bucc2018": {"f1": 61.04, "precision": 70.0, "recall": 54.0},
        "xquad": {"exact_match": 55.0, "f1": 66.66},
        "tydiqa": {"exact_match": 33.3, "f1": 44.4},
    },
    "overall": {"all_task": 41.26, "qa": 49.8},
    "missing": {
        "tydiqa": {"te": "no predictions", "bn": "no predictions", "fi": "no labels"},
        "pawsx": {"de": "no labels, [only] texts"},
    },
}


def shown(*notices: str, width: int = 120) -> list[str]:
    text = StringIO()
    Console(file=text, width=width).print(score_report(SUMMARY, notices))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_a_table_a_group_a_row_a_language_english_first() -> None:
    lines = shown()
    start, end = lines.index("qa"), lines.index("retrieval")
    assert lines[start + 1].split() == ["xquad", "tydiqa"]
    assert lines[start + 2].split() == ["language", "EM", "F1", "EM", "F1"]
    rows = [line.split() for line in lines[start + 3 : end] if line]
    assert rows == [
        ["en", "English", "75.0", "85.0", "33.3", "44.4"],
        ["ar", "Arabic", "40.0", "52.5"],
        ["de", "German", "50.0", "62.5"],
        ["average", "55.0", "66.7", "33.3*", "44.4*"],
    ]
    assert lines[end + 2].split() == ["language", "F1", "precision", "recall"]
    assert "classification" not in lines


def test_what_is_missing_is_said_with_its_reason() -> None:
    text = " ".join(shown("mewslix: skipped"))
    assert "overall: all nine tasks 41.3 · qa 49.8" in text
    assert "! tydiqa: * its average is over 1 of 9 languages, and does not count in an overall score." in text
    assert "Missing: bn, te: no predictions; fi: no labels" in text
    assert "! pawsx: no language is scored" in text and "de: no labels, [only] texts" in text
    assert text.endswith("! mewslix: skipped")


def test_it_fits_a_narrow_terminal_and_needs_no_torch() -> None:
    scores = {"f1": 99.95, "precision": 100.0, "recall": 100.0}
    pos = {**scores, "accuracy": 100.0}
    summary = {"scores": {"udpos": {"af": pos}, "panx": {"af": scores}}, "overall": {}}
    summary["average"] = {"udpos": pos, "panx": scores}
    text = StringIO()
    Console(file=text, width=80).print(
        score_report({**summary, "missing": {"udpos": {"en": "x"}, "panx": {"en": "x"}}})
    )
    (row,) = [line for line in text.getvalue().splitlines() if line.startswith("af")]
    assert row.split() == ["af", "Afrikaans", "100.0", "100.0", "100.0", "100.0", "100.0", "100.0", "100.0"]
    assert "runs of one tag" in text.getvalue()
    code = "import sys, xtune.evaluation.scoring, xtune.report.scores; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
