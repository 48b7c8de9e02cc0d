"""What every stage starts from: the pre-trained model, or the encoder of a finished run (`init_from`).

The latter is intermediate-task training, as Phang et al. (2020), English Intermediate-Task Training Improves Zero-Shot
Cross-Lingual Transfer Too, AACL (X-STILTs).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from torch import Tensor

from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.runs.models import check_model, load_model, model_options, refusal
from xtune.tasks.task import Task
from xtune.training.spectral import output_layer
from xtune.views.encode import Encoder

_REMEDY = "name the folder of a finished run, or its model/"


@dataclass(frozen=True)
class Start:
    """A run's start that fits its recipe.

    Args:
        embedding_scale: Standard deviation of the input embeddings.
        notices: What the user should know.
    """

    embedding_scale: float
    notices: tuple[str, ...] = ()


def load_start(recipe: Recipe, task: Task) -> Any:
    """The model as every stage starts from it, its head new unless it comes from a run with the same labels.

    Args:
        recipe: Resolved.
        task: With its label space.

    Raises:
        InputError: The model cannot be had, or the run's encoder is another one.
    """
    return _load(recipe, task)[0]


def check_start(recipe: Recipe, task: Task, encoder: Encoder) -> Start:
    """Load what a run starts from once and let it go, so that a run whose start is no good leaves nothing behind.

    Raises:
        InputError: It cannot be loaded, or does not fit.
    """
    model, trained = _load(recipe, task)
    check_model(task, recipe.model, model, encoder)
    if any(stage.spectral_norm for stage in recipe.stages or ()):
        output_layer(model)
    notices: tuple[str, ...] = ()
    if recipe.init_from is not None:
        _check_vocabulary(recipe.init_from, encoder)
        kept = _same_labels(model, trained)
        head = "its labels are the same, so its head is kept too" if kept else "its labels are others: the head is new"
        notices = (f"starts from the encoder of {recipe.init_from}; {head}",)
    return Start(float(model.get_input_embeddings().weight.detach().std()), notices)


def _load(recipe: Recipe, task: Task) -> tuple[Any, Any]:
    """The model that stages start from, and that of the run that it comes from, if it does."""
    model = load_model(task, recipe.model, **model_options(recipe))
    trained = None if recipe.init_from is None else _load_trained(recipe.init_from)
    if trained is not None:
        _take_over(model, trained, recipe)
    return model, trained


def _take_over(model: Any, trained: Any, recipe: Recipe) -> None:
    """Give a model the encoder of a trained one, and its head where the labels are the same.

    A pooler that the trained model has no use for stays the pre-trained one.
    """
    _check_architecture(model, trained, recipe)
    whole = _same_labels(model, trained)
    source, target = (trained, model) if whole else (trained.base_model, model.base_model)
    target.load_state_dict(source.state_dict(), strict=False)


def _same_labels(model: Any, trained: Any) -> bool:
    """Whether two models have the same head for the same labels."""
    return type(model) is type(trained) and dict(model.config.id2label) == dict(trained.config.id2label)


def _load_trained(init_from: str) -> Any:
    """The model of a finished run, with its head."""
    folder = _model_folder(init_from)
    try:
        config = transformers.AutoConfig.from_pretrained(folder)
        (name,) = config.architectures
        return getattr(transformers, name).from_pretrained(folder, dtype="float32")
    except Exception as failure:  # as in `xtune.runs.models`
        said = refusal(str(folder), "model", failure)
        raise InputError(said.problem, file=folder, field="init_from", remedy=_REMEDY) from None


def _model_folder(init_from: str) -> Path:
    """The folder of a run's model, once it is known that the run is finished."""
    run = Path(init_from)
    if run.name == "model" and (run.parent / "config.yaml").is_file():
        run = run.parent
    if (run / "config.yaml").is_file() and not (run / "results.json").is_file():
        remedy = "finish it: the same `xtune train` again resumes"
        raise InputError("the run is not finished", file=run, field="init_from", remedy=remedy)
    folder = run / "model" if (run / "config.yaml").is_file() else run
    if not (folder / "config.json").is_file():
        problem = "there is no model in this folder" if folder.is_dir() else "there is no such folder"
        raise InputError(problem, file=folder, field="init_from", remedy=_REMEDY)
    return folder


def _check_architecture(model: Any, trained: Any, recipe: Recipe) -> None:
    """Refuse an encoder of another kind or size than the recipe's."""
    own, other = _shapes(model), _shapes(trained)
    kinds = model.config.model_type, trained.config.model_type
    problem = None
    if kinds[0] != kinds[1]:
        problem = f"the run's encoder is a {kinds[1]}, and '{recipe.model}' a {kinds[0]}"
    elif different := next((name for name in own if name in other and own[name] != other[name]), None):
        problem = f"{different} of the run is {other[different]}, and that of '{recipe.model}' {own[different]}"
    elif different := next((name for name in sorted(own.keys() ^ other.keys()) if "pooler." not in name), None):
        problem = f"only one of the run's encoder and '{recipe.model}' has {different}"
    if problem:
        remedy = "set model=… to the pre-trained encoder that the run started from"
        raise InputError(problem, file=recipe.init_from, field="init_from", remedy=remedy)


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    state: dict[str, Tensor] = model.base_model.state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _check_vocabulary(init_from: str, encoder: Encoder) -> None:
    """Refuse an encoder whose embeddings are of other sub-words."""
    folder = _model_folder(init_from)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    except Exception as failure:  # as in `xtune.runs.models`
        said = refusal(str(folder), "tokenizer", failure)
        raise InputError(said.problem, file=folder, field="init_from", remedy=_REMEDY) from None
    if tokenizer.get_vocab() != encoder.tokenizer.get_vocab():
        problem, remedy = "the run has another tokenizer than the model", "set model=… to what the run started from"
        raise InputError(problem, file=folder, field="init_from", remedy=remedy)
