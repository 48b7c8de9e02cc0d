"""An example's windows to one output, as the task decodes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xtune.schema import Example, View
from xtune.tasks.qa import SpanWindow
from xtune.tasks.task import Reading
from xtune.views.correspond import Sight
from xtune.views.encode import Encoder
from xtune.views.windows import windows


def look(reading: Reading, encoder: Encoder, example: Example) -> list[Sight]:
    """All that a model has to see of an unaugmented example."""
    view = View(example)
    if reading.kind == "classification":
        return [Sight(view, encoder(view))]
    return [Sight(view, encoder(view, (window.start, window.end)), window) for window in windows(encoder, example)]


def stitch(reading: Reading, sights: Sequence[Sight], logits: Sequence[NDArray[np.float32]]) -> Any:
    """What the model said of an example, in one piece.

    Args:
        reading: Of the task.
        sights: The example's windows, which answer for one part of it each.
        logits: At the sites of each: `[sites, outcomes]`.

    Returns:
        Probabilities `[sites, outcomes]`, fp64; of span extraction a `SpanWindow` a window.
    """
    if reading.kind == "span":
        return [_span_window(sight, own) for sight, own in zip(sights, logits, strict=True)]
    return softmax(np.concatenate(logits))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of `[..., outcomes]`, in fp64: rows that sum to 1."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    probabilities: NDArray[np.float64] = shifted / shifted.sum(-1, keepdims=True)
    return probabilities


def _span_window(sight: Sight, logits: NDArray[np.float32]) -> SpanWindow:
    """The tokens of the context that a window shows."""
    assert sight.window is not None
    context = len(sight.view.example.texts) - 1
    shown = [position for position, text in enumerate(sight.encoded.texts) if text == context]
    offsets = [sight.encoded.offsets[position] for position in shown]
    first, last = sight.window.own
    return SpanWindow(
        start_logits=logits[0, shown],
        end_logits=logits[1, shown],
        offsets=offsets,
        own=np.array([first <= start < last for start, _ in offsets], dtype=np.bool_),
    )
