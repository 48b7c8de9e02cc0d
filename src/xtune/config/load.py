"""Reading a recipe from YAML and `key=value`, checking it, and writing it out resolved.

The dataclasses are checked by pydantic, which reads the types and bounds that `xtune.config.recipe` states anyway.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import re
from collections.abc import Hashable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError, with_config

from xtune.atomic import replacing
from xtune.config import recipe as sections
from xtune.config.methods import check_stages
from xtune.config.recipe import Recipe
from xtune.errors import InputError, did_you_mean

SECTIONS = [cls for cls in vars(sections).values() if isinstance(cls, type) and cls.__module__ == sections.__name__]
for _section in SECTIONS:  # an unknown key is an error, never ignored
    with_config({"extra": "forbid"})(_section)
_RECIPE = TypeAdapter(Recipe)


class _Loader(yaml.SafeLoader):
    """YAML as people write it: `no` is Norwegian and `1e-5` a number (YAML 1.1 reads false and a string).

    A key that is there twice is an error, where YAML's own readers silently take the last.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for number, (key, _) in enumerate(node.value):
            if isinstance(key, yaml.ScalarNode) and key.value in names[:number]:
                problem = f"the key '{key.value}' is there already"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, deep)


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
    return parse_recipe(values, overrides, file=file)


def parse_recipe(
    values: Mapping[str, Any], overrides: Sequence[str] | Mapping[str, Any] = (), *, file: str | Path | None = None
) -> Recipe:
    """Check a nested mapping, with some keys set otherwise, and make it a `Recipe`; `file` is for the error."""
    pairs = _pairs(overrides)
    changed = copy.deepcopy(dict(values))
    for key, value in pairs:
        if changed.get("stages") and _makes_stages(key):
            raise InputError(
                "the stages are spelled out, which this key would not reach",
                file=file,
                field=key,
                remedy="put stages=null before it, so that the stages are made anew from the method",
            )
        _assign(changed, key, value)
    try:
        recipe: Recipe = _RECIPE.validate_python(changed)
        if recipe.stages is not None:
            check_stages(recipe, file)
    except ValidationError as failure:
        wrong = _as_input_error(failure, file)
    except InputError as failure:
        wrong = failure
    else:
        return recipe
    if wrong.field in dict(pairs):  # the fault is not the file's
        raise InputError(wrong.problem, field=wrong.field, remedy=wrong.remedy) from None
    raise wrong from None


def _makes_stages(key: str) -> bool:
    """Whether a key says what stages are made of; the rest of `consistency` is read when they are trained."""
    section, _, name = key.partition(".")
    return section in ("method", "setting", "augmentation") or (section == "consistency" and name.startswith("lambda"))


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain lists and dictionaries; `parse_recipe` reads it back."""
    plain: dict[str, Any] = _RECIPE.dump_python(recipe, mode="json")
    return plain


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write the recipe as YAML; `xtune train PATH` repeats the run. Written under a temporary name, then renamed."""
    text = yaml.safe_dump(to_dict(recipe), sort_keys=False, allow_unicode=True, width=100)
    with replacing(path) as temporary:
        temporary.write_text(f"# xtune train {path.name}\n{text}", encoding="utf-8")


def recipe_text(name: str) -> str:
    """The text of a recipe, comments and all, by its name or path.

    Raises:
        InputError: There is no such recipe, or its file cannot be read.
    """
    if name in recipe_names():
        return resources.files("xtune.recipes").joinpath(f"{name}.yaml").read_text("utf-8")
    if Path(name).is_dir():
        remedy = "name its config.yaml" if (Path(name) / "config.yaml").is_file() else "name a recipe or a YAML file"
        raise InputError("this is a folder, not a recipe", file=name, remedy=remedy)
    if not Path(name).is_file() and (name.endswith((".yaml", ".yml")) or "/" in name):
        raise InputError("there is no such recipe file", file=name, remedy="give a path that exists")
    if not Path(name).is_file():
        names = [known for known in recipe_names() if known.startswith(name)] or recipe_names()
        remedy = f"{did_you_mean(name, names)} (`xtune recipes` tells of each)"
        raise InputError(f"there is no recipe '{name}'", remedy=remedy)
    try:
        return Path(name).read_text("utf-8")
    except OSError as failure:
        raise InputError(f"it cannot be read: {failure.strerror}", file=name, remedy="check its permissions") from None
    except UnicodeDecodeError:
        raise InputError("the recipe is not UTF-8", file=name, remedy="save it as UTF-8") from None


