"""A trained model on new texts: `xtune evaluate` and `xtune predict`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from xtune.augment.stretches import unspaced_letters
from xtune.config.recipe import DataConfig, Recipe
from xtune.data import Columns, Source, languages_of, load_file, load_pair, load_split, pairs_of
from xtune.data.conll import are_numbers
from xtune.data.formats import has_words
from xtune.errors import InputError, did_you_mean
from xtune.evaluation.predict import predict_outputs
from xtune.evaluation.suite import LanguageResult, evaluate_languages
from xtune.languages import check_language, languages_among
from xtune.runs.files import check_output, check_writable, json_lines, write_text
from xtune.runs.generic import GENERIC_TASKS, kind_of, texts_of
from xtune.runs.kinds import make_task
from xtune.runs.models import NAME_A_MODEL, checkpoint_folder, load_encoder, load_model, quiet
from xtune.runs.results import environment, summarise
from xtune.runs.source import source_of
from xtune.schema import Example, Kind
from xtune.tasks.datasets import datasets
from xtune.tasks.qa import SpanPrediction
from xtune.tasks.tagging import Tags
from xtune.tasks.task import Prediction, Task
from xtune.views.encode import Encoder

LONGEST_WORD = 15
"""Letters of a word in a script without spaces; what is longer is likely to be a text that nobody has split."""

COLUMNS = ("text_columns", "label_column", "language_column")

HEADS: dict[str, Kind] = {
    "SequenceClassification": "classification",
    "TokenClassification": "tagging",
    "QuestionAnswering": "span",
}
"""What the names of models end in that have a head for a kind of task."""

PLAIN: dict[Kind, str] = {"classification": "text-classification", "tagging": "tagging", "span": "span"}
"""The task of a checkpoint that does not say which it is for."""


@dataclass(frozen=True)
class Checkpoint:
    """A model with what belongs to it."""

    path: Path
    model: Any
    encoder: Encoder
    task: Task
    source_language: str
    columns: Mapping[str, Any]
    """What the columns of the training files were called, as in a recipe's `data`."""


def load_checkpoint(path: str, task: str | None = None) -> Checkpoint:
    """Load a model for prediction.

    Args:
        path: A run's folder, its `model/`, or any checkpoint with a head for sequences or tokens.
        task: The task; None: the one that the checkpoint was trained for.

    Raises:
        InputError: There is no checkpoint, it has no such head, or it cannot be loaded.
    """
    quiet()
    folder, config = _read_config(path)
    names = config.architectures or ()
    kind = next((kind for head, kind in HEADS.items() if any(head in name for name in names)), None)
    if kind is None:
        raise InputError(
            f"the checkpoint is a {', '.join(config.architectures or ['bare encoder'])}, which has no labels",
            file=folder,
            field="MODEL",
            remedy="train it first: xtune train text-classification model=…",
        )
    settings = getattr(config, "xtune", None) or {}
    labels = () if kind == "span" else tuple(str(config.id2label[index]) for index in range(config.num_labels))
    name = _known_task(task, labels, kind) or settings.get("task") or PLAIN[kind]
    named = make_task(name, labels, settings.get("pooling", "first"))
    looks = {name: int(settings[name]) for name in ("stride", "question_length") if name in settings}
    encoder = load_encoder(str(folder), int(settings.get("max_length", 384 if kind == "span" else 256)), **looks)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Checkpoint(
        path=folder,
        model=load_model(named, str(folder)).to(device).eval(),
        encoder=encoder,
        task=named,
        source_language=settings.get("source_language", "en"),
        columns={name: settings[name] for name in COLUMNS if settings.get(name)},
    )


def _read_config(path: str) -> tuple[Path, Any]:
    """The folder of a checkpoint, and its configuration."""
    from transformers import AutoConfig

    folder = checkpoint_folder(Path(path))
    try:
        return folder, AutoConfig.from_pretrained(folder)
    except (OSError, ValueError) as failure:
        said = str(failure).partition("\n")[0]
        raise InputError(said, file=folder / "config.json", field="MODEL", remedy=NAME_A_MODEL) from None


def _known_task(task: str | None, labels: tuple[str, ...], kind: Kind) -> str | None:
    """The task that `--task` names, once it is known that the model can be one for it."""
    if task is None:
        return None
    if task not in datasets() and task not in GENERIC_TASKS:
        known = [*GENERIC_TASKS, *datasets()]
        raise InputError(f"there is no task '{task}'", field="--task", remedy=did_you_mean(task, known))
    if kind_of(task) != kind:
        problem = f"{task} is a task of {kind_of(task)}, and the model is one of {kind}"
        raise InputError(problem, field="--task", remedy=f"give a model that was trained for {task}")
    if task in GENERIC_TASKS:
        return task
    if set(labels) != set(datasets()[task].labels):
        problem = f"the model has the labels {', '.join(labels)}, and {task} {', '.join(datasets()[task].labels)}"
        raise InputError(problem, field="--task", remedy=f"give a model that was trained for {task}")
    return task


