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


def write_predictions(folder: Path, said: dict[str, list[tuple[Any, Any]]], split: str = "test") -> None:
    """Predictions of a run: language to gold and prediction of each example, whose ids are 0, 1, …"""
    (folder / "predictions").mkdir(exist_ok=True)
    for code, pairs in said.items():
        rows = [
            {"id": str(number), "gold": gold, "prediction": prediction, "probabilities": {}}
            for number, (gold, prediction) in enumerate(pairs)
        ]
        write_lines(folder / "predictions" / f"{split}-{code}.jsonl", rows)


def labels(right: int, examples: int) -> list[tuple[str, str]]:
    """Gold labels `a` and `b` in turns, and predictions, the first so many of which are right."""
    golds = ["ab"[number % 2] for number in range(examples)]
    return [(gold, gold if number < right else "ba"[number % 2]) for number, gold in enumerate(golds)]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """A file of one JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_log(folder: Path, *stages: str) -> None:
    """A log of ten steps a stage, with R1 in all of them and R2 in the second."""
    rows: list[dict[str, Any]] = []
    for place, stage in enumerate(stages):
        for step in range(1, 11):
            losses = {"task": 1.0 / step, "r1": 0.5, **({"r2": 0.25} if place else {})}
            rows.append({"stage": stage, "step": step, "loss": sum(losses.values()), "learning_rate": 0.1, **losses})
        rows.append({"stage": stage, "step": 10, "eval_selection": 90.0 + place, "eval_en_accuracy": 90.0})
    write_lines(folder / "train_log.jsonl", rows)


def write_study(folder: Path, **other: Any) -> Path:
    """A study of `plain`, `r1` and `xtune` with two augmentations and two seeds, `xtune` with MT the best."""
    means = {
        ("plain", None): 60.0,
        ("r1", "ss"): 62.0,
        ("r1", "mt"): 70.0,
        ("xtune", "ss"): 61.0,
        ("xtune", "mt"): 72.5,
    }
    cells = {}
    for (method, augmentation), mean in means.items():
        cell = {
            "method": method,
            "augmentation": augmentation,
            "setting": "translate-train-all" if augmentation == "mt" else "cross-lingual-transfer",
            "seeds": [1, 2],
            "languages": {"en": {"mean": 90.0, "sd": 0.5}, "de": {"mean": mean, "sd": 1.25}},
            "average": {"mean": (90 + mean) / 2, "sd": 0.8, "interval": [(90 + mean) / 2 - 1, (90 + mean) / 2 + 1]},
            "targets": {"mean": mean, "sd": 1.25, "interval": [mean - 1, mean + 1]},
            "transfer_gap": {"mean": 90 - mean, "sd": 1.25, "interval": [89 - mean, 91 - mean]},
        }
        if method != "plain":
            gain = {"mean": mean - 60, "interval": [mean - 61.5, mean - 58.5], "p": 0.0004 if mean > 65 else 0.25}
            gap = {"mean": 60 - mean, "interval": [58.5 - mean, 61.5 - mean], "p": 0.01}
            cell["difference"] = {"average": gain, "targets": gain, "transfer_gap": gap, "languages": {"de": gain}}
        cells["-".join(filter(None, (method, augmentation)))] = cell
    runs = [
        {"cell": name, "method": cell["method"], "augmentation": cell["augmentation"], "seed": seed}
        | {"run": f"runs/{name}/seed{seed}"}
        for name, cell in cells.items()
        for seed in (1, 2)
    ]
    study = {"schema": 1, "xtune": "0.1.0", "kind": "ablation", "recipe": "pocket-topic", "task": "topic"}
    study |= {"source_language": "en", "split": "test", "metric": "accuracy", "baseline": "plain", "seeds": [1, 2]}
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps({**study, "runs": runs, "cells": cells, **other}), encoding="utf-8")
    (folder / "config.yaml").write_text("recipe: pocket-topic\nmethods: [plain, r1, xtune]\n", encoding="utf-8")
    return folder
