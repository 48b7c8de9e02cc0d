"""Tables for papers and notes: Markdown, and LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from xtune.report.compare import Comparison
from xtune.report.intervals import Interval
from xtune.report.study import MEASURES, SETTINGS, Cell, Estimate, Study

Format = Literal["markdown", "latex"]

_LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "\n": " ",
    }
)
_MARKDOWN = str.maketrans({**{character: f"\\{character}" for character in r"\`*_[]|<>~#"}, "&": "&amp;", "\n": " "})


@dataclass(frozen=True)
class Number:
    """A figure of a table.

    Args:
        mean: In percent or points.
        sd: Its standard deviation over seeds, where there are several.
        best: Whether it is the best of its column, or of its table.
        signed: Whether it is a difference.
        interval: 95 %, where it is known.
    """

    mean: float
    sd: float | None = None
    best: bool = False
    signed: bool = False
    interval: Interval | None = None


@dataclass(frozen=True)
class Table:
    """A table of figures.

    Args:
        caption: What it shows.
        heads: Of all columns, the first of which names the rows.
        rows: A name each, and the figures; None where there is none.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Number | None]]] = field(default_factory=list)


def tables_of(shown: Comparison | Study, kind: Format) -> str:
    """The tables of runs or of a study, ready to be put into a document."""
    tables = study_tables(shown) if isinstance(shown, Study) else [run_table(shown)]
    write: Callable[[Table], str] = to_latex if kind == "latex" else to_markdown
    return "\n".join(write(table) for table in tables)


def run_table(comparison: Comparison) -> Table:
    """A row a run, a column a language; the best of each column is marked where there are several."""
    columns: list[tuple[str, list[float | None]]] = [
        (code, [comparison.score(run, code) for run in comparison.runs]) for code in comparison.languages
    ]
    columns += comparison.summary()
    marked = [_with_best(values, title == "transfer gap") for title, values in columns]
    rows = [(name, [column[place] for column in marked]) for place, name in enumerate(comparison.names)]
    caption = f"{comparison.task}: {comparison.metric} on {comparison.split}, in percent"
    return Table(caption, ["", *(title for title, _ in columns)], rows)


def study_tables(study: Study) -> list[Table]:
    """Methods × augmentations for each of `MEASURES` (the paper's table 4), and a row a cell (tables 2 and 3).

    Where there is something to compare, a last table has what each cell has more than the baseline.
    """
    said = f"{study.values['task']}: {study.values['metric']} on {study.values['split']}, in percent"
    measures = [measure for measure in MEASURES if study.best(measure) is not None]
    shaped = study.is_grid and len(study.columns) > 2
    tables = [_grid(study, measure, f"{said}; {MEASURES[measure].lower()}") for measure in measures] if shaped else []
    columns = {**{measure: MEASURES[measure] for measure in measures}, **{code: code for code in study.languages}}
    rows = [(study.name(cell), [_number(study, cell, name) for name in columns]) for cell in study.cells.values()]
    return [*tables, Table(said, ["", *columns.values()], rows), *_differences(study, measures)]


def to_markdown(table: Table) -> str:
    r"""A table as GitHub and others show it.

    >>> print(to_markdown(Table("a|b", ["", "de"], [("x_y", [Number(80.0, 0.5, best=True)])])), end="")
    a\|b
    <BLANKLINE>
    |  | de |
    |---|---:|
    | x\_y | **80.0** ± 0.5 |
    """
    heads = " | ".join(_markdown(head) for head in table.heads)
    lines = [_markdown(table.caption), "", f"| {heads} |", f"|---|{'---:|' * (len(table.heads) - 1)}"]
    for name, numbers in table.rows:
        lines.append(f"| {' | '.join([_markdown(name), *map(_in_markdown, numbers)])} |")
    return "\n".join([*lines, ""])