def _read(name: str, above: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """The values of a recipe, `include`d recipes merged below its own, and what to call it in an error."""
    text, place = recipe_text(name), f"recipe {name}" if name in recipe_names() else name
    values = mapping_in(text, place)
    if (base := values.pop("include", None)) is not None:
        values = _merge(_included(base, name, place, (*above, name)), values)
    return values, place


def mapping_in(text: str, place: str) -> dict[str, Any]:
    """The keys and values of YAML, as a recipe is read; `place` is for the error.

    Raises:
        InputError: It is not YAML, or no mapping.
    """
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        problem = getattr(failure, "problem", None) or "not YAML"
        raise InputError(problem, file=place, line=mark.line + 1 if mark else None, remedy="mend the YAML") from None
    if not isinstance(values, dict):
        raise InputError("a recipe is a mapping of keys to values", file=place, remedy="see `xtune recipes show NAME`")
    return values


def _included(base: object, name: str, place: str, above: tuple[str, ...]) -> dict[str, Any]:
    """The values of the recipe that another one includes: a shipped one, or a file beside it."""
    beside = Path(os.path.normpath(Path(name).parent / str(base)))
    found = str(beside if base not in recipe_names() and beside.is_file() else base)
    if found in above:
        raise InputError("the recipe includes itself", file=place, field="include", remedy="include another one")
    if found not in recipe_names() and not Path(found).is_file():
        remedy = f"give a path that exists, or a recipe's name; {did_you_mean(found, recipe_names())}"
        raise InputError(f"there is no recipe '{base}'", file=place, field="include", remedy=remedy)
    return _read(found, above)[0]


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
        pairs.append((key, value_of(key, value)))
    return pairs


def value_of(key: str, value: str) -> Any:
    """What a value on the command line stands for: YAML, or text as it is where the key holds text.

    Raises:
        InputError: It is not YAML.
    """
    try:
        return value if _is_text(key, value) else yaml.load(value or "null", Loader=_Loader)
    except yaml.YAMLError as failure:
        problem = f"'{value}' cannot be read: {getattr(failure, 'problem', None) or 'not YAML'}"
        raise InputError(problem, field=key, remedy=f"""put it in quotes: '{key}="…"'""") from None


def _is_text(key: str, value: str) -> bool:
    """Whether a value is taken as it stands, not as YAML: a path may hold `#`, `: ` or nothing but digits."""
    path = key.split(".")
    kind = next((str(item.type) for item in dataclasses.fields(_section_of(path)) if item.name == path[-1]), "")
    return kind.startswith(("str", "Names")) and value not in ("", "null", "~") and value[0] not in "\"'["


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
    said = re.sub(r"a (valid )?dictionary( or an instance of \w+)?", "a mapping of keys to values", error["msg"])
    given = f"{error['input']!r} does not fit: {said[0].lower()}{said[1:]}".replace("input should", "it should")
    return InputError(given, file=file, field=key or None, remedy=f"set {key or 'it'}=… to such a value")


def _keys(path: Sequence[str]) -> list[str]:
    """The keys that the section of `path` knows."""
    return [item.name for item in dataclasses.fields(_section_of(path))]


def _section_of(path: Sequence[str]) -> Any:
    """The section that `path` is a key of."""
    section: Any = Recipe
    hints = {cls.__name__: cls for cls in SECTIONS}
    for part in path[:-1]:
        kind = next((str(item.type) for item in dataclasses.fields(section) if item.name == part), "")
        section = next((cls for name, cls in hints.items() if re.search(rf"\b{name}\b", kind)), section)
    return section
