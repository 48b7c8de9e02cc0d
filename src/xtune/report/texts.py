"""The texts of examples, where the data that a run was evaluated on can still be read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from xtune.config.load import parse_recipe
from xtune.data import load_split
from xtune.errors import InputError
from xtune.report.compare import Run
from xtune.runs.source import source_of
from xtune.schema import Example


def examples_of(run: Run, split: str, language: str, ids: Collection[str]) -> Mapping[str, Example]:
    """Some examples by id; those that cannot be had are missing, for whatever reason, and nothing is fetched for them.

    Args:
        run: Its recipe says where the data is.
        split: `dev` or `test`.
        language: Its code.
        ids: Those wanted.
    """
    if not run.recipe or not ids:
        return {}
    found: dict[str, Example] = {}
    try:
        recipe = parse_recipe(run.recipe)
        source = replace(source_of(recipe), hub=())
        limit = recipe.data.max_dev_examples if split == "dev" else recipe.data.max_test_examples
        for example in load_split(source, split, language, max_examples=limit):
            if example.id in ids:
                found[example.id] = example
            if len(found) == len(ids):
                break
    except (InputError, OSError, UnicodeDecodeError):
        return {}
    return found