def to_latex(table: Table) -> str:
    r"""A table for `\usepackage{booktabs}`.

    >>> print(to_latex(Table("90%", ["", "de"], [("x_y", [Number(80.0, 0.5, best=True)])])), end="")
    \begin{table}
      \centering
      \caption{90\%}
      \begin{tabular}{lr}
        \toprule
         & de \\
        \midrule
        x\_y & \textbf{80.0} $\pm$ 0.5 \\
        \bottomrule
      \end{tabular}
    \end{table}
    """
    rows = [" & ".join([_latex(name), *map(_in_latex, numbers)]) for name, numbers in table.rows]
    body = [" & ".join(map(_latex, table.heads)), *rows]
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{_latex(table.caption)}}}",
        rf"  \begin{{tabular}}{{l{'r' * (len(table.heads) - 1)}}}",
        r"    \toprule",
        rf"    {body[0]} \\",
        r"    \midrule",
        *(rf"    {row} \\" for row in body[1:]),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join([*lines, ""])


def _grid(study: Study, measure: str, caption: str) -> Table:
    rows = [
        (method, [_number(study, cells.get(column), measure) for column in study.columns])
        for method, cells in study.rows.items()
    ]
    several = len(study.settings) > 1
    heads = [
        " ".join(filter(None, (name or "none", f"({SETTINGS.get(setting, setting)})" * several)))
        for name, setting in study.columns
    ]
    return Table(caption, ["", *heads], rows)


def _differences(study: Study, measures: Sequence[str]) -> list[Table]:
    """One table of them, or none."""
    cells = [cell for cell in study.cells.values() if any(cell.difference(name) for name in measures)]
    rows = [(study.name(cell), [_difference(cell.difference(name)) for name in measures]) for cell in cells]
    caption = f"{study.values['task']}: {study.values['metric']} on {study.values['split']}, difference from "
    caption += f"{study.name(study.baseline)} in points, with its 95 % interval, paired by seed and example"
    return [Table(caption, ["", *(MEASURES[name] for name in measures)], rows)] if rows else []


def _difference(found: Estimate | None) -> Number | None:
    return None if found is None else Number(found.mean, signed=True, interval=found.interval)


def _number(study: Study, cell: Cell | None, name: str) -> Number | None:
    """A figure of a cell; the best of its setting is marked, as is what looks the same."""
    found = cell.measure(name) if cell is not None else None
    if cell is None or found is None:
        return None
    best = study.best(name, cell.setting)
    return Number(found.mean, found.sd, best is not None and f"{best:.1f}" == f"{found.mean:.1f}")


def _with_best(values: Sequence[float | None], less_is_more: bool) -> list[Number | None]:
    known = [value for value in values if value is not None]
    best = f"{(min if less_is_more else max)(known):.1f}" if len(values) > 1 and known else ""
    return [None if value is None else Number(value, best=f"{value:.1f}" == best) for value in values]


def _markdown(text: str) -> str:
    return text.translate(_MARKDOWN)


def _latex(text: str) -> str:
    return text.translate(_LATEX)


def _in_markdown(number: Number | None) -> str:
    return "" if number is None else _shown(number, bold="**{}**", between="±")


def _in_latex(number: Number | None) -> str:
    shown = "" if number is None else _shown(number, bold=r"\textbf{{{}}}", between=r"$\pm$")
    return shown.replace("-", "$-$").replace("+", "$+$") or "--"


def _shown(number: Number, *, bold: str, between: str) -> str:
    shown = _figure(number.mean, number.signed)
    shown = bold.format(shown) if number.best else shown
    shown += "" if number.sd is None else f" {between} {number.sd:.1f}"
    return shown + ("" if number.interval is None else f" ({_span(number)})")


def _figure(value: float, signed: bool) -> str:
    return f"{round(value, 1) + 0.0:{'+' if signed else ''}.1f}"  # no "-0.0"


def _span(number: Number) -> str:
    return " to ".join(_figure(end, number.signed) for end in number.interval or ())
