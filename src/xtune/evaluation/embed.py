"""Texts to sentence embeddings: the mean of a layer's states, as in XTREME and the paper (section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from xtune.evaluation.predict import by_length
from xtune.evaluation.retrieval import Embeddings
from xtune.schema import Example, Text, View
from xtune.views.collate import pad
from xtune.views.encode import EncodedView, Encoder

POOLING = "mean"
"""Over all tokens of a sentence, the special ones included."""


def default_layer(layers: int) -> int:
    """The layer whose states embed best, two thirds up: 8 of 12, the published one; 0 is the input embeddings.

    >>> [default_layer(layers) for layers in (12, 24, 4)]
    [8, 16, 3]
    """
    return round(2 * layers / 3)


def embed(model: Any, encoder: Encoder, texts: Sequence[str], layer: int, batch_size: int = 64) -> Embeddings:
    """The embeddings of texts, in evaluation mode; the model's mode is restored.

    A text that occurs twice is embedded once, so that equal texts are equal in every bit. Others do not depend on
    batch size and order but for rounding.

    Args:
        model: An encoder without head, which can give the states of all its layers.
        encoder: Encodes and pads; longer texts are cut.
        texts: Any.
        layer: Whose states; 0: the input embeddings.
        batch_size: Texts a forward pass.

    Returns:
        `[texts, hidden]`, fp32.
    """
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    views = [encoder(View(Example(str(place), "", (Text.from_string(text),)))) for text, place in places.items()]
    found: list[Embeddings] = [np.empty(0, np.float32)] * len(views)
    training = model.training
    model.eval()
    try:
        for indices in by_length(views, batch_size):
            states = _pooled(model, encoder, [views[index] for index in indices], layer)
            for index, own in zip(indices, states, strict=True):
                found[index] = own
    finally:
        model.train(training)
    return np.stack([found[places[text]] for text in texts])


def _pooled(model: Any, encoder: Encoder, views: Sequence[EncodedView], layer: int) -> Embeddings:
    """The mean over each view's tokens: `[views, hidden]`."""
    inputs = {name: tensor.to(model.device) for name, tensor in pad(encoder.tokenizer, views).items()}
    mask = inputs["attention_mask"].unsqueeze(-1)
    with torch.inference_mode():
        states = model(**inputs, output_hidden_states=True).hidden_states[layer].float()
        mean = states.masked_fill(mask == 0, 0.0).sum(1) / mask.sum(1)
    pooled: Embeddings = mean.cpu().numpy()
    return pooled
