"""Finished runs beside each other, read from their folders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from xtune.errors import InputError
from xtune.languages import LANGUAGES
from xtune.runs.files import read_json


@dataclass(frozen=True)
class Run:
    """A finished run.

    Args:
        folder: Where it is.
        results: What its `results.json` holds.
        recipe: What its `config.yaml` holds.
    """

    folder: Path
    results: Mapping[str, Any]
    recipe: Mapping[str, Any]

    @property
    def method(self) -> str:
        """How it was trained; of a retrieval run, which trains nothing, the layer and pooling; else its folder."""
        if "method" in self.results:
            return str(self.results["method"])
        parts = [f"layer {self.results['layer']}"] * ("layer" in self.results)
        parts += [str(self.results["pooling"])] * ("pooling" in self.results)
        return ", ".join(parts) or self.folder.absolute().name

    @property
    def augmentation(self) -> str:
        """What it was trained with, by the short names, each once; empty where it used none."""
        stages = self.recipe.get("stages")
        used = [each.get("augmentation") for stage in stages or () for each in (stage, stage.get("r1") or {})]
        if stages and not any(used):  # the results name what the recipe has, used or not
            return ""
        return "+".join(dict.fromkeys(filter(None, (self.results.get("augmentation") or {}).values())))

    @property
    def seed(self) -> str:
        """`seed` and the number; empty where nothing was drawn."""
        return f"seed {self.results['seed']}" if "seed" in self.results else ""

    @property
    def source(self) -> str:
        """The language of the training labels; empty where there are none (retrieval)."""
        return str(self.results.get("source_language") or "")

    def without_help(self) -> set[str]:
        """Target languages in which the run's dictionaries and translations have nothing; none if it used neither."""
        given = [codes for codes in (self.results.get("resources") or {}).values() if codes is not None]
        if not given:
            return set()
        targets = {code for scores in self.results["scores"].values() for code in scores}
        return targets - {self.source} - {code for codes in given for code in codes}


def read_run(folder: Path) -> Run:
    """The run that a folder holds.

    Raises:
        InputError: It holds none, or one that is not finished.
    """
    if not (folder / "results.json").is_file():
        problem = "the run is not finished" if (folder / "config.yaml").is_file() else "there is no run in this folder"
        raise InputError(problem, file=folder, remedy="train it: the same `xtune train` again resumes")
    remedy = "remove the file, and the same command writes it anew"
    results = read_json(folder / "results.json", remedy)
    if not isinstance(results, dict) or not {"task", "scores"} <= results.keys():
        raise InputError("these are no results of a run", file=folder / "results.json", remedy=remedy)
    if "method" not in results and not (folder / "config.yaml").is_file():  # `xtune evaluate`, `xtune retrieve`
        return Run(folder, results, {})
    return Run(folder, results, read_yaml(folder / "config.yaml", remedy))


