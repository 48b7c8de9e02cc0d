"""What a run leaves: predictions in XTREME's layout and with probabilities, and `results.json`."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from xtune.config.recipe import AugmentationConfig, Recipe
from xtune.evaluation.suite import LanguageResult, Scores, average, transfer_gap
from xtune.runs.files import json_lines, write_json, write_text
from xtune.runs.generic import kind_of
from xtune.runs.resolve import metrics_of
from xtune.runs.stage import StageResult
from xtune.schema import Answer, Kind

SplitResults = Mapping[str, Mapping[str, LanguageResult]]
"""Split to language, or to a pair of languages, to what the model said."""


def write_predictions(folder: Path, task: str, results: SplitResults, pairs: SplitResults | None = None) -> None:
    """Write `{task}/{split}-{lang}.tsv` or `.json` as XTREME wants them submitted, and `{split}-{lang}.jsonl`.

    The former has a label a line, or a tag a line and an empty one after each sentence, or all answers by their ids.
    Pairs (`en-de`: context and question) have files of their own, which no evaluator takes for a language's.
    """
    (folder / task).mkdir(parents=True, exist_ok=True)
    for split, languages in results.items():
        for language, result in {**languages, **(pairs or {}).get(split, {})}.items():
            _write_submission(folder / task / f"{split}-{language}", kind_of(task), result)
            lines = [
                {
                    "id": example.id,
                    "gold": asdict(example.target) if isinstance(example.target, Answer) else example.target,
                    "prediction": prediction.label,
                    "probabilities": prediction.probabilities,
                }
                for example, prediction in zip(result.examples, result.predictions, strict=True)
            ]
            write_text(folder / f"{split}-{language}.jsonl", json_lines(lines))


def _write_submission(path: Path, kind: Kind, result: LanguageResult) -> None:
    if kind == "span":
        pairs = zip(result.examples, result.predictions, strict=True)
        write_json(path.with_name(f"{path.name}.json"), {example.id: answer.label for example, answer in pairs})
    else:
        labels = "".join(_submitted(prediction.label) for prediction in result.predictions)
        write_text(path.with_name(f"{path.name}.tsv"), labels)


def _submitted(label: str | tuple[str, ...]) -> str:
    return f"{label}\n" if isinstance(label, str) else "".join(f"{tag}\n" for tag in (*label, ""))


def summarise(source_language: str, results: SplitResults, pairs: SplitResults | None = None) -> dict[str, Any]:
    """The scores of a model and what they sum up to; splits and languages without annotation have none.

    Args:
        source_language: Of the labels.
        results: By language.
        pairs: By `context-question`, of questions in another language than their context.
    """
    scores: dict[str, Scores] = {
        split: {language: result.scores for language, result in languages.items() if result.scores}
        for split, languages in results.items()
    }
    gap_split = next((split for split in ("test", "dev") if scores.get(split)), None)
    return {
        "scores": scores,
        "pairs": {
            split: {name: result.scores for name, result in (pairs or {}).get(split, {}).items()}
            for split in dict.fromkeys([*(split for split in scores if split != "dev"), *(pairs or {})])
        },
        "average": {split: average(languages) for split, languages in scores.items() if languages},
        "transfer_gap": transfer_gap(scores[gap_split], source_language) if gap_split else {},
        "transfer_gap_split": gap_split,
    }


def build_results(
    recipe: Recipe,
    results: SplitResults,
    stages: Mapping[str, StageResult],
    train_examples: int,
    pairs: SplitResults | None = None,
) -> dict[str, Any]:
    """What `results.json` of a run holds; scores in percent."""
    augmentation = recipe.augmentation if isinstance(recipe.augmentation, AugmentationConfig) else None
    seconds = sum(stage.seconds for stage in stages.values())
    seen = sum(stage.examples for stage in stages.values())
    return {
        "schema": 1,
        "xtune": version("xtune"),
        "task": recipe.task,
        "setting": recipe.setting,
        "method": recipe.method,
        "model": recipe.model,
        **({"init_from": recipe.init_from} if recipe.init_from else {}),
        "seed": recipe.seed,
        "source_language": recipe.source_language,
        "augmentation": {
            slot: getattr(augmentation, slot) if augmentation else None for slot in ("stage1", "data", "consistency")
        },
        "selection": {
            "by": recipe.selection.by,
            "metric": recipe.selection.metric or metrics_of(recipe.task, recipe.data.labels or ())[0],
            **{f"{name}_step": stage.selected_step for name, stage in stages.items()},
        },
        **summarise(recipe.source_language, results, pairs),
        "examples": {"train": train_examples, **_counts(results)},
        "timing": {
            "train_seconds": round(seconds, 1),
            "examples_per_second": round(seen / seconds, 1) if seconds else 0.0,
        },
        "environment": environment(),
    }


def environment() -> dict[str, Any]:
    """Versions and the machine, for whoever compares two runs."""
    cuda = torch.cuda.is_available()
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "git": _git(),
        "device": torch.cuda.get_device_name() if cuda else platform.machine() + " cpu",
        "threads": torch.get_num_threads(),
    }


def _counts(results: SplitResults) -> dict[str, dict[str, int]]:
    return {
        split: {language: len(result.examples) for language, result in languages.items()}
        for split, languages in results.items()
    }


def _git() -> str | None:
    """The commit of xtune where it runs from a checkout."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():  # installed, maybe below somebody else's repository
        return None
    command = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
