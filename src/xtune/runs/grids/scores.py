"""What a grid says of its runs: the one number of each, and `study.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xtune.config.load import load_recipe
from xtune.config.recipe import AugmentationConfig, Recipe
from xtune.errors import InputError
from xtune.evaluation.counts import Counts, read_counts
from xtune.evaluation.statistics import Comparison, compare
from xtune.metrics import normaliser
from xtune.runs.files import read_json
from xtune.runs.generic import kind_of
from xtune.runs.grids.grid import Grid, Run

BROKEN = "remove it, and the same command makes the run anew"


def run_score(results: Mapping[str, Any], grid: Grid) -> float:
    """The score of a run, which a sweep selects by: the source's dev set or the mean of all, as the recipe says.

    Of an ablation it is the average of the languages; nothing is selected by it.

    Raises:
        InputError: The run has no such score.
    """
    metric, split = results["selection"]["metric"], grid.split
    scores = results["scores"].get(split, {})
    source = results["source_language"]
    if grid.kind == "sweep" and grid.base.selection.by != "dev-mean":
        scores = {source: scores[source]} if source in scores else {}
    if not scores:
        remedy = "name labelled data, or --split dev" if split == "test" else "name labelled data"
        raise InputError(f"there are no scores to compare on {split}", field=f"data.{split}", remedy=remedy)
    return float(sum(values[metric] for values in scores.values()) / len(scores))


def build_study(grid: Grid, folder: Path, cells: Sequence[str]) -> dict[str, Any]:
    """What `study.json` holds.

    Args:
        grid: Whose runs are in the folder.
        folder: The grid's.
        cells: Those whose runs are all finished, the baseline among them.

    Raises:
        InputError: A run's files cannot be read, or were not made on the same test sets.
    """
    runs = [run for run in grid.runs if run.cell.name in cells]
    results = {run.name: read_json(folder / "runs" / run.name / "results.json", BROKEN) for run in runs}
    configs = {run.name: load_recipe(str(folder / "runs" / run.name / "config.yaml")) for run in runs}
    first = next(iter(results.values()))
    for run in runs:
        run_score(results[run.name], grid)  # or there is nothing to compare
    systems = {name: _system(grid, folder, [run for run in runs if run.cell.name == name], results) for name in cells}
    source = first["source_language"]
    comparison = compare(systems, source)
    study = {
        "schema": 1,
        "xtune": version("xtune"),
        "kind": grid.kind,
        "recipe": grid.name,
        "task": grid.base.task,
        "source_language": source,
        "split": grid.split,
        "metric": first["selection"]["metric"],
        "baseline": grid.baseline,
        "seeds": list(grid.seeds),
        "runs": [_run(run, configs[run.name], grid) for run in runs],
        "cells": {
            name: _cell(name, [run for run in runs if run.cell.name == name], configs, comparison, grid)
            for name in cells
        },
    }
    return {**study, **_selected(grid, runs, results)} if grid.kind == "sweep" else study


def _selected(grid: Grid, runs: Sequence[Run], results: Mapping[str, Any]) -> dict[str, Any]:
    """The best cell of a sweep, the first of equals, and by what."""
    scores: dict[str, list[float]] = {}
    for run in runs:
        scores.setdefault(run.cell.name, []).append(run_score(results[run.name], grid))
    means = {name: sum(values) / len(values) for name, values in scores.items()}
    by = "dev-mean" if grid.base.selection.by == "dev-mean" else "source-dev"
    best = max(means, key=lambda name: means[name])
    return {"selection": {"by": by, "scores": means}, "best": best}


def _run(run: Run, config: Recipe, grid: Grid) -> dict[str, Any]:
    told = {"recipe": grid.name, "method": config.method, "augmentation": augmentation_of(config)}
    return {"cell": run.cell.name, **told, "setting": config.setting, "seed": run.seed, "run": f"runs/{run.name}"}


def augmentation_of(config: Recipe) -> str | None:
    """The augmentation of a resolved recipe that is used: one name, or the three of stage1/data/consistency.

    >>> from xtune.runs.resolve import resolve
    >>> augmentation_of(resolve(load_recipe("pocket-topic", {"augmentation": "cs"})))
    'cs'
    """
    stages = config.stages or ()
    used = [stage.augmentation for stage in stages] + [stage.r1.augmentation for stage in stages if stage.r1]
    if not any(used) or not isinstance(config.augmentation, AugmentationConfig):
        return None
    names = (config.augmentation.stage1, config.augmentation.data, config.augmentation.consistency)
    return names[0] if len(set(names)) == 1 else "/".join(name or "-" for name in names)


def _cell(
    name: str, runs: Sequence[Run], configs: Mapping[str, Recipe], comparison: Comparison, grid: Grid
) -> dict[str, Any]:
    config = configs[runs[0].name]
    return {
        "method": config.method,
        "augmentation": augmentation_of(config),
        "setting": config.setting,
        "keys": {key: value for key, value in runs[0].cell.keys.items() if key.partition(".")[0] not in TOLD},
        "seeds": [run.seed for run in runs],
        **comparison.summary(name, grid.baseline),
    }


TOLD = ("method", "augmentation", "setting")
"""Keys that a cell has places of their own for."""


def _system(grid: Grid, folder: Path, runs: Sequence[Run], results: Mapping[str, Any]) -> list[dict[str, Counts]]:
    """The counts of each seed's run of a cell, by language."""
    kind, task, system = kind_of(grid.base.task), grid.base.task, []
    for run in runs:
        own, place = results[run.name], folder / "runs" / run.name / "predictions"
        metric, codes = own["selection"]["metric"], own["scores"][grid.split]
        paths = {code: place / f"{grid.split}-{code}.jsonl" for code in codes}
        system.append({code: read_counts(path, kind, metric, normaliser(task, code)) for code, path in paths.items()})
    return system
