"""Predictions of a model: batched by length, the same at any batch size up to rounding, given back in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from numpy.typing import NDArray

from xtune.evaluation.stitch import look, stitch
from xtune.schema import Example
from xtune.tasks.task import Reading, Task
from xtune.views.collate import pad, shifts
from xtune.views.correspond import Site, sites
from xtune.views.encode import EncodedView, Encoder
from xtune.views.noise import embedding_noise
from xtune.views.read import places, site_logits


def by_length(views: Sequence[EncodedView], batch_size: int) -> list[list[int]]:
    """Batches of views of like length, the longest first, so that little is padded and a lack of memory shows at once.

    Args:
        views: All of them.
        batch_size: How many a forward pass sees; the last batch may have fewer.

    Returns:
        Places of views, each in one batch.
    """
    order = sorted(range(len(views)), key=lambda index: -len(views[index].ids))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def predict_logits(
    model: Any,
    encoder: Encoder,
    reading: Reading,
    rows: Sequence[tuple[EncodedView, Sequence[Site]]],
    batch_size: int,
) -> list[NDArray[np.float32]]:
    """Logits at the sites of encoded views, in evaluation mode; the model's mode is restored.

    Args:
        model: With the task's head.
        encoder: Pads.
        reading: How the task's sites are read.
        rows: Each a view and its sites.
        batch_size: Views a forward pass.

    Returns:
        `[sites, outcomes]` a view, fp32, in the order given; of span extraction the outcomes are the view's positions.
    """
    training = model.training
    model.eval()
    found: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(rows)
    try:
        for indices in by_length([view for view, _ in rows], batch_size):
            logits = _batch_logits(model, encoder, reading, [rows[index] for index in indices])
            for index, own in zip(indices, logits, strict=True):
                found[index] = own
    finally:
        model.train(training)
    return found


def _batch_logits(
    model: Any, encoder: Encoder, reading: Reading, rows: Sequence[tuple[EncodedView, Sequence[Site]]]
) -> list[NDArray[np.float32]]:
    views = [view for view, _ in rows]
    inputs = {name: tensor.to(model.device) for name, tensor in pad(encoder.tokenizer, views).items()}
    mask, width = inputs["attention_mask"], inputs["input_ids"].shape[1]
    moves = shifts(encoder.tokenizer, views, width)
    where = places(reading, [(row, site) for row, (_, own) in enumerate(rows) for site in own], moves)
    with torch.inference_mode(), embedding_noise(model, [view.noise for view in views], mask):
        outputs = model(**inputs)
        logits = site_logits(reading, model, outputs, mask, where.to(model.device)).float().cpu().numpy()
    bounds = np.cumsum([len(own) for _, own in rows])[:-1]
    split = np.split(logits, bounds)
    if reading.kind != "span":
        return split
    return [own[:, at : at + len(view.ids)] for own, view, at in zip(split, views, moves, strict=True)]


def predict_outputs(
    model: Any, encoder: Encoder, task: Task, examples: Sequence[Example], batch_size: int = 64
) -> list[Any]:
    """What a task's `decode` takes of each unaugmented example.

    That is, of classification probabilities `[1, outcomes]`; of tagging `[words, outcomes]`, each word's from the
    window with the most context for it; of span extraction the windows of the context.

    Under `torchrun` each process predicts its share and all get the whole, so every process has to call this.
    """
    state = PartialState()
    share = range(state.process_index, len(examples), state.num_processes)
    seen = [look(task.reading, encoder, examples[index]) for index in share]
    rows = [(sight.encoded, sites(task.reading, sight)) for sights in seen for sight in sights]
    logits = iter(predict_logits(model, encoder, task.reading, rows, batch_size))
    own = [stitch(task.reading, sights, [next(logits) for _ in sights]) for sights in seen]
    if state.num_processes > 1:
        gathered = dict(gather_object(list(zip(share, own, strict=True))))
        return [gathered[index] for index in range(len(examples))]
    return own
