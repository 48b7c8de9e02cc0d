"""The scores of XTREME's tasks for the terminal, from what `scores.json` holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from xtune.evaluation.xtreme import GROUPS, TASKS
from xtune.languages import LANGUAGES

HEADINGS = {"exact_match": "EM", "f1": "F1"}
"""What the metrics are called above a column, where that is not their name."""

RUNS = "udpos: F1, precision and recall are of runs of one tag, as in XTREME; accuracy is of words"


def score_report(summary: Mapping[str, Any], notices: Sequence[str] = ()) -> Group:
    """A table for each group of tasks, the overall scores, and what is missing.

    Args:
        summary: What `scores.json` holds.
        notices: Further sentences a reader has to know.
    """
    parts: list[RenderableType] = []
    for group in GROUPS:
        if tasks := [name for name, task in TASKS.items() if task.group == group and name in summary["scores"]]:
            parts += ["", f"[bold]{group}[/]", _table(summary, tasks)]
            parts += [f"[dim]{RUNS}[/]"] if "udpos" in tasks else []
    names = {"all_task": "all nine tasks"}
    overall = [f"{names.get(group, group)} [bold]{value:.1f}[/]" for group, value in summary["overall"].items()]
    parts += ["", f"overall: {' · '.join(overall)}"] if overall else []
    remarks = [*_missing(summary), *notices]
    parts += ["", *(Text.from_markup(f"[yellow]![/] {escape(remark)}") for remark in remarks)] if remarks else []
    return Group(*parts)


def _table(summary: Mapping[str, Any], tasks: Sequence[str]) -> Table:
    """A row a language, English first, a column a task and metric, averages below."""
    scores, averages = summary["scores"], summary["average"]
    columns = [(task, metric) for task in tasks for metric in averages[task]]
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("\nlanguage")
    for place, (task, metric) in enumerate(columns):
        first = place == 0 or columns[place - 1][0] != task
        table.add_column(f"{task if first else ''}\n{HEADINGS.get(metric, metric)}", justify="right", no_wrap=True)
    for code in sorted({code for task in tasks for code in scores[task]}, key=lambda code: (code != "en", code)):
        cells = [_cell(scores[task].get(code, {}).get(metric)) for task, metric in columns]
        table.add_row(f"{code}  {LANGUAGES[code].name}", *cells)
    marks = ["*" if task in summary.get("missing", {}) else "" for task, _ in columns]
    means = [f"{_cell(averages[task][metric])}{mark}" for (task, metric), mark in zip(columns, marks, strict=True)]
    table.add_section()
    table.add_row("average", *means, style="bold")
    return table


def _missing(summary: Mapping[str, Any]) -> list[str]:
    """What was not scored, the languages of one reason together."""
    sentences = []
    for task, languages in summary.get("missing", {}).items():
        reasons: dict[str, list[str]] = {}
        for code, reason in languages.items():
            reasons.setdefault(reason, []).append(code)
        scored, all_of_them = len(summary["scores"].get(task, {})), len(TASKS[task].languages)
        mean = f"* its average is over {scored} of {all_of_them} languages" if scored else "no language is scored"
        lists = "; ".join(f"{', '.join(sorted(codes))}: {reason}" for reason, codes in reasons.items())
        sentences.append(f"{task}: {mean}, and does not count in an overall score. Missing: {lists}")
    return sentences


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
