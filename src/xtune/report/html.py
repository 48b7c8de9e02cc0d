"""The small parts that the sections of a page are made of. What comes from a run passes `text`, and stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from xtune.report.intervals import Interval

COLOURS = 6
"""How many runs `page.css` has colours for; later ones begin again."""


def text(value: object) -> str:
    """Anything as text that HTML shows as it is.

    >>> text('<b title="1">')
    '&lt;b title=&quot;1&quot;&gt;'
    """
    return escape(str(value), quote=True)


def colour(index: int) -> str:
    """The class of a run's colour."""
    return f"run{index % COLOURS}"


def key(index: int, name: str) -> str:
    """A run's name beside its colour."""
    return f'<span class="key {colour(index)}" aria-hidden="true"></span>{text(name)}'


def figure(value: float | None, signed: bool = False) -> str:
    """A score to one digit, or nothing; a minus sign is one, which is read aloud.

    >>> figure(-3.04, signed=True), figure(0.04, signed=True), figure(None)
    ('−3.0', '+0.0', '')
    """
    if value is None:
        return ""
    rounded = round(value, 1) + 0.0  # no "−0.0"
    return f"{rounded:{'+' if signed else ''}.1f}".replace("-", "−")


def span_of(interval: Interval | None, signed: bool = False) -> str:
    """An interval in words, small.

    >>> span_of(Interval(-1.0, 2.5), signed=True)
    ' <small>−1.0 to +2.5</small>'
    """
    if interval is None:
        return ""
    return f" <small>{figure(interval.low, signed)} to {figure(interval.high, signed)}</small>"


def gain(value: float | None, less_is_more: bool = False) -> str:
    """A difference, in the colour that says whether it is for the better."""
    if value is None:
        return ""
    rounded = round(value, 1)
    better = rounded < 0 if less_is_more else rounded > 0
    return f'<span class="{"better" if better else "worse" if rounded else "soft"}">{figure(value, signed=True)}</span>'


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading.

    Args:
        id: What a link to it is called.
        title: As text.
        body: HTML; a section without is left out.
    """

    id: str
    title: str
    body: str

    def __str__(self) -> str:
        """As HTML."""
        heading = f'<h2 id="{self.id}">{text(self.title)}</h2>'
        return f'<section aria-labelledby="{self.id}">\n{heading}\n{self.body}\n</section>'


def scrolls(body: str, label: str) -> str:
    """What may be wider than a phone: it scrolls in itself, by keyboard too, and the page does not."""
    return f'<div class="scrolls" role="region" aria-label="{text(label)}" tabindex="0">\n{body}\n</div>'


def folded(summary: str, body: str, kind: str = "plain", opened: bool = False) -> str:
    """Something to open; `summary` and `body` are HTML already."""
    state = " open" * opened
    return f'<details class="{kind}"{state}><summary>{summary}</summary>\n{body}\n</details>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "plain") -> str:
    """A table whose first column names the rows; cells are HTML already, `caption` and `heads` are not."""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in heads)
    lines = [f'<table class="{kind}"><caption>{text(caption)}</caption>', f"<thead><tr>{head}</tr></thead>", "<tbody>"]
    for first, *others in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody></table>"])


def stacking_table(
    kind: str, caption: str, heads: Sequence[str], rows: Iterable[str], feet: Iterable[str] = (), style: str = ""
) -> str:
    """A table that a phone shows row by row. To CSS it is none there, so the roles of its parts are spelled out.

    Args:
        kind: Its classes.
        caption: As text.
        heads: Header cells as HTML; what begins with `<td` is one already.
        rows: Made by `stacking_row`.
        feet: What they sum up to.
        style: CSS of the table's own.
    """
    head = "".join(
        cell if cell.startswith("<td") else f'<th scope="col" role="columnheader">{cell}</th>' for cell in heads
    )
    own = f' style="{style}"' if style else ""
    lines = [
        f'<table class="{kind}" role="table"{own}><caption>{text(caption)}</caption>',
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>',
        '<tbody role="rowgroup">',
        *rows,
        "</tbody>",
    ]
    if below := list(feet):
        lines += ['<tfoot role="rowgroup">', *below, "</tfoot>"]
    return "\n".join([*lines, "</table>"])


def stacking_row(title: str, cells: Iterable[str], picture: str | None = None, kind: str = "") -> str:
    """A row of it.

    Args:
        title: As HTML.
        cells: As HTML; what begins with `<td` is a cell already.
        picture: A last cell that tells nothing new, for the eye alone; it comes with its own `<td>`.
        kind: The row's class.
    """
    shown = "".join(cell if cell.startswith("<td") else f'<td role="cell">{cell}</td>' for cell in cells)
    opened = f'<tr role="row"{f" class={kind}" if kind else ""}>'
    return f'{opened}<th scope="row" role="rowheader">{title}</th>{shown}{picture or ""}</tr>'
