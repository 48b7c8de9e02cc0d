"""Predictions of a model: batched by length, the same at any batch size up to rounding, given back in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from numpy.typing import NDArray

from xtune.schema import Example, View
from xtune.views.collate import pad
from xtune.views.encode import EncodedView, Encoder
from xtune.views.noise import embedding_noise


def predict_logits(model: Any, encoder: Encoder, views: Sequence[EncodedView], batch_size: int) -> NDArray[np.float32]:
    """Logits of encoded views, in evaluation mode; the model's mode is restored.

    Returns:
        `[views, outcomes]`, fp32, in the order of `views`.
    """
    order = sorted(range(len(views)), key=lambda index: (-len(views[index].ids), index))
    training = model.training
    model.eval()
    rows: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(views)
    try:
        for start in range(0, len(order), batch_size):
            indices = order[start : start + batch_size]
            batch = [views[index] for index in indices]
            inputs = {name: tensor.to(model.device) for name, tensor in pad(encoder.tokenizer, batch).items()}
            noise = [view.noise for view in batch]
            with torch.inference_mode(), embedding_noise(model, noise, inputs["attention_mask"]):
                logits = model(**inputs).logits.float().cpu().numpy()
            for index, row in zip(indices, logits, strict=True):
                rows[index] = row
    finally:
        model.train(training)
    return np.stack(rows) if rows else np.empty((0, 0), np.float32)


def predict_probabilities(
    model: Any, encoder: Encoder, examples: Sequence[Example], batch_size: int = 64
) -> NDArray[np.float64]:
    """Probabilities of unaugmented examples: `[examples, outcomes]`, rows that sum to 1.

    Under `torchrun` each process predicts its share and all get the whole, so every process has to call this.
    """
    state = PartialState()
    share = range(state.process_index, len(examples), state.num_processes)
    own = predict_logits(model, encoder, [encoder(View(examples[index])) for index in share], batch_size)
    if state.num_processes > 1:
        rows = dict(gather_object(list(zip(share, own, strict=True))))
        own = np.stack([rows[index] for index in range(len(examples))])
    shifted = np.exp(own.astype(np.float64) - own.max(-1, keepdims=True))
    probabilities: NDArray[np.float64] = shifted / shifted.sum(-1, keepdims=True)
    return probabilities
