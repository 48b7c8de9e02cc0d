"""How the losses of runs went while they trained."""

from __future__ import annotations

from collections.abc import Sequence

from xtune.report.compare import Run
from xtune.report.html import Section, folded, key, scrolls, table, text
from xtune.report.lines import line_chart
from xtune.report.log import SELECTION, Log, read_log, thinned, title_of

ORDER = ("task", "r1", "r2", SELECTION)
MOST_ROWS = 25


def losses(runs: Sequence[Run], names: Sequence[str]) -> Section:
    """A picture for each component of the loss, and the same as tables; empty where no run has a log.

    Args:
        runs: In the order of their colours.
        names: What they are called.
    """
    logs = [read_log(run.folder) for run in runs]
    logged = dict.fromkeys(name for log in logs for name in log.lines)
    shown = sorted(logged, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER) - 1.5)
    if not shown:
        return Section("training", "How training went", "")
    end = max(step for log in logs for points in log.lines.values() for step, _ in points)
    begun = [(stage, at) for log in logs for stage, at in log.stages.items() if at]
    marks = dict(begun) if len({stage for stage, _ in begun}) == len(set(begun)) else {}  # else each has its own
    pictures = []
    for name in shown:
        lines = [(run, log.lines.get(name, [])) for run, log in zip(names, logs, strict=True)]
        chart = line_chart(title_of(name), lines, end, marks)
        pictures.append(f"<figure><figcaption>{text(title_of(name))}</figcaption>\n{chart}\n</figure>")
    keys = " ".join(f"<li>{key(index, name)}</li>" for index, name in enumerate(names))
    legend = f'<ul class="keys">{keys}</ul>' if len(names) > 1 else ""
    tables = "\n".join(_table(name, log) for name, log in zip(names, logs, strict=True) if log.lines)
    said = "Means over the steps between two entries of the log. What is drawn adds up to the loss: weights are in it."
    body = [f'<p class="soft">{said}</p>', legend, '<div class="pictures">', *pictures, "</div>"]
    return Section("training", "How training went", "\n".join([*body, folded("The same as tables", tables)]))


def _table(name: str, log: Log) -> str:
    """The points of one run, at most `MOST_ROWS`."""
    columns = list(log.lines)
    steps = sorted({step for points in log.lines.values() for step, _ in points})
    kept = {step for step, _ in thinned([(step, 0.0) for step in steps], MOST_ROWS)}
    values = {column: dict(points) for column, points in log.lines.items()}
    rows = [
        [_place(step, log), *(f"{values[column][step]:.4g}" if step in values[column] else "" for column in columns)]
        for step in steps
        if step in kept
    ]
    some = "" if len(kept) == len(steps) else f", {len(kept)} of {len(steps)} entries"
    heads = ["Step", *(title_of(column) for column in columns)]
    return scrolls(table(f"{name}{some}", heads, rows, "plain numbers"), f"The log of {name}")


def _place(step: int, log: Log) -> str:
    """A step within its stage."""
    begun = [(stage, at) for stage, at in log.stages.items() if at < step] or [*log.stages.items()][:1]
    stage, begins = begun[-1]
    return text(f"{stage}, {step - begins}")
