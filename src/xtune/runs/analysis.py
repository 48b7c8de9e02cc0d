"""Agreement between languages and calibration of a finished run, from its predictions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xtune.errors import InputError
from xtune.evaluation.analysis import BINS, agreement, calibration
from xtune.evaluation.said import Said, read_said
from xtune.runs.generic import kind_of


def analyse_predictions(run: Path, results: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Agreement between languages and calibration, of what a run said of its dev and test sets; no model is loaded.

    Args:
        run: The folder.
        results: What its `results.json` holds.

    Returns:
        `agreement` and `calibration`, by split and language, and notices of what could not be looked at.

    Raises:
        InputError: The run has no predictions with probabilities.
    """
    task, source = str(results["task"]), str(results["source_language"])
    if kind_of(task) == "span":
        problem, remedy = "answers have no probability of being right", "name runs of classification or tagging"
        raise InputError(problem, file=run, field="RUN", remedy=remedy)
    found: dict[str, Any] = {"agreement": {}, "calibration": {"bins": BINS}}
    notices: list[str] = []
    for split in ("dev", "test"):
        lines = _read_predictions(run, split, source)
        gold = {code: [line for line in own if line.gold is not None] for code, own in lines.items()}
        if known := {code: calibration(*_sureness(own)) for code, own in gold.items() if own}:
            found["calibration"][split] = known
        if kind_of(task) == "classification":
            parallel = {code: own for code, own in lines.items() if _are_translations(lines.get(source, ()), own)}
            said = {code: {line.id: line.prediction for line in own} for code, own in parallel.items()}
            found["agreement"] |= {split: agreed} if (agreed := agreement(said, source)) else {}
            if others := sorted(lines.keys() - parallel.keys()):
                notices.append(
                    f"{run}: the {split} sets in {', '.join(others)} are no translations of that in {source}"
                )
    if len(found["calibration"]) == 1:
        remedy = "name a run whose predictions/ are still there, and that had labelled dev or test sets"
        raise InputError("there are no predictions with labels", file=run / "predictions", field="RUN", remedy=remedy)
    return found, notices


def _read_predictions(run: Path, split: str, source: str) -> dict[str, tuple[Said, ...]]:
    """The predictions of a split by language, the source first."""
    paths = (run / "predictions").glob(f"{split}-*.jsonl")
    found = {path.stem.removeprefix(f"{split}-"): read_said(path) for path in sorted(paths)}
    return {code: found[code] for code in sorted(found, key=lambda code: (code != source, code))}


def _sureness(lines: Sequence[Said]) -> tuple[list[float], list[bool]]:
    """The probability of each prediction, and whether it is right; of tags word by word."""
    sure: list[float] = []
    right: list[bool] = []
    for line in lines:
        said, gold, probabilities = line.prediction, line.gold, line.probabilities
        tagged = isinstance(said, list)
        sure += probabilities if tagged else [probabilities[said]]
        right += [a == b for a, b in zip(said, gold, strict=True)] if tagged else [said == gold]
    return sure, right


def _are_translations(source: Sequence[Said], lines: Sequence[Said]) -> bool:
    """Whether the examples that two sets share are annotated alike; sets of other texts may have the same ids."""
    gold = {line.id: line.gold for line in source}
    shared = [line for line in lines if line.id in gold]
    return bool(shared) and all(line.gold == gold[line.id] for line in shared)
