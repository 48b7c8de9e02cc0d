"""An encoder without its head, from a run, another checkpoint or the Hub: what embeds sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from xtune.errors import InputError
from xtune.evaluation.embed import default_layer
from xtune.runs.models import checkpoint_folder, load_tokenizer, longest_input, quiet, refusal
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
    name = str(checkpoint_folder(Path(model))) if Path(model).is_dir() else model  # else an id on the Hub
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
