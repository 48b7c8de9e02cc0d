"""Our values for a table's cells, from the folders of runs that are finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from xtune.config.load import recipe_names
from xtune.errors import InputError
from xtune.reproduce.figures import Definition, Table
from xtune.reproduce.plans import AVERAGE, BY_LANGUAGE, Cell
from xtune.reproduce.variants import Planned, Variant, variant
from xtune.runs.files import read_json
from xtune.tasks.datasets import dataset

Results = Mapping[str, Any]
"""What a run's `results.json` holds, its `folder`, and what `retrieval` with its model found, by task."""

Found = Mapping[Variant, Mapping[int, Results]]
"""Finished runs by variant and seed."""

RETRIEVAL = {"Tatoeba": ("tatoeba", "accuracy"), "BUCC": ("bucc2018", "f1")}
"""The columns of table 5: the task of `xtune retrieve`, and its metric."""

REMEDY = "remove the folder, and the same command makes the run anew"


@dataclass(frozen=True)
class Value:
    """Our value of a cell.

    Args:
        numbers: In percent: one, or F1 and exact match.
        seeds: The seeds that it is made of.
        remarks: What a reader has to know.
    """

    numbers: tuple[float, ...]
    seeds: tuple[int, ...]
    remarks: tuple[str, ...] = field(default=())


def find(planned: Sequence[Planned], output: Path) -> Found:
    """The finished runs among the planned ones: in their own folders, or where a study's `study.json` says.

    Raises:
        InputError: A file of a finished run cannot be read.
    """
    studied = dict(_studied(output))
    found: dict[Variant, dict[int, Results]] = {}
    for run in planned:
        places = [run.folder(output), studied.get((run.variant.folder.as_posix(), run.seed))]
        there = next((place for place in places if place and (place / "results.json").is_file()), None)
        if there is not None:
            results = read_json(there / "results.json", REMEDY)
            beside = {"folder": there.as_posix(), "retrieval": retrieved(there / "retrieval")}
            found.setdefault(run.variant, {})[run.seed] = {**results, **beside}
    return found


def missing(planned: Sequence[Planned], found: Found) -> dict[Variant, tuple[int, ...]]:
    """The seeds of each variant that there is no finished run of."""
    absent: dict[Variant, tuple[int, ...]] = {}
    for run in planned:
        if run.seed not in found.get(run.variant, {}):
            absent[run.variant] = (*absent.get(run.variant, ()), run.seed)
    return absent


def ours(shown: Table, cell: Cell, found: Found) -> dict[str, Value]:
    """Our values of a cell's columns; none where no run is finished.

    Returns:
        By language, and the average, in a table by language; by task in table 5; else by the cell's column.
    """
    runs = found.get(cell.variant, {})
    if shown.name == "table5":
        return _retrieved_values(runs)
    chosen = _chosen(runs, shown.definition)
    if not chosen:
        return {}
    task = str(next(iter(chosen.values()))["task"])
    metrics, remarks = metrics_of(task), _remarks(task, chosen, shown.definition)
    if shown.definition == "gap":
        metrics = ("mean",) if dataset(task).kind == "span" else metrics
        return _value(cell.column, [run["transfer_gap"] for run in chosen.values()], metrics, chosen, remarks)
    averages = [run["average"]["test"] for run in chosen.values()]
    if shown.name not in BY_LANGUAGE:
        return _value(cell.column, averages, metrics, chosen, remarks)
    values = _value(AVERAGE, averages, metrics, chosen, remarks)
    scores = [run["scores"]["test"] for run in chosen.values()]
    for code in [code for code in dataset(task).languages if all(code in languages for languages in scores)]:
        values |= _value(code, [languages[code] for languages in scores], metrics, chosen, remarks)
    return values


def overall(values: Sequence[Value | None]) -> Value | None:
    """The plain mean of some cells, F1 and exact match averaged first; None where one is missing.

    >>> overall([Value((80.0,), (1,)), Value((70.0, 50.0), (1,))]).numbers
    (70.0,)
    """
    there = [value for value in values if value is not None]
    if not there or len(there) < len(values):
        return None
    seeds = tuple(sorted({seed for value in there for seed in value.seeds}))
    return Value((fmean(fmean(value.numbers) for value in there),), seeds)


