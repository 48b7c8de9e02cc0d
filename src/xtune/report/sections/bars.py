"""The table with a bar for each score, and on the bar how far it may be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xtune.report.html import colour, figure, gain, key, span_of, stacking_row, stacking_table, text
from xtune.report.intervals import Interval


@dataclass(frozen=True, slots=True)
class Bar:
    """A score.

    Args:
        value: In percent; None: there is none.
        whisker: What is drawn on the bar.
        note: What stands below the figure, as HTML; None: the whisker's ends.
    """

    value: float | None
    whisker: Interval | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the bars beside each other are of.

    Args:
        title: As text.
        bars: One each run.
        tags: Short remarks beside the title.
        gain: Of the last on the first.
        source: Whether it is the language of the labels.
        gap: Whether it is a transfer gap, of which less is better and which is no part of 100.
    """

    title: str
    bars: Sequence[Bar]
    tags: Sequence[str] = ()
    gain: Interval | None = None
    source: bool = False
    gap: bool = False

    @property
    def difference(self) -> float | None:
        """What the last has more than the first."""
        first, last = self.bars[0].value, self.bars[-1].value
        return None if first is None or last is None else last - first


def bars_table(caption: str, names: Sequence[str], rows: Sequence[Row], feet: Sequence[Row], first: str) -> str:
    """The table.

    Args:
        caption: As text.
        names: Of the runs; beyond one, the last is compared with the first.
        rows: Its body.
        feet: What they sum up to.
        first: What the first column is called.
    """
    beside = ["Gain"] * (len(names) > 1)
    heads = [first, *(key(index, name) for index, name in enumerate(names)), *beside]
    heads.append('<td class="bars" aria-hidden="true"></td>')
    style = f"--numbers:{len(names) + len(beside)}"
    return stacking_table("scores", caption, heads, map(_row, rows), map(_row, feet), style)


def _row(row: Row) -> str:
    title = text(row.title) + "".join(f' <span class="tag">{text(tag)}</span>' for tag in row.tags)
    cells = [figure(bar.value) + (span_of(bar.whisker) if bar.note is None else bar.note) for bar in row.bars]
    cells += [gain(row.difference, row.gap) + span_of(row.gain, signed=True)] * (len(row.bars) > 1)
    bars = "" if row.gap else "".join(_bar(bar, index) for index, bar in enumerate(row.bars) if bar.value is not None)
    picture = f'<td class="bars" aria-hidden="true">{bars}</td>'
    return stacking_row(title, cells, picture, "source" * row.source)


def _bar(bar: Bar, index: int) -> str:
    width = min(max(bar.value or 0.0, 0.0), 100.0)
    whisker = ""
    if bar.whisker is not None and width > 1:  # its place is counted in widths of the bar
        left, right = (100 * min(max(end, 0.0), 100.0) / width for end in bar.whisker)
        whisker = f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
    return f'<span class="{colour(index)}" style="width:{width:.1f}%">{whisker}</span>'
