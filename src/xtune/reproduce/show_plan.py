"""What a table would take, for the terminal: its runs, hours, disk, and what is done."""

from __future__ import annotations

from statistics import fmean

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from xtune.reproduce.figures import Definition
from xtune.reproduce.planning import Planning, amount_of, heading, label
from xtune.reproduce.plans import SIZES, Size, said_seeds, size_of
from xtune.reproduce.show_costs import counting
from xtune.reproduce.variants import Variant

DEFINITIONS: dict[Definition, str] = {
    "best": "a cell is the test score of the seed that is best on dev, of {seeds}; the paper does not say of how many",
    "mean": "a cell is the mean over {seeds}",
    "gap": "a cell is English minus the mean of the other languages, the mean over {seeds}",
    "figure": "a panel is one run",
}
"""What a table's cells are."""


def plan_report(planning: Planning) -> Group:
    """The runs of a table, what they take, and how that was counted."""
    job = planning.job
    runs = f"{planning.runs} runs" + (f", {planning.finished} finished" if planning.finished else "")
    definition = DEFINITIONS[job.shown.definition].format(seeds=said_seeds(job.seeds))
    parts: list[RenderableType] = [heading(job.shown, job.seeds), Text(f"{runs}; {definition}."), ""]
    parts += [_pocket_table(planning)] if job.pocket else [_cost_table(planning), "", *counting(planning)]
    return Group(*parts)


def _cost_table(planning: Planning) -> Grid:
    """A line a variant: base and large beside each other, the paper's size marked."""
    table = Grid(box=None, pad_edge=False)
    table.add_column("\ndataset: run")  # the one that a narrow terminal breaks: figures stay whole
    for name in ("\nruns", "\ndone"):
        table.add_column(name, justify="right", no_wrap=True)
    for size in SIZES:
        own = size == size_of(planning.job.shown.name)
        title = f"{size} *" if own else size
        for above, name in (("", "EFLOP"), (title, "hours"), ("", "GB")):
            style = "" if own else "dim"
            head = "bold" if own else "dim"
            table.add_column(f"{above}\n{name}", justify="right", no_wrap=True, header_style=head, style=style)
    totals = [0.0] * 3 * len(SIZES)
    for title, variants in planning.variants.items():
        table.add_row(Text(title, style="bold"))
        for variant in variants:
            amounts = [amount for size in SIZES for amount in _amounts(planning, variant, size)]
            totals = [total + amount for total, amount in zip(totals, amounts, strict=True)]
            done = str(len(planning.found.get(variant, {})) or "")
            table.add_row(f"  {label(variant)}", str(len(planning.job.seeds)), done, *map(amount_of, amounts))
    table.add_section()
    table.add_row("all", str(planning.runs), str(planning.finished or ""), *map(amount_of, totals), style="bold")
    return table


def _amounts(planning: Planning, variant: Variant, size: Size) -> tuple[float, float, float]:
    """Of all seeds of a variant: EFLOP, hours, GB."""
    of, seeds = planning.cost(variant, size), len(planning.job.seeds)
    return (of.operations * seeds / 1e18, planning.on(variant, size).hours(of) * seeds, of.disk * seeds / 1e9)


def _pocket_table(planning: Planning) -> Grid:
    """A line a variant, with the minutes that finished runs took."""
    table = Grid(box=None, pad_edge=False)
    table.add_column("task: run", no_wrap=True)
    for name in ("runs", "done", "minutes of training, measured"):
        table.add_column(name, justify="right")
    for title, variants in planning.variants.items():
        table.add_row(Text(title, style="bold"))
        for variant in variants:
            there = planning.found.get(variant, {})
            seconds = [run["timing"]["train_seconds"] for run in there.values()]
            minutes = amount_of(fmean(seconds) / 60) if seconds else ""
            table.add_row(f"  {label(variant)}", str(len(planning.job.seeds)), str(len(there) or ""), minutes)
    return table
