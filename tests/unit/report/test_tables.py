from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.unit.report.runs import two_runs
from xtune.report.compare import compare, read_run
from xtune.report.tables import comparison_table, language_table

RESULTS: dict[str, Any] = {
    "task": "xnli",
    "method": "xtune",
    "source_language": "en",
    "scores": {
        "dev": {"de": {"accuracy": 71.0}, "en": {"accuracy": 81.26}},
        "test": {"sw": {"accuracy": 55.04}, "en": {"accuracy": 80.0}, "de": {"accuracy": 70.0}},
    },
    "average": {"dev": {"accuracy": 76.13}, "test": {"accuracy": 68.3467}},
    "transfer_gap": {"accuracy": 17.48},
    "transfer_gap_split": "test",
}


def shown(results: dict[str, Any], width: int = 100) -> list[str]:
    text = StringIO()
    Console(file=text, width=width).print(language_table(results))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def cells(lines: list[str], start: str) -> list[str]:
    (line,) = [line for line in lines if line.startswith(start)]
    return line.removeprefix(start).split()


def test_a_row_a_language_the_source_first() -> None:
    lines = shown(RESULTS)
    assert "xnli" in lines[0] and "xtune" in lines[0]
    assert lines[1].split("  ")[0] == "language" and "dev accuracy" in lines[1] and "test accuracy" in lines[1]
    body = [line for line in lines[2:] if line.strip(" ─-━")]
    assert [line[:2] for line in body] == ["en", "de", "sw", "av", "tr"]
    assert cells(lines, "en  English") == ["81.3", "80.0"]
    assert cells(lines, "de  German") == ["71.0", "70.0"]
    assert cells(lines, "average") == ["76.1", "68.3"]


def test_a_dev_set_beside_a_test_set_is_shown_by_its_first_metric() -> None:
    scores = {"f1": 1.0, "precision": 2.0, "recall": 3.0, "accuracy": 4.0}
    both: dict[str, Any] = {
        **RESULTS,
        "scores": {"dev": {"vi": scores}, "test": {"vi": scores}},
        "average": {"dev": scores, "test": scores},
        "transfer_gap": {},
    }
    lines = shown(both, width=80)
    assert cells(lines, "language") == [
        "dev",
        "f1",
        "test",
        "f1",
        "test",
        "precision",
        "test",
        "recall",
        "test",
        "accuracy",
    ]
    assert cells(lines, "vi  Vietnamese") == ["1.0", "1.0", "2.0", "3.0", "4.0"]
    only = {**both, "scores": {"dev": {"vi": scores}, "test": {}}}
    assert cells(shown(only), "vi  Vietnamese") == ["1.0", "2.0", "3.0", "4.0"]


def test_a_language_without_a_split_has_an_empty_cell() -> None:
    (line,) = [line for line in shown(RESULTS) if line.startswith("sw")]
    assert line.split() == ["sw", "Swahili", "55.0"]
    assert line.rstrip().endswith("55.0")


def test_the_gap_stands_below_the_split_that_it_is_of() -> None:
    lines = shown(RESULTS)
    (line,) = [line for line in lines if line.startswith("transfer gap")]
    assert line.split() == ["transfer", "gap", "17.5"]
    assert len(line) == len(next(other for other in lines if other.startswith("average")))  # in the last column
    dev = {**RESULTS, "scores": {"dev": RESULTS["scores"]["dev"], "test": {}}, "transfer_gap_split": "dev"}
    assert cells(shown({**dev, "transfer_gap": {"accuracy": 10.3}}), "transfer gap") == ["10.3"]


def test_without_other_languages_there_is_no_gap() -> None:
    results = {
        **RESULTS,
        "scores": {"dev": {}, "test": {"en": {"accuracy": 80.0}}},
        "average": {"test": {"accuracy": 80.0}},
        "transfer_gap": {},
    }
    lines = shown(results)
    assert not any("transfer gap" in line for line in lines)
    assert cells(lines, "en  English") == ["80.0"]


def test_without_scores_there_is_a_table_all_the_same() -> None:
    nothing = {"scores": {"dev": {}, "test": {}}, "average": {}, "transfer_gap": {}, "transfer_gap_split": None}
    lines = shown({**RESULTS, **nothing})
    assert "language" in lines
    assert not any(line.startswith(("average", "transfer gap")) for line in lines)


def test_tables_need_no_torch() -> None:
    """A report is read where no model could be loaded."""
    code = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'transformers', 'datasets'):
            raise ImportError(name)
sys.meta_path.insert(0, Block())
import xtune, xtune.report.tables
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def compared(folder: Path, **options: Any) -> list[str]:
    text = StringIO()
    comparison = compare([read_run(run) for run in two_runs(folder)])
    Console(file=text, **{"width": 80, **options}).print(comparison_table(comparison))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_runs_beside_each_other_with_the_gain_and_what_marks_a_language(tmp_path: Path) -> None:
    lines = compared(tmp_path)
    assert lines[0] == "topic: accuracy on test, in percent"
    assert next(line for line in lines if line.startswith("language")).split() == ["language", "plain", "xtune", "gain"]
    assert cells(lines, "en  English *")[:3] == ["94.0", "93.0", "-1.0"]
    assert cells(lines, "ja  Japanese")[:3] == ["30.0", "70.5", "+40.5"]
    assert cells(lines, "sw  Swahili °")[:3] == ["40.0", "52.0", "+12.0"]
    assert cells(lines, "other languages") == ["43.3", "69.2", "+25.8"]
    assert cells(lines, "transfer gap") == ["50.7", "23.8", "-26.8"]
    assert "* the language of the labels   ° no dictionary for it" in lines
    assert max(map(len, lines)) <= 80


def test_bars_are_a_quarter_of_the_percentage_and_show_the_change_without_colours(tmp_path: Path) -> None:
    lines = compared(tmp_path)
    assert cells(lines, "ja  Japanese")[3] == "━" * 8 + "+" * 10
    assert cells(lines, "en  English *")[3] == "━" * 23 + "." * 1


def test_a_terminal_with_ascii_alone_gets_it(tmp_path: Path) -> None:
    class Plain(StringIO):
        encoding = "ascii"

    text = Plain()
    Console(file=text, width=80).print(comparison_table(compare([read_run(run) for run in two_runs(tmp_path)])))
    (line,) = [line for line in text.getvalue().splitlines() if line.startswith("ja")]
    assert line.split()[-1] == "-" * 8 + "+" * 10
