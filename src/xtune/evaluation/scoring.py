"""Folders of predictions and labels to the scores of XTREME's tasks: `xtune score`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xtune.data.files import language_files
from xtune.errors import InputError
from xtune.evaluation.xtreme import GROUPS, TASKS, XtremeTask

NO_PREDICTIONS, NO_LABELS = "no predictions", "no labels"


@dataclass
class Scoring:
    """What was scored, and what was not.

    Args:
        scores: Task to language to metric to percent.
        missing: Task to those of its languages that have no scores, with the reason.
        notices: What else a reader has to know, one sentence each.
    """

    scores: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """What `scores.json` holds; `missing` only where there is something missing."""
        average = {task: _average(languages) for task, languages in self.scores.items()}
        complete = {task: _task_score(TASKS[task], average[task]) for task in average if task not in self.missing}
        summary = {"scores": self.scores, "average": average, "overall": overall(complete)}
        return {**summary, "missing": self.missing} if self.missing else summary


def score_folders(predictions: Path, labels: Path) -> Scoring:
    """Score every task of XTREME that both folders have.

    Args:
        predictions: Folder with `{task}/test-{lang}.tsv` (questions: `.json`), or a task's own.
        labels: Folder of the same layout, or of XTREME's data as its scripts leave it, or a task's own.

    Raises:
        InputError: For what is wrong in a file, or if there is nothing at all to score.
    """
    for folder, name in ((predictions, "PREDICTIONS_DIR"), (labels, "LABELS_DIR")):
        if not folder.is_dir():
            problem = "this is a file, not a folder" if folder.exists() else "there is no such folder"
            raise InputError(problem, file=folder, field=name, remedy="name the folder that holds xnli/, panx/ …")
    scoring = Scoring()
    found = {task: inner for task in TASKS if (inner := _task_folder(predictions, task))}
    if predictions not in found.values():
        scoring.notices += [
            f"{name}: not a task of XTREME that is scored here; skipped" for name in _others(predictions)
        ]
    for task, folder in found.items():
        if inner := _task_folder(labels, task):
            _score_task(scoring, TASKS[task], folder, inner)
        else:
            scoring.missing[task] = dict.fromkeys(TASKS[task].languages, f"{NO_LABELS}, there is no {labels / task}")
    if not scoring.scores:
        _refuse(scoring, predictions)
    return scoring


def overall(scores: Mapping[str, float]) -> dict[str, float]:
    """XTREME's overall scores: the mean over the tasks of a group, and over all nine.

    A task's own score is its mean over languages, of F1 where there is one, else of accuracy; of questions it is the
    mean of F1 and exact match. As in XTREME, a group has a score only if each of its tasks has one; and a task has one
    only if all its languages have, for a mean over fewer would not compare with anything.

    Args:
        scores: Task to its score, of complete tasks.

    >>> overall({"xnli": 80.0, "pawsx": 90.0, "panx": 70.0})
    {'classification': 85.0}
    """
    groups = {"all_task": list(TASKS)}
    groups |= {group: [name for name, task in TASKS.items() if task.group == group] for group in GROUPS}
    return {
        group: _mean(scores[task] for task in tasks) for group, tasks in groups.items() if scores.keys() >= set(tasks)
    }


def _score_task(scoring: Scoring, task: XtremeTask, predictions: Path, labels: Path) -> None:
    predicted = language_files(f"{predictions}/{task.predictions}")
    gold: dict[str, Path] = {}
    for pattern in task.labels:
        gold = {**language_files(f"{labels}/{pattern}"), **gold}
    scores: dict[str, dict[str, float]] = {}
    missing: dict[str, str] = {}
    for language in task.languages:
        if language not in predicted or language not in gold:
            missing[language] = NO_LABELS if language in predicted else NO_PREDICTIONS
            continue
        result = task.score(gold[language], predicted[language], language)
        if not result.scores:
            missing[language] = result.remark
            continue
        scores[language] = result.scores
        if result.remark:
            scoring.notices.append(f"{task.name} {language}: {result.remark}")
    if others := sorted(predicted.keys() - set(task.languages)):
        scoring.notices.append(f"{task.name}: {', '.join(others)} not among XTREME's languages; skipped")
    if scores:
        scoring.scores[task.name] = scores
    if missing:
        scoring.missing[task.name] = missing


def _refuse(scoring: Scoring, predictions: Path) -> None:
    """Say why there is nothing to score."""
    if scoring.missing:
        task, languages = next(iter(scoring.missing.items()))
        reason = next((reason for reason in languages.values() if reason != NO_PREDICTIONS), NO_PREDICTIONS)
        names = f"predictions are called {TASKS[task].predictions}, labels {' or '.join(TASKS[task].labels)}"
        raise InputError(f"nothing can be scored: {task} has {reason}", file=predictions / task, remedy=names)
    remedy = f"name the folder that holds {', '.join(f'{name}/' for name in TASKS)}; a run has it in predictions/"
    raise InputError("there is no task of XTREME in it", file=predictions, field="PREDICTIONS_DIR", remedy=remedy)


def _task_folder(folder: Path, task: str) -> Path | None:
    """The folder of a task: the one of that name in `folder`, or `folder` itself if that is its name."""
    if (folder / task).is_dir():
        return folder / task
    return folder if folder.resolve().name == task else None


def _others(folder: Path) -> list[str]:
    """Folders that are no task's."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    return [name for name in names if name not in TASKS and not name.startswith(".")]


def _task_score(task: XtremeTask, average: Mapping[str, float]) -> float:
    return _mean(average[metric] for metric in task.counts)


def _average(languages: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over the languages, in their order."""
    metrics = next(iter(languages.values()))
    return {metric: _mean(scores[metric] for scores in languages.values()) for metric in metrics}


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
