"""Lines over time as a picture: SVG whose colours are the page's, so that it follows light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from xtune.report.html import COLOURS, text
from xtune.report.log import Point, thinned

_WIDTH, _HEIGHT = 320, 190  # about what a phone shows at its natural size, so that letters stay legible
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 76, 20, 34  # pixels: for figures, names of lines, and steps
_POINTS, _LETTERS, _APART = 150, 11, 13  # of a line; of a name; pixels between two names


def line_chart(
    title: str,
    lines: Sequence[tuple[str, Sequence[Point]]],
    end: int,
    marks: Mapping[str, int],
) -> str:
    """A line a run, each with its name at its end.

    Args:
        title: What it shows, for those who cannot see it.
        lines: Name and points of each run, in the order of their colours; one without points is not drawn.
        end: The last step of all.
        marks: Stages that begin later than the first, and at which step.
    """
    values = [value for _, points in lines for _, value in points]
    values += [0.0] * (0 < 2 * min(values) < max(values))  # an axis that begins at 0 where that hides nothing
    ticks = nice_ticks(min(values), max(values))
    low, high = min(ticks[0], *values), max(ticks[-1], *values)

    def x(step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / max(end, 1)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / ((high - low) or 1)

    said = "; ".join(f"{name} from {points[0][1]:.3g} to {points[-1][1]:.3g}" for name, points in lines if points)
    parts = [
        f'<svg class="lines" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(f"{title}: {said}")}">',
        *(_level(value, y(value), ticks) for value in ticks),
        *(_step(step, x(step)) for step in step_ticks(end)),
        f'<text class="small" x="{x(end / 2):.1f}" y="{_HEIGHT - 3}" text-anchor="middle">step</text>',
        *(_mark(name, x(step)) for name, step in marks.items()),
    ]
    drawn = [(index, name, points) for index, (name, points) in enumerate(lines) if points]
    for index, _, points in drawn:
        path = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in thinned(list(points), _POINTS))
        parts.append(f'<polyline class="line{index % COLOURS}" points="{path}"/>')
    ends = [y(points[-1][1]) for _, _, points in drawn]
    for (index, name, points), place in zip(drawn, apart(ends, _TOP, _HEIGHT - _BOTTOM), strict=True):
        step, value = points[-1]
        parts.append(f'<circle class="dot{index % COLOURS}" cx="{x(step):.1f}" cy="{y(value):.1f}" r="3.5"/>')
        parts.append(_name(name, index, x(step), y(value), place))
    return "\n".join([*parts, "</svg>"])


def nice_ticks(low: float, high: float) -> list[float]:
    """Three to six round figures that reach from about the lowest to about the highest value.

    >>> nice_ticks(0.13, 1.61), nice_ticks(85.0, 85.0)
    ([0.0, 0.5, 1.0, 1.5, 2.0], [84.5, 84.75, 85.0, 85.25, 85.5])
    """
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / 4
    scale = 10.0 ** math.floor(math.log10(rough))
    size = scale * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * scale >= rough * 0.999)
    first, last = math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9)
    return [round(number * size, 10) for number in range(first, last + 1)]


def step_ticks(end: int) -> list[int]:
    """Round steps from none to about the last.

    >>> step_ticks(1125), step_ticks(3)
    ([0, 500, 1000], [0, 1, 2, 3])
    """
    return [int(tick) for tick in nice_ticks(0, max(end, 1)) if tick <= end and tick == int(tick)]


def apart(places: Sequence[float], top: float, bottom: float) -> list[float]:
    """Places of names, near where the lines end and not one over another.

    >>> apart([50.0, 52.0], 0, 100)
    [50.0, 63.0]
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for before, index in zip([None, *order], order, strict=False):
        moved[index] = max(places[index], top if before is None else moved[before] + _APART)
    for after, index in zip([None, *order[::-1]], order[::-1], strict=False):
        moved[index] = min(moved[index], bottom if after is None else moved[after] - _APART)
    return moved


def _level(value: float, y: float, ticks: Sequence[float]) -> str:
    digits = max(0, min(3, math.ceil(-math.log10(ticks[1] - ticks[0]) - 1e-9) + (f"{ticks[1] - ticks[0]:e}"[2] == "5")))
    return (
        f'<path class="grid" d="M{_LEFT},{y:.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text class="small" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.{digits}f}</text>'
    )


def _step(step: int, x: float) -> str:
    return f'<text class="small" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 15}" text-anchor="middle">{step}</text>'


def _mark(name: str, x: float) -> str:
    return (
        f'<path class="mark" d="M{x:.1f},{_TOP}V{_HEIGHT - _BOTTOM}"/>'
        f'<text class="small" x="{x + 3:.1f}" y="{_TOP - 8}">{text(name)}</text>'
    )


def _name(name: str, index: int, x: float, y: float, place: float) -> str:
    """A line's name right of the plot, with a thin line to where it ends if that is elsewhere."""
    left = _WIDTH - _RIGHT + 10
    lead = f'<path class="lead line{index % COLOURS}" d="M{x + 5:.1f},{y:.1f}L{left - 2},{place:.1f}"/>'
    short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    return f'{lead}<text x="{left}" y="{place + 4:.1f}">{text(short)}</text>'
