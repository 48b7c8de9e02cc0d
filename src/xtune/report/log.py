"""What a run wrote down while it trained, `train_log.jsonl`, as lines to draw."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SELECTION = "eval_selection"
"""The score on development data that checkpoints are selected by."""

_OTHERS = ("stage", "step", "seconds", "loss", "grad_norm", "learning_rate", "epoch")
_NAMES = {"task": "Task loss", "r1": "R1, weighted", "r2": "R2, weighted", SELECTION: "Score that selects, in percent"}

Point = tuple[int, float]
"""A step, counted through all stages, and a value."""


@dataclass(frozen=True)
class Log:
    """A run's log.

    Args:
        lines: What is logged (`task`, `r1`, …, `eval_selection`) to its points in order.
        stages: Name of each stage, and after how many steps it begins.
    """

    lines: Mapping[str, list[Point]] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)


def read_log(folder: Path) -> Log:
    """The log of a run; an empty one where there is none. A line that a killed run left unfinished is passed over.

    Args:
        folder: The run's.
    """
    lines: dict[str, list[Point]] = {}
    stages: dict[str, int] = {}
    last = 0
    for entry in _entries(folder / "train_log.jsonl"):
        stage, step = str(entry.get("stage", "stage1")), entry.get("step")
        if not isinstance(step, int):
            continue
        at = stages.setdefault(stage, last) + step
        last = max(last, at)
        for name, value in entry.items():
            shown = name == SELECTION or not (name in _OTHERS or name.startswith("eval_"))
            if shown and isinstance(value, int | float) and math.isfinite(value):
                lines.setdefault(name, []).append((at, float(value)))
    return Log(lines, stages)


def title_of(name: str) -> str:
    """What is logged, as a heading.

    >>> title_of("r2"), title_of("another_loss")
    ('R2, weighted', 'another_loss')
    """
    return _NAMES.get(name, name)


def thinned(points: list[Point], most: int) -> list[Point]:
    """At most so many points, evenly chosen, the last one always.

    >>> thinned([(step, 0.0) for step in range(1, 11)], 3)
    [(2, 0.0), (6, 0.0), (10, 0.0)]
    """
    every = -(-len(points) // most) if points else 1
    return points[::-1][::every][::-1]


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    entries = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries
