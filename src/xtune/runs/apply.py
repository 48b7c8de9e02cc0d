"""A trained model on new texts: `xtune evaluate` and `xtune predict`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from xtune.config.recipe import DataConfig, Recipe
from xtune.data import Columns, languages_of, load_file, load_split
from xtune.errors import InputError, did_you_mean
from xtune.evaluation.predict import predict_probabilities
from xtune.evaluation.suite import LanguageResult, evaluate_language
from xtune.languages import check_language
from xtune.runs.files import json_lines, write_text
from xtune.runs.prepare import load_encoder, source_of, texts_of
from xtune.runs.results import environment, summarise
from xtune.schema import Example
from xtune.tasks.classification import Classification
from xtune.views.encode import Encoder


@dataclass(frozen=True)
class Checkpoint:
    """A model with what belongs to it."""

    path: Path
    model: Any
    encoder: Encoder
    task: Classification
    source_language: str
    text_columns: tuple[str, ...] | None


def load_checkpoint(path: str, task: str | None = None) -> Checkpoint:
    """Load a model for prediction.

    Args:
        path: A run's folder, its `model/`, or any sequence-classification checkpoint.
        task: The task; None: the one that the checkpoint was trained for.

    Raises:
        InputError: There is no checkpoint, or it has no classification head.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    folder = Path(path) / "model" if (Path(path) / "config.yaml").is_file() else Path(path)
    if not (folder / "config.json").is_file():
        problem = "the run has no model yet" if folder.name == "model" else "there is no model here"
        raise InputError(problem, file=folder, field="MODEL", remedy="name a run's folder, or its model/")
    config = AutoConfig.from_pretrained(folder)
    if not any("SequenceClassification" in name for name in config.architectures or ()):
        raise InputError(
            f"the checkpoint is a {', '.join(config.architectures or ['bare encoder'])}, which has no labels",
            file=folder,
            field="MODEL",
            remedy="train it first: xtune train text-classification model=…",
        )
    settings = getattr(config, "xtune", None) or {}
    labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
    columns = settings.get("text_columns")
    encoder = load_encoder(str(folder), int(settings.get("max_length", 256)))
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Checkpoint(
        path=folder,
        model=model.to(device).eval(),
        encoder=encoder,
        task=Classification(task or settings.get("task") or "text-classification", labels),
        source_language=settings.get("source_language", "en"),
        text_columns=tuple(columns) if columns else None,
    )


def evaluate(
    checkpoint: Checkpoint,
    data: DataConfig,
    *,
    split: str = "test",
    batch_size: int = 64,
) -> tuple[dict[str, Any], dict[str, dict[str, LanguageResult]]]:
    """Predict and score a split in all its languages, or in `data.languages`.

    Returns:
        What `results.json` holds, and the predictions by split and language.
    """
    recipe = Recipe(task=checkpoint.task.name, model=str(checkpoint.path), data=data)
    source = source_of(recipe)
    there = languages_of(source, split)
    wanted = [check_language(code, field="--languages") for code in data.languages or there]
    for code in wanted:
        if code not in there:
            raise InputError(
                f"there is no {split} set in '{code}'", field="--languages", remedy=did_you_mean(code, there)
            )
    limit = data.max_test_examples
    results = {
        code: evaluate_language(
            checkpoint.model,
            checkpoint.encoder,
            checkpoint.task,
            _known(list(load_split(source, split, code, max_examples=limit)), checkpoint),
            batch_size,
        )
        for code in wanted
    }
    summary = {
        "schema": 1,
        "xtune": version("xtune"),
        "task": checkpoint.task.name,
        "model": str(checkpoint.path),
        "source_language": checkpoint.source_language,
        **summarise(checkpoint.source_language, {split: results}),
        "examples": {split: {code: len(result.examples) for code, result in results.items()}},
        "environment": environment(),
    }
    return summary, {split: results}


def predict(checkpoint: Checkpoint, examples: Sequence[Example], batch_size: int = 64) -> Iterable[dict[str, Any]]:
    """One line of `xtune predict` for each example: id, language, label, probabilities."""
    probabilities = predict_probabilities(checkpoint.model, checkpoint.encoder, examples, batch_size)
    for example, prediction in zip(examples, checkpoint.task.decode(probabilities), strict=True):
        yield {
            "id": example.id,
            "language": example.language,
            "label": prediction.label,
            "probabilities": prediction.probabilities,
        }


def _known(examples: list[Example], checkpoint: Checkpoint) -> list[Example]:
    """The examples, once their labels are known to be the checkpoint's."""
    for example in examples:
        if example.target is not None:
            checkpoint.task.target(example)
    return examples


def predict_file(
    checkpoint: Checkpoint,
    input: Path,
    output: Path,
    *,
    language: str | None = None,
    text_columns: tuple[str, ...] | None = None,
    batch_size: int = 64,
) -> int:
    """Label a file's texts and write a JSON object a line, in the file's order.

    Args:
        checkpoint: The model.
        input: CSV, TSV or JSONL; labels are not looked at.
        output: JSONL to write, whole or not at all.
        language: Of a file whose name and columns do not say; None: the source language.
        text_columns: What the columns of the texts are called; None: as in training, else by their usual names.
        batch_size: Texts a forward pass.

    Returns:
        How many there were.

    Raises:
        InputError: For what is wrong with the file, or if the output cannot be written.
    """
    if not output.absolute().parent.is_dir():
        raise InputError("its folder does not exist", file=output, field="--output", remedy="make the folder first")
    columns = Columns(text=text_columns or checkpoint.text_columns)
    examples = list(
        load_file(
            input,
            columns=columns,
            texts=texts_of(checkpoint.task.name),
            language=language or checkpoint.source_language,
        )
    )
    if not examples:
        raise InputError("there is no row to predict", file=input, remedy="check the file")
    write_text(output, json_lines(predict(checkpoint, examples, batch_size)))
    return len(examples)
