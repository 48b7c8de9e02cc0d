"""An encoder without its head, from a run, another checkpoint or the Hub: what embeds sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from xtune.errors import InputError
from xtune.evaluation.embed import default_layer
from xtune.runs.models import load_tokenizer, longest_input, quiet, refusal
from xtune.views.encode import Encoder

LONGEST = 512
"""Sub-words of a sentence, as in XTREME's scripts."""


@dataclass(frozen=True)
class Bare:
    """An encoder.

    Args:
        name: Its folder, or its id on the Hub.
        model: On the device, in evaluation mode.
        encoder: With its tokenizer.
        layers: How many it has.
        layer: The one whose states embed; 0: the input embeddings.
    """

    name: str
    model: Any
    encoder: Encoder
    layers: int
    layer: int


def load_bare(model: str, layer: int | None = None) -> Bare:
    """Load a model for embedding.

    Args:
        model: A run's folder, its `model/`, the folder of any other checkpoint, with a head or without, or a Hub id.
        layer: Whose states embed; None: `default_layer`.

    Raises:
        InputError: It cannot be had, or has no such layer.
    """
    quiet()
    name = _folder(model)
    tokenizer = load_tokenizer(name)
    try:
        loaded = AutoModel.from_pretrained(name, dtype=torch.float32)
    except Exception as failure:  # files, Hub, JSON: the libraries have no common error
        raise refusal(name, "model", failure) from None
    layers = int(loaded.config.num_hidden_layers)
    if layer is not None and not 0 <= layer <= layers:
        remedy = f"name one of 0 (the input embeddings) to {layers}; leave it out for {default_layer(layers)}"
        raise InputError(f"the model has no layer {layer}", field="--layer", remedy=remedy)
    longest = min(LONGEST, tokenizer.model_max_length, longest_input(loaded) or LONGEST)
    return Bare(
        name=name,
        model=loaded.to("cuda" if torch.cuda.is_available() else "cpu").eval(),
        encoder=Encoder(tokenizer, longest),
        layers=layers,
        layer=default_layer(layers) if layer is None else layer,
    )


def _folder(model: str) -> str:
    """The folder of a run's model; any other name as it is.

    Raises:
        InputError: The folder holds no model.
    """
    path = Path(model)
    run = (path / "config.yaml").is_file()
    folder = path / "model" if run else path
    if run and not folder.is_dir():
        remedy = "finish it: the same `xtune train` again resumes"
        raise InputError("the run has no model yet", file=path, field="MODEL", remedy=remedy)
    if path.is_dir() and not (folder / "config.json").is_file():
        remedy = "name a run's folder, its model/, the folder of another checkpoint, or a Hub id"
        raise InputError("there is no model in this folder", file=folder, field="MODEL", remedy=remedy)
    return str(folder)
