"""What a sweep tries: the grid of the paper's appendix B, or the user's own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xtune.config.load import mapping_in, parse_recipe, recipe_text, to_dict, value_of
from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.runs.grids.grid import Cell, cell_name, check_cells, stages_in

LAMBDA1, LAMBDA2, LEARNING_RATE = "consistency.lambda1", "consistency.lambda2", "train.learning_rate"

PAPER: dict[str, tuple[float, ...]] = {LAMBDA1: (1.0, 2.0, 5.0), LAMBDA2: (0.3, 0.5, 1.0, 2.0, 5.0)}
"""Paper, appendix B."""

LEARNING_RATES = {"large": (5e-6, 7e-6, 1e-5, 1.5e-5), "base": (7e-6, 1e-5, 2e-5, 3e-5)}
"""Likewise, by the size of the model, as its name has it."""

Space = dict[str, tuple[Any, ...]]


def paper_space(base: Recipe) -> Space:
    """The grid of appendix B, as far as it concerns the recipe.

    The weight of a loss that the method does not have is left out, and so are learning rates for a model that is
    neither base nor large.

    >>> from xtune.config.load import load_recipe
    >>> paper_space(load_recipe("xnli-transfer-large", {"method": "r1"}))
    {'consistency.lambda1': (1.0, 2.0, 5.0), 'train.learning_rate': (5e-06, 7e-06, 1e-05, 1.5e-05)}
    """
    stages = stages_in(base)
    used = {LAMBDA1: any(stage.r1 for stage in stages), LAMBDA2: any(stage.r2 for stage in stages)}
    if base.method == "r-drop":  # which has a weight of its own
        used[LAMBDA1] = False
    space: Space = {key: values for key, values in PAPER.items() if used[key]}
    size = re.search(r"(?<![a-z])(large|base)(?![a-z])", Path(base.model).name.lower())
    if size:
        space[LEARNING_RATE] = LEARNING_RATES[size[1]]
    return space


def read_space(given: Sequence[str]) -> Space:
    """What the user wants tried: `key=v1,v2`, or YAML files of key: [v1, v2].

    Raises:
        InputError: It cannot be read, or a key has no values.
    """
    space: Space = {}
    for each in given:
        found = _from_file(each) if each.endswith((".yaml", ".yml")) and "=" not in each else _from_text(each)
        for key, values in found.items():
            if key in space:
                raise InputError("the key is there twice", field=key, remedy="name all its values at once")
            if not values or len({str(value) for value in values}) < len(values):
                problem = "there are no values" if not values else "a value is there twice"
                raise InputError(problem, field=key, remedy=f"write for example {LAMBDA1}=1,2,5")
            space[key] = values
    return space


def _from_text(text: str) -> Space:
    key, equals, values = text.partition("=")
    if not equals or not key or not values.strip():
        problem = f"'{text}' is neither key=v1,v2 nor a .yaml file"
        raise InputError(problem, field="--space", remedy=f"write for example {LAMBDA1}=1,2,5")
    return {key: tuple(value_of(key, value.strip()) for value in values.split(","))}


def _from_file(path: str) -> Space:
    values = _flat(mapping_in(recipe_text(path), path))
    for key, tried in values.items():
        if not isinstance(tried, list):
            problem = f"{tried!r} is no list of values"
            raise InputError(problem, file=path, field=key, remedy=f"write {key}: [{tried}]")
    return {key: tuple(tried) for key, tried in values.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def sweep_cells(base: Recipe, space: Space) -> tuple[tuple[Cell, ...], str]:
    """All combinations, and the one that is the recipe itself; the first if none is.

    Raises:
        InputError: For a value that the recipe cannot have, or an empty space.
    """
    cells = []
    for values in itertools.product(*space.values()) if space else ():
        keys = dict(zip(space, values, strict=True))
        cells.append(Cell(cell_name(keys), keys))
    check_cells(cells, "--space")
    own = to_dict(base)
    same = [cell.name for cell in cells if to_dict(parse_recipe(own, cell.keys)) == own]
    return tuple(cells), (same or [cells[0].name])[0]