def evaluate(
    checkpoint: Checkpoint,
    data: DataConfig,
    *,
    split: str = "test",
    batch_size: int = 64,
) -> tuple[dict[str, Any], dict[str, LanguageResult], dict[str, LanguageResult]]:
    """Predict and score a split in all its languages, or in `data.languages`.

    Returns:
        What `results.json` holds, and the predictions by language and by pair of languages.
    """
    source_language = checkpoint.source_language
    recipe = Recipe(task=checkpoint.task.name, model=str(checkpoint.path), data=data, source_language=source_language)
    source = replace(source_of(recipe), labels=checkpoint.task.labels)
    limit, wanted = data.max_test_examples, _wanted_languages(source, split, data.languages)
    pairs_there = pairs_of(source, split, data.languages)

    def evaluate_all(sets: Mapping[str, Iterable[Example]]) -> dict[str, LanguageResult]:
        return evaluate_languages(checkpoint.model, checkpoint.encoder, checkpoint.task, sets, batch_size)

    results = evaluate_all({code: load_split(source, split, code, max_examples=limit) for code in wanted})
    pairs = evaluate_all({pair: load_pair(source, split, pair, max_examples=limit) for pair in pairs_there})
    summary = {
        "schema": 1,
        "xtune": version("xtune"),
        "task": checkpoint.task.name,
        "model": str(checkpoint.path),
        "source_language": checkpoint.source_language,
        **summarise(checkpoint.source_language, {split: results}, {split: pairs} if pairs else None),
        "examples": {split: {code: len(result.examples) for code, result in results.items()}},
        "environment": environment(),
    }
    return summary, results, pairs


def _wanted_languages(source: Source, split: str, asked: Sequence[str] | None) -> list[str]:
    """The languages asked for, or all, once it is known that there are examples in each."""
    there = languages_of(source, split)
    return languages_among(asked or there, there, f"there is no {split} set")


def predict(checkpoint: Checkpoint, examples: Sequence[Example], batch_size: int = 64) -> Iterable[dict[str, Any]]:
    """One line of `xtune predict` for each example: id, language, label or tags or answer, and how sure that is."""
    outputs = predict_outputs(checkpoint.model, checkpoint.encoder, checkpoint.task, examples, batch_size)
    for example, prediction in zip(examples, checkpoint.task.decode(examples, outputs), strict=True):
        yield {
            "id": example.id,
            "language": example.language,
            **_said(example, prediction),
            "n_best" if isinstance(prediction, SpanPrediction) else "probabilities": prediction.probabilities,
        }


def _said(example: Example, prediction: Prediction) -> dict[str, Any]:
    """What a model said of an example, by name."""
    if isinstance(prediction, SpanPrediction):
        return {"answer": prediction.label, "start": prediction.start}
    if not isinstance(prediction, Tags):
        return {"label": prediction.label}
    (text,) = example.texts
    return {"tokens": [text.word(place) for place in range(len(text.words))], "tags": prediction.label}


def check_scores_folder(folder: Path) -> None:
    """Refuse a folder that scores cannot be written to, before anything is loaded for it.

    Raises:
        InputError: It cannot be written, or is a run's, whose own results would be lost.
    """
    if (folder / "config.yaml").is_file():
        remedy = f"name another one, for example {folder / 'scores'}"
        raise InputError("this is a run, which has its own results", file=folder, field="--output-dir", remedy=remedy)
    check_writable(folder)


def predict_file(
    checkpoint: Checkpoint,
    input: Path,
    output: Path,
    *,
    language: str | None = None,
    text_columns: tuple[str, ...] | None = None,
    batch_size: int = 64,
) -> tuple[int, str | None]:
    """Label a file's texts and write a JSON object a line, in the file's order.

    Args:
        checkpoint: The model.
        input: CSV, TSV or JSONL, for tagging also CoNLL columns or a sentence a line; labels are not looked at.
        output: JSONL to write, whole or not at all.
        language: Of a file whose name and columns do not say; None: the source language.
        text_columns: What the columns of the texts are called; None: as in training, else by their usual names.
        batch_size: Texts a forward pass.

    Returns:
        How many there were, and what the user should know of them.

    Raises:
        InputError: For what is wrong with the file, or if the output cannot be written.
    """
    check_output(output, input)
    code = check_language(language, field="--language") if language else checkpoint.source_language
    columns = _columns(checkpoint, text_columns, input)
    name, kind = checkpoint.task.name, checkpoint.task.reading.kind
    examples = list(load_file(input, columns=columns, texts=texts_of(name), language=code, kind=kind))
    if not examples:
        raise InputError("there is no row to predict", file=input, remedy="check the file")
    lines = json_lines(predict(checkpoint, examples, batch_size))
    if PartialState().is_main_process:
        write_text(output, lines)
    return len(examples), _unsplit(examples) if kind == "tagging" else None


def _unsplit(examples: Sequence[Example]) -> str | None:
    """A notice of texts in scripts without spaces that came as one word, which gets one tag."""
    long = [
        (example.id, word)
        for example in examples
        for word in example.texts[0].text.split()
        if len(word) > LONGEST_WORD and unspaced_letters(word) > LONGEST_WORD
    ]
    if not long:
        return None
    (id, first), count = long[0], "one word" if len(long) == 1 else f"{len(long):,} words"
    return (
        f"{count} of more than {LONGEST_WORD} letters in a script without spaces, the first in example {id}: "
        f"{first[:LONGEST_WORD]}…; each has one tag. Texts are split at white space alone: "
        'give words, {"tokens": [word, …]} a line in .jsonl, or a word a line in .conll'
    )


def _columns(checkpoint: Checkpoint, text: tuple[str, ...] | None, input: Path) -> Columns:
    """What a file's columns are called: as said, else as in training, if they had names or numbers there as here."""
    trained = checkpoint.columns.get("text_columns")
    if trained and checkpoint.task.reading.kind == "tagging" and are_numbers(trained) != has_words(input):
        trained = None
    return Columns(
        text=text or (tuple(trained) if trained else None),
        language=checkpoint.columns.get("language_column", "language"),
    )
