"""Folders of finished runs, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

PLAIN = {"en": 94.0, "de": 60.0, "ja": 30.0, "sw": 40.0}
XTUNE = {"en": 93.0, "de": 85.0, "ja": 70.5, "sw": 52.0}

STAGES: dict[str, list[dict[str, Any]]] = {
    "plain": [{"name": "stage1", "augmentation": None, "r1": None, "r2": None}],
    "xtune": [
        {"name": "stage1", "augmentation": None, "r1": {"augmentation": "cs", "weight": 2.0}, "r2": None},
        {
            "name": "stage2",
            "augmentation": "cs",
            "r1": {"augmentation": "cs", "weight": 2.0},
            "r2": {"teacher": "stage1", "weight": 1.5},
        },
    ],
}


def results(method: str, accuracies: dict[str, float], **other: Any) -> dict[str, Any]:
    """What `results.json` of a run on `topic` holds, with these accuracies on its test sets."""
    targets = [score for code, score in accuracies.items() if code != "en"]
    return {
        "schema": 1,
        "xtune": "0.1.0",
        "task": "topic",
        "setting": "cross-lingual-transfer",
        "method": method,
        "model": "/somewhere/xtune/pocket/encoder",
        "seed": 1,
        "source_language": "en",
        "selection": {"by": "source-dev", "metric": "accuracy", "stage1_step": 250},
        "scores": {"dev": {}, "test": {code: {"accuracy": score} for code, score in accuracies.items()}},
        "average": {"test": {"accuracy": sum(accuracies.values()) / len(accuracies)}},
        "transfer_gap": {"accuracy": accuracies["en"] - sum(targets) / len(targets)},
        "transfer_gap_split": "test",
        "examples": {"train": 1000, "dev": {}, "test": dict.fromkeys(accuracies, 300)},
        "timing": {"train_seconds": 12.4, "examples_per_second": 640.0},
        "resources": {"dictionaries": ["de", "ja"] if method == "xtune" else None, "translations": None},
        "environment": {"python": "3.11.2", "torch": "2.13.0", "transformers": "5.23.0", "git": None}
        | {"device": "x86_64 cpu", "threads": 1},
        **other,
    }


def write_run(folder: Path, values: dict[str, Any], **recipe: Any) -> Path:
    """A run's folder with `results.json` and `config.yaml`."""
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(values), encoding="utf-8")
    stages = STAGES.get(values["method"], [])
    config = {"task": values["task"], "stages": stages, "train": {"learning_rate": 0.001, "num_train_epochs": 8}}
    (folder / "config.yaml").write_text(yaml.safe_dump({**config, **recipe}), encoding="utf-8")
    return folder


def two_runs(folder: Path) -> list[Path]:
    """`plain` and `xtune`, which has dictionaries for German and Japanese and none for Swahili."""
    return [
        write_run(folder / method, results(method, scores)) for method, scores in (("plain", PLAIN), ("xtune", XTUNE))
    ]