def read_yaml(path: Path, remedy: str) -> dict[str, Any]:
    """The mapping of a YAML file that an earlier command wrote.

    Raises:
        InputError: It cannot be read, or holds something else.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as failure:
        raise InputError(f"it cannot be read: {failure}", file=path, remedy=remedy) from None
    if not isinstance(values, dict):
        raise InputError("it holds no keys", file=path, remedy=remedy)
    return values


@dataclass(frozen=True)
class Comparison:
    """Runs of one task; the first is what the others are compared with.

    Args:
        runs: At least one; all of one task and source language.
        split: The split that is shown: `test` where all have its scores, else `dev`.
        metric: The metric that is shown.
        known_as: What the runs are called, where they have names already.
    """

    runs: Sequence[Run]
    split: str
    metric: str
    known_as: Sequence[str] = ()

    @property
    def task(self) -> str:
        """What was solved."""
        return str(self.runs[0].results["task"])

    @property
    def source(self) -> str:
        """The language of the training labels; empty where there are none."""
        return self.runs[0].source

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What to call each run: its method, and with it as much as tells it from the others."""
        if self.known_as:
            return tuple(self.known_as)
        told_by = (("method",), ("method", "augmentation"), ("method", "seed"), ("method", "augmentation", "seed"))
        for parts in told_by:
            names = tuple(" ".join(filter(None, (getattr(run, part) for part in parts))) for run in self.runs)
            if len(set(names)) == len(names):
                return names
        return tuple(f"{number}: {run.method}" for number, run in enumerate(self.runs, start=1))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Those that a run has a score in: the source, then the others by name, those without help last."""
        codes = {code for run in self.runs for code in run.results["scores"].get(self.split, {})}
        return tuple(sorted(codes, key=lambda code: (code != self.source, code in self.without_help, name_of(code))))

    @cached_property
    def without_help(self) -> frozenset[str]:
        """Languages in which a run's dictionaries and translations have nothing."""
        return frozenset(code for run in self.runs for code in run.without_help())

    @property
    def helped_by(self) -> str:
        """What `without_help` are without: `dictionary`, `translations`, or both."""
        given = {name for run in self.runs for name, codes in (run.results.get("resources") or {}).items() if codes}
        return " or ".join(sorted({"dictionaries": "dictionary"}.get(name, name) for name in given))

    def score(self, run: Run, language: str) -> float | None:
        """A score in percent; None where the run has none."""
        value = run.results["scores"].get(self.split, {}).get(language, {}).get(self.metric)
        return None if value is None else float(value)

    def mean(self, run: Run, languages: Collection[str] | None = None) -> float | None:
        """The plain mean of a run's scores over some languages, or over all; None where one is missing."""
        scores = [self.score(run, code) for code in (self.languages if languages is None else languages)]
        known = [score for score in scores if score is not None]
        return sum(known) / len(known) if known and len(known) == len(scores) else None

    @property
    def targets(self) -> tuple[str, ...]:
        """All languages but the source."""
        return tuple(code for code in self.languages if code != self.source)

    def gap(self, run: Run) -> float | None:
        """The transfer gap: the source's score minus the mean of the others."""
        source = self.score(run, self.source) if self.source in self.languages else None
        others = self.mean(run, self.targets)
        return None if source is None or others is None else source - others

    def summary(self) -> list[tuple[str, list[float | None]]]:
        """What the scores sum up to: a title, and the value of each run in percent."""
        rows = [("average", [self.mean(run) for run in self.runs])]
        if self.source:
            rows.append(("other languages", [self.mean(run, self.targets) for run in self.runs]))
            rows.append(("transfer gap", [self.gap(run) for run in self.runs]))
        return [(title, values) for title, values in rows if any(value is not None for value in values)]


def compare(runs: Sequence[Run], known_as: Sequence[str] = ()) -> Comparison:
    """Put runs beside each other, the first as what the others are compared with.

    Args:
        runs: At least one.
        known_as: A name each, where they have names already.

    Raises:
        InputError: They are not of one task and source language, or have no score in common.
    """
    first, *others = runs
    for key in ("task", "source_language"):
        for other in others:
            here, there = (run.results.get(key, "none") for run in (other, first))
            if here != there:
                problem = f"the runs differ: {here} here, and {there} in {first.folder}"
                raise InputError(problem, file=other.folder, field=key, remedy="compare runs of one task")
    known = dict.fromkeys(("test", "dev", *first.results["scores"]))
    splits = [name for name in known if all(run.results["scores"].get(name) for run in runs)]
    if not splits:
        raise InputError("the runs have no scores of the same split", file=first.folder, remedy="give labelled tests")
    metric = next(iter(next(iter(first.results["scores"][splits[0]].values()))))
    return Comparison(tuple(runs), splits[0], metric, known_as)


def name_of(code: str) -> str:
    """A language's English name, or its code.

    >>> name_of("sw"), name_of("tlh")
    ('Swahili', 'tlh')
    """
    return LANGUAGES[code].name if code in LANGUAGES else code
