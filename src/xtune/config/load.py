"""Reading a recipe from YAML and `key=value`, checking it, and writing it out resolved.

The dataclasses are checked by pydantic, which reads the types and bounds that `xtune.config.recipe` states anyway.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError, with_config

from xtune.config import recipe as sections
from xtune.config.recipe import Recipe
from xtune.errors import InputError, did_you_mean

SECTIONS = [cls for cls in vars(sections).values() if isinstance(cls, type) and cls.__module__ == sections.__name__]
for _section in SECTIONS:  # an unknown key is an error, never ignored
    with_config({"extra": "forbid"})(_section)
_RECIPE = TypeAdapter(Recipe)


class _Loader(yaml.SafeLoader):
    """YAML as people write it: `no` is Norwegian and `1e-5` a number (YAML 1.1 reads false and a string)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool",)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def recipe_names() -> list[str]:
    """Names of the recipes that come with xtune, sorted."""
    folder = resources.files("xtune.recipes")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_recipe(name: str, overrides: Sequence[str] | Mapping[str, Any] = ()) -> Recipe:
    """A recipe by name or file, with some keys set otherwise.

    Args:
        name: One of `recipe_names()`, or the path of a YAML file.
        overrides: `["train.learning_rate=1e-5", …]`, or a mapping of dotted keys to values.

    Raises:
        InputError: For an unknown recipe, an unreadable file, an unknown key or a value out of bounds.

    >>> load_recipe("text-classification", ["model=some/encoder", "seed=3", "code_switch.languages=de,fr"]).seed
    3
    """
    values, file = _read(name)
    for key, value in _pairs(overrides):
        if values.get("stages") and key.partition(".")[0] in ("method", "setting", "augmentation", "consistency"):
            raise InputError(
                "the file spells out its stages, which this key would not reach",
                file=file,
                field=key,
                remedy="put stages=null before it, so that the stages are made anew from the method",
            )
        _assign(values, key, value)
    return parse_recipe(values, file=file)


def parse_recipe(values: Mapping[str, Any], *, file: str | Path | None = None) -> Recipe:
    """Check a nested mapping and make it a `Recipe`."""
    try:
        return _RECIPE.validate_python(values)
    except ValidationError as failure:
        raise _as_input_error(failure, file) from None


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain lists and dictionaries; `parse_recipe` reads it back."""
    plain: dict[str, Any] = _RECIPE.dump_python(recipe, mode="json")
    return plain


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write the recipe as YAML; `xtune train PATH` repeats the run. Written under a temporary name, then renamed."""
    text = yaml.safe_dump(to_dict(recipe), sort_keys=False, allow_unicode=True, width=100)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(f"# xtune train {path.name}\n{text}", encoding="utf-8")
    os.replace(temporary, path)


def recipe_text(name: str) -> str:
    """The text of a recipe, comments and all, by its name or path.

    Raises:
        InputError: There is no such recipe, or its file cannot be read.
    """
    if name in recipe_names():
        return resources.files("xtune.recipes").joinpath(f"{name}.yaml").read_text("utf-8")
    if not Path(name).is_file() and (name.endswith((".yaml", ".yml")) or "/" in name):
        raise InputError("there is no such recipe file", file=name, remedy="give a path that exists")
    if not Path(name).is_file():
        remedy = f"{did_you_mean(name, recipe_names())} `xtune recipes` lists them"
        raise InputError(f"there is no recipe '{name}'", remedy=remedy)
    try:
        return Path(name).read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError("the recipe is not UTF-8", file=name, remedy="save it as UTF-8") from None


def _read(name: str) -> tuple[dict[str, Any], str]:
    """The values of a recipe, `include`d recipes merged below its own, and what to call it in an error."""
    text, place = recipe_text(name), f"recipe {name}" if name in recipe_names() else name
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        problem = getattr(failure, "problem", None) or "not YAML"
        raise InputError(problem, file=place, line=mark.line + 1 if mark else None, remedy="mend the YAML") from None
    if not isinstance(values, dict):
        raise InputError("a recipe is a mapping of keys to values", file=place, remedy="see `xtune recipes show NAME`")
    if base := values.pop("include", None):
        values = _merge(_read(str(base))[0], values)
    return values, place


def _merge(base: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _pairs(overrides: Sequence[str] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    if isinstance(overrides, Mapping):
        return list(overrides.items())
    pairs = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise InputError(f"'{override}' is not key=value", remedy="write for example train.learning_rate=1e-5")
        pairs.append((key, yaml.load(value, Loader=_Loader) if value else None))
    return pairs


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        if not isinstance(values.get(part), dict):
            values[part] = {}
        values = values[part]
    values[last] = value


def _as_input_error(failure: ValidationError, file: str | Path | None) -> InputError:
    """The first thing that is wrong, said with its key as the user wrote it."""
    error = failure.errors()[0]
    names = {cls.__name__ for cls in SECTIONS}
    path = [str(part) for part in error["loc"] if str(part) not in names and "[" not in str(part)]
    key = ".".join(path)
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return InputError("there is no such key", file=file, field=key, remedy=did_you_mean(path[-1], _keys(path)))
    if error["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return InputError("the key is missing", file=file, field=key, remedy=f"set {key}=…")
    given = f"{error['input']!r} does not fit: {error['msg'][0].lower()}{error['msg'][1:]}"
    return InputError(given, file=file, field=key, remedy=f"set {key}=… to such a value")


def _keys(path: Sequence[str]) -> list[str]:
    """The keys that the section of `path` knows."""
    section: Any = Recipe
    hints = {cls.__name__: cls for cls in SECTIONS}
    for part in path[:-1]:
        kind = next((str(item.type) for item in dataclasses.fields(section) if item.name == part), "")
        section = next((cls for name, cls in hints.items() if re.search(rf"\b{name}\b", kind)), section)
    return [item.name for item in dataclasses.fields(section)]