def metrics_of(task: str) -> tuple[str, ...]:
    """The metrics that the paper prints of a task.

    >>> metrics_of("mlqa"), metrics_of("udpos")
    (('f1', 'exact_match'), ('f1',))
    """
    row = dataset(task)
    return ("f1", "exact_match") if row.kind == "span" else row.metrics[:1]


def _value(
    column: str,
    scores: Sequence[Mapping[str, float]],
    metrics: Sequence[str],
    runs: Mapping[int, Results],
    remarks: tuple[str, ...],
) -> dict[str, Value]:
    """The mean of some runs; of one run its score."""
    numbers = tuple(fmean(score[metric] for score in scores) for metric in metrics)
    return {column: Value(numbers, tuple(runs), remarks)}


def _chosen(runs: Mapping[int, Results], definition: Definition) -> dict[int, Results]:
    """The runs that a cell is made of: all with test scores, or the one that is best on dev."""
    scored = {seed: run for seed, run in sorted(runs.items()) if run["average"].get("test")}
    if definition != "best":
        return scored
    on_dev = {seed: score for seed, run in scored.items() if (score := _on_dev(run)) is not None}
    if not on_dev:
        return {}
    best = max(on_dev, key=lambda seed: on_dev[seed])
    return {best: scored[best]}


def _on_dev(run: Results) -> float | None:
    """The mean over the dev sets of what checkpoints were selected by; None without dev sets."""
    score = run["average"].get("dev", {}).get(run["selection"]["metric"])
    return None if score is None else float(score)


def _remarks(task: str, runs: Mapping[int, Results], definition: Definition) -> tuple[str, ...]:
    """What tells the runs from the paper's."""
    languages = dataset(task).languages
    least = min(len(run["scores"]["test"]) for run in runs.values())
    remarks = [f"{task}: {least} of {len(languages)} languages"] if least < len(languages) else []
    if definition == "best":
        remarks.append(f"seed {next(iter(runs))} is the best on dev")
    return tuple(remarks)


def retrieved(folder: Path) -> dict[str, Results]:
    """What was found with a model, by task; a task's results are in a folder of its own."""
    places = {task: folder / task / "results.json" for task, _ in RETRIEVAL.values()}
    return {task: read_json(place, REMEDY) for task, place in places.items() if place.is_file()}


def _retrieved_values(runs: Mapping[int, Results]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for column, (task, metric) in RETRIEVAL.items():
        there = {seed: run["retrieval"][task] for seed, run in sorted(runs.items()) if task in run["retrieval"]}
        for split in ("test", "dev"):  # BUCC's test has no labels in XTREME's files
            scored = {seed: found["average"][split] for seed, found in there.items() if found["average"].get(split)}
            if scored:
                remarks = [] if split == "test" else [f"{column}: dev, on which the threshold was tuned too"]
                least, of = min((len(run["scores"][split]), len(run["examples"][split])) for run in there.values())
                remarks += [f"{column}: {least} of {of} languages"] if least < of else []
                values |= _value(column, list(scored.values()), (metric,), scored, tuple(remarks))
                break
    return values


def _studied(output: Path) -> Iterator[tuple[tuple[str, int], Path]]:
    """Where the runs of the studies below a folder are: by the folder of their variant, and the seed."""
    for study in sorted(output.glob("*/study.json")):
        values = read_json(study, "remove it, and the same `xtune ablate` writes it anew")
        if not isinstance(values, dict) or not isinstance(values.get("runs"), list):
            raise InputError("this is no study", file=study, remedy="remove it, or name another --output-dir")
        for run in values["runs"]:
            folder = _folder_of(run)
            if folder is not None:
                yield (folder, run["seed"]), study.parent / run["run"]


def _folder_of(run: Mapping[str, Any]) -> str | None:
    """What the folder of a study's run is called here; None for the user's own recipe, or a cell with other keys."""
    if run["recipe"] not in recipe_names():
        return None
    recipe, method, augmentation = run["recipe"], run["method"], run.get("augmentation")
    translated = run["setting"] == "translate-train-all" and "-translate-" not in recipe
    ending = "-mt" if translated else ""
    if run["cell"] not in (f"{method}{ending}", f"{method}-{augmentation}{ending}"):
        return None
    same = variant(recipe, method, None if translated else augmentation)
    return (same.folder.parent / f"{same.cell}{ending}").as_posix()
