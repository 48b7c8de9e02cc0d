"""What a pocket recipe needs and nobody has to give: the packaged encoder, and the benchmark, written at first use."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.pocket.benchmark import PARTS, TASKS, write_benchmark
from xtune.runs.files import check_writable, read_json, write_json

MODEL = "pocket"
"""What a recipe calls the packaged encoder."""

ENCODER = Path(__file__).parent / "encoder"
DATA_SEED = 1
"""Of the benchmark of a recipe that names no data: one for all runs, so that their scores can be compared."""

GENERATOR = (
    *("benchmark", "dictionary", "draw", "grammar", "items", "lexicon", "mono"),
    *("pairs", "phrases", "plan", "words", "writers"),
)
"""The modules that the benchmark is written by."""

_RECORD = "benchmark.json"


def furnish(recipe: Recipe, data_seed: int = DATA_SEED) -> Recipe:
    """Put the packaged encoder and the benchmark where a recipe has `model: pocket` and a pocket task without data.

    The benchmark goes to `cache_folder()`, where all later runs find it.

    Args:
        recipe: Any recipe; one that needs neither is given back as it is.
        data_seed: Of the benchmark.

    Raises:
        InputError: The encoder is not in the package, or the cache cannot be written.

    >>> from xtune.config.load import load_recipe
    >>> furnish(load_recipe("text-classification")) == load_recipe("text-classification")
    True
    """
    if recipe.model == MODEL:
        recipe = replace(recipe, model=str(encoder()))
    if recipe.task in TASKS and recipe.data.dir is None and recipe.data.train is None:
        folder = cache_folder() / f"{recipe.task}-seed{data_seed}-{fingerprint()}"
        data = replace(recipe.data, dir=str(ready(folder, data_seed, (recipe.task,))))
        recipe = replace(recipe, data=data)
    return recipe


def furnish_by_seed(recipe: Recipe) -> Recipe:
    """The same with a benchmark of the recipe's own seed, so that a spread over seeds is one over data as well."""
    return furnish(recipe, recipe.seed)


def sentences(data_seed: int = DATA_SEED) -> Path:
    """The folder of the benchmark's sentences and their translations, which is written there at first use.

    Args:
        data_seed: Of the benchmark.

    Raises:
        InputError: The cache cannot be written.
    """
    return ready(cache_folder() / f"tatoeba-seed{data_seed}-{fingerprint()}", data_seed, ("tatoeba",))


def encoder() -> Path:
    """The folder of the packaged encoder.

    Raises:
        InputError: It is not there, as in a checkout before it is built.
    """
    if not (ENCODER / "model.safetensors").is_file():
        problem = "the pocket encoder is not in the package"
        raise InputError(problem, file=ENCODER, field="model", remedy="build it: xtune pocket build")
    return ENCODER


def cache_folder() -> Path:
    """Where benchmarks go that nobody has named a folder for: `~/.cache/xtune/pocket`, or below `$XDG_CACHE_HOME`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xtune" / "pocket"


def ready(folder: Path, seed: int, parts: Collection[str] = PARTS, *, field: str = "data.dir") -> Path:
    """The folder with the benchmark in it: as it is if it is there, else written under a temporary name and renamed.

    Args:
        folder: Where to.
        seed: Of the benchmark.
        parts: Of the benchmark; see `write_benchmark`.
        field: What an error calls the folder.

    Raises:
        InputError: The folder cannot be written, or holds something else.
    """
    wanted = {"seed": seed, "parts": sorted(parts), "fingerprint": fingerprint()}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        _check(folder, wanted, field)
        return folder
    check_writable(folder, field)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        stats = write_benchmark(Path(scratch) / "new", seed, parts=parts)
        write_json(Path(scratch) / "new" / _RECORD, {**wanted, **asdict(stats)})
        try:
            os.rename(Path(scratch) / "new", folder)
        except OSError:  # another process was faster
            _check(folder, wanted, field)
    return folder


@cache
def fingerprint() -> str:
    """Eight hexadecimal digits that change when the lexicon or the grammar does, and with them the benchmark."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in [*(here / f"{name}.py" for name in GENERATOR), *sorted(here.glob("lexicon/*.tsv"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _check(folder: Path, wanted: dict[str, Any], field: str) -> None:
    """Refuse a folder that holds anything but the benchmark wanted."""
    remedy = "name another folder, or remove this one"
    if not (folder / _RECORD).is_file():
        raise InputError("the folder is there, and holds no benchmark", file=folder, field=field, remedy=remedy)
    there = read_json(folder / _RECORD, remedy)
    if {key: there.get(key) for key in wanted} != wanted:
        what = "another seed" if there.get("seed") != wanted["seed"] else "other tasks or another version of xtune"
        raise InputError(f"the benchmark that is there is of {what}", file=folder, field=field, remedy=remedy)
