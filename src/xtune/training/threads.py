"""How many threads a small model is trained on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread(unless_told: bool = False) -> Iterator[None]:
    """Compute on one thread of the CPU, and on as many as before afterwards.

    For so small a model as the pocket encoder two are slower, and sums then have the same order on every machine: no
    figure depends on how many cores there are, or on how many processes share them.

    Args:
        unless_told: Leave it as it is where the user has set `OMP_NUM_THREADS`.
    """
    before = torch.get_num_threads()
    if not (unless_told and os.environ.get("OMP_NUM_THREADS")):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
