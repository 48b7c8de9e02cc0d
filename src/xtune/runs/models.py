"""Models and their tokenizers, from a folder or the Hub; whatever is wrong with one is one `InputError`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import huggingface_hub
import transformers
from huggingface_hub import constants

from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.schema import Example, View
from xtune.tasks.task import Task
from xtune.views.encode import Encoder
from xtune.views.read import head_of

UNKNOWN_SHARE = 0.5
"""With more unknown sub-words than this, a tokenizer is not the one that the model was trained with."""

NAME_A_MODEL = "name a run's folder, its model/, or the folder of another checkpoint"


def checkpoint_folder(path: Path) -> Path:
    """The folder of a run's model, or of any other checkpoint.

    Args:
        path: A run's folder, its `model/`, or that of another checkpoint.

    Raises:
        InputError: There is no model in it.
    """
    run = (path / "config.yaml").is_file()
    folder = path / "model" if run else path
    if run and not folder.is_dir():
        remedy = "finish it: the same `xtune train` again resumes"
        raise InputError("the run has no model yet", file=path, field="MODEL", remedy=remedy)
    if not (folder / "config.json").is_file():
        problem = "there is no model in this folder" if folder.is_dir() else "there is no such folder"
        raise InputError(problem, file=folder, field="MODEL", remedy=NAME_A_MODEL)
    return folder


def load_encoder(model: str, max_length: int, **options: int) -> Encoder:
    """The encoder with a model's tokenizer.

    Args:
        model: A folder, or a Hub id.
        max_length: Longest input, in sub-words.
        options: Of `Encoder`, how it looks at longer texts.

    Raises:
        InputError: The tokenizer cannot be had, or takes no texts of `max_length`.
    """
    tokenizer = load_tokenizer(model)
    _check_length(model, max_length, tokenizer.model_max_length)
    return Encoder(tokenizer, max_length, **options)


def load_tokenizer(model: str) -> Any:
    """The tokenizer of a model, a folder or a Hub id.

    Raises:
        InputError: It cannot be had.
    """
    if model == "pocket":
        remedy = "give recipes to xtune.fit as xtune.pocket.furnish(load_recipe(…)) makes them; `xtune train` does so"
        raise InputError("the pocket encoder is in the package, not on the Hub", field="model", remedy=remedy)
    if not Path(model).is_dir():
        use_cache_if_unreachable()
    try:
        return transformers.AutoTokenizer.from_pretrained(model)
    except Exception as failure:  # files, Hub, JSON, tokenizers: the libraries have no common error
        raise refusal(model, "tokenizer", failure) from None


def load_model(task: Task, model: str, **options: Any) -> Any:
    """The pre-trained encoder with a new head, or a checkpoint of this task with its own.

    Args:
        task: With its label space.
        model: A folder, or a Hub id.
        options: Passed on to `from_pretrained`.

    Raises:
        InputError: The model cannot be had, or not with these options.
    """
    try:
        return task.load_model(model, **options)
    except Exception as failure:  # as above
        raise refusal(model, "model", failure, **options) from None


def model_options(recipe: Recipe) -> dict[str, Any]:
    """How a recipe wants its models loaded."""
    return {"attn_implementation": recipe.attn_implementation} if recipe.attn_implementation else {}


def check_model(task: Task, model: str, loaded: Any, encoder: Encoder) -> None:
    """Refuse a model that does not fit its tokenizer, the length of the texts or how words are read.

    Args:
        task: With its label space.
        model: The model's name, for the error.
        loaded: The model itself.
        encoder: With its tokenizer.

    Raises:
        InputError: It does not.
    """
    if task.reading.pooling == "sum":
        head_of(loaded)
    known, rows = len(encoder.tokenizer), loaded.get_input_embeddings().num_embeddings
    if known > rows:
        problem = f"the tokenizer of '{model}' knows {known} sub-words and the model {rows}"
        raise InputError(problem, field="model", remedy="give a folder with a model and its own tokenizer")
    if longest := longest_input(loaded):
        _check_length(model, encoder.max_length, longest)


def longest_input(model: Any) -> int | None:
    """How many sub-words a model has positions for; None where it embeds none."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
            before_first = -1 if module.padding_idx is None else module.padding_idx
            return int(module.num_embeddings - before_first - 1)
    return None


def check_vocabulary(model: str, encoder: Encoder, examples: Iterable[Example], what: str = "training texts") -> None:
    """Refuse a tokenizer to which texts are unknown: without its files transformers makes up an empty one.

    Raises:
        InputError: More than `UNKNOWN_SHARE` of the sub-words are unknown.
    """
    special = set(encoder.tokenizer.all_special_ids) - {encoder.tokenizer.unk_token_id}
    ids = [token for example in examples for token in encoder(View(example)).ids if token not in special]
    unknown = sum(token == encoder.tokenizer.unk_token_id for token in ids)
    if unknown > UNKNOWN_SHARE * len(ids):
        raise InputError(
            f"the tokenizer of '{model}' does not know {100 * unknown / len(ids):.0f} % of the {what}",
            field="model",
            remedy="check that the folder holds its tokenizer.json, and that the model knows the language",
        )


def quiet() -> None:
    """Leave the terminal to xtune: transformers' own progress bars and warnings go."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@cache
def use_cache_if_unreachable(timeout: float = 5.0) -> None:
    """Where the Hub cannot be reached, read its cache at once: asking for each file again takes minutes."""
    if constants.HF_HUB_OFFLINE:
        return
    try:
        huggingface_hub.get_session().head(constants.ENDPOINT, timeout=timeout)
    except Exception:  # network, proxy, certificate: as doctor, whatever keeps us from the Hub
        constants.HF_HUB_OFFLINE = True
        os.environ["HF_HUB_OFFLINE"] = "1"  # for `datasets`, which is imported later


def _check_length(model: str, wanted: int, longest: int) -> None:
    if wanted > longest:
        problem, remedy = f"'{model}' takes {longest} sub-words at most", f"set max_length={longest} or less"
        raise InputError(problem, field="max_length", remedy=remedy)


def refusal(model: str, what: str, failure: Exception, **options: Any) -> InputError:
    """What a library said of a model that it did not load with these options, in one line, and what to do."""
    if isinstance(failure, InputError):
        return failure
    said = next((line.strip() for line in str(failure).splitlines() if line.strip()), type(failure).__name__)
    said = "there is none" if said.endswith(":") else said  # a list of what was looked for
    if options.get("attn_implementation") and ("attn_implementation" in said or "ttention" in said):
        return InputError(
            said.partition(". ")[0], field="attn_implementation", remedy="leave it out, or set attn_implementation=sdpa"
        )
    if "ignore_mismatched_sizes" in said:
        problem = f"'{model}' has a head for other labels than the training set's"
        return InputError(
            problem, field="model", remedy="give the pre-trained encoder, or set data.labels to its labels"
        )
    if Path(model).exists():
        problem, remedy = f"the {what} cannot be loaded: {said}", "give a folder with a whole model and its tokenizer"
        return InputError(problem, file=model, field="model", remedy=remedy)
    return InputError(
        f"there is no folder '{model}', and the Hub does not give its {what}: {said}",
        field="model",
        remedy="check the name; where the Hub cannot be reached (`xtune doctor`), give the folder of a model",
    )
