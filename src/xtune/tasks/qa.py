"""Span extraction: an answer's start and end in a context (paper, section 3.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xtune.schema import Span


@dataclass(frozen=True, slots=True)
class SpanWindow:
    """What a model said of the part of a context that one window shows.

    Args:
        start_logits: `[tokens]`, of those that belong to the context.
        end_logits: `[tokens]`.
        offsets: Characters of the context that each covers: `[tokens]`.
        own: The window is the one with the most context for this token, so that an answer may start here: `[tokens]`.
    """

    start_logits: NDArray[np.float32]
    end_logits: NDArray[np.float32]
    offsets: Sequence[Span]
    own: NDArray[np.bool_]
