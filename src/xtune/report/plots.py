"""A comparison as a picture: SVG that needs no font, script or network, for light and dark."""

from __future__ import annotations

from html import escape
from importlib import resources
from string import Template

from xtune.report.compare import Comparison, name_of

_LEFT, _BAR, _RIGHT = 190, 400, 130  # pixels: names, what stands for 100 %, figures
_TOP, _ROW, _HEIGHT = 74, 34, 10  # pixels: above the first row, a row, a bar


def bar_chart(comparison: Comparison) -> str:
    """A bar for each language and run, and the means of the target languages below.

    Args:
        comparison: What it shows.
    """
    rows = [
        (name_of(code), _tag(comparison, code), [comparison.score(run, code) for run in comparison.runs])
        for code in comparison.languages
    ]
    rows.append(("other languages", "mean", [comparison.mean(run, comparison.targets) for run in comparison.runs]))
    row_height = _ROW + _HEIGHT * max(len(comparison.runs) - 2, 0)
    height = _TOP + row_height * len(rows) + 16
    drawn = [_row(*row, top=_TOP + number * row_height) for number, row in enumerate(rows)]
    title = f"{comparison.task}: {comparison.metric} in percent, labels in {name_of(comparison.source)} alone"
    said = "; ".join(f"{name}: {', '.join(_figure(value) for value in values)}" for name, _, values in rows)
    rule = _TOP + row_height * (len(rows) - 1)
    return Template(resources.files("xtune.report").joinpath("chart.svg").read_text("utf-8")).substitute(
        width=_LEFT + _BAR + _RIGHT,
        height=height,
        title=escape(title),
        description=escape(said),
        key="".join(_key(run.method, number) for number, run in enumerate(comparison.runs)),
        grid="".join(f'<line x1="{x}" x2="{x}" y1="{_TOP - 6}" y2="{height - 12}"/>' for x in _grid()),
        rule=f'<line class="rule" x1="16" x2="{_LEFT + _BAR + _RIGHT - 16}" y1="{rule - 4}" y2="{rule - 4}"/>',
        rows="\n".join(drawn),
    )


def _grid() -> list[float]:
    """Where 0, 50 and 100 % are."""
    return [_LEFT + share * _BAR for share in (0, 0.5, 1)]


def _tag(comparison: Comparison, code: str) -> str:
    if code == comparison.source:
        return "labels"
    return f"no {comparison.helped_by}" if code in comparison.without_help else ""


def _key(method: str, number: int) -> str:
    x = _LEFT + 110 * number
    return f'<rect class="run{number % 6}" x="{x}" y="42" width="12" height="12" rx="2"/>' + _words(method, x + 18, 52)


def _row(name: str, tag: str, values: list[float | None], *, top: float) -> str:
    """A language: its name, a bar a run, and the figures."""
    middle = top + (len(values) * _HEIGHT) / 2
    parts = [_words(name, 16, middle + 4, "name")]
    if tag:
        parts.append(_words(tag, _LEFT - 12, middle + 4, "tag"))
    for number, value in enumerate(values):
        if value is not None:
            place = f'x="{_LEFT}" y="{top + number * (_HEIGHT + 1):g}" width="{value * _BAR / 100:.1f}"'
            parts.append(f'<rect class="run{number % 6}" {place} height="{_HEIGHT}" rx="1.5"/>')
    if values[0] is not None and values[-1] is not None:
        gain = round(values[-1] - values[0], 1) + 0.0  # no "−0.0"
        parts.append(_words(f"{_figure(values[0])} → {_figure(values[-1])}", _LEFT + _BAR + 12, middle + 4))
        kind = "gain" if gain >= 0 else "gain loss"
        parts.append(_words(f"{gain:+.1f}".replace("-", "−"), _LEFT + _BAR + _RIGHT - 16, middle + 4, kind))
    return "".join(parts)


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}"


def _words(text: str, x: float, y: float, kind: str = "words") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
