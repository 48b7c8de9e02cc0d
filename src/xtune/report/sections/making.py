"""How runs were made: settings, machine and versions beside each other, and the recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from xtune.report.compare import Run
from xtune.report.html import Section, folded, scrolls, text
from xtune.report.made import made


def making(runs: Sequence[Run], names: Sequence[str]) -> Section:
    """One column a run, and each recipe folded away.

    Args:
        runs: In their order.
        names: What they are called.
    """
    recipes = [recipe(run.recipe, name) for run, name in zip(runs, names, strict=True) if run.recipe]
    return Section("made", "How it was made", "\n".join([scrolls(_settings(runs, names), "Settings"), *recipes]))


def recipe(values: Mapping[str, Any], name: str, what: str = "the recipe, everything resolved") -> str:
    """What a `config.yaml` holds, folded away."""
    shown = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
    summary = f"{text(name)}: {text(what)} (<code>config.yaml</code>)"
    return folded(summary, f'<pre tabindex="0">{text(shown)}</pre>', "recipe")


def _settings(runs: Sequence[Run], names: Sequence[str]) -> str:
    columns = [made(run) for run in runs]
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in names)
    rows = []
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name, "") for column in columns]
        same = len(set(values)) == 1
        cells = (
            f'<td colspan="{len(values)}">{text(values[0])}</td>'
            if same
            else "".join(f"<td>{text(value)}</td>" for value in values)
        )
        rows.append(f'<tr><th scope="row">{text(name)}</th>{cells}</tr>')
    caption = '<caption class="hidden">Settings of each run</caption>'
    return "\n".join(
        [f'<table class="made">{caption}<thead><tr><td></td>{heads}</tr></thead>', "<tbody>", *rows, "</tbody></table>"]
    )
