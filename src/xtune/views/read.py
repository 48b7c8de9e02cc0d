"""A model's output to the distributions at its sites: one function for training, the teacher and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from xtune.errors import InputError
from xtune.tasks.task import Reading
from xtune.views.correspond import Site


def places(reading: Reading, sites: Sequence[tuple[int, Site]], shifts: Sequence[int]) -> Tensor:
    """Where sites are in a padded batch.

    Args:
        reading: Whether what they read are tokens, which padding on the left moves.
        sites: Row and `Site`; one that reads nothing gets the row's first output, which nobody may use.
        shifts: By how many positions padding moves each row's tokens.

    Returns:
        `[sites, 1 + width]`: the row, and what is read of it, -1 behind the last.
    """
    width = max((len(site) for _, site in sites), default=1) or 1
    tokens = reading.kind == "tagging"
    filled = [
        [row, *(at + (shifts[row] if tokens else 0) for at in site or (0,)), *[-1] * (width - (len(site) or 1))]
        for row, site in sites
    ]
    return torch.tensor(filled, dtype=torch.int64).reshape(len(sites), 1 + width)


def site_logits(reading: Reading, model: Any, outputs: Any, attention_mask: Tensor, places: Tensor) -> Tensor:
    """The logits at sites.

    Args:
        reading: How.
        model: The model, for the bias of its head.
        outputs: What it gave for a batch of `[rows, positions]`.
        attention_mask: `[rows, positions]`.
        places: Of the sites, see `places`.

    Returns:
        `[sites, outcomes]`; of span extraction over the positions, fp32, those of padding at the least number there is,
        so that no loss depends on a batch's padding.
    """
    rows, reads = places[:, 0], places[:, 1:]
    match reading.kind:
        case "classification":
            logits: Tensor = outputs.logits[rows]
            return logits
        case "span":
            both = torch.stack([outputs.start_logits, outputs.end_logits], 1).float()
            least = torch.finfo(both.dtype).min
            both = both.masked_fill(~attention_mask.bool().unsqueeze(1), least)
            return both[rows, reads[:, 0]]
        case "tagging":
            return _pooled(reading, model, outputs.logits, rows, reads)


def _pooled(reading: Reading, model: Any, logits: Tensor, rows: Tensor, reads: Tensor) -> Tensor:
    """The logits of words, `[sites, outcomes]`, from those of tokens, `[rows, positions, outcomes]`."""
    if reading.pooling == "first":
        return logits[rows, reads[:, 0]]
    there = (reads >= 0).unsqueeze(-1)
    tokens = torch.where(there, logits[rows.unsqueeze(-1), reads.clamp(min=0)], 0.0)
    count = there.sum(1)
    if reading.pooling == "mean":
        return tokens.sum(1) / count
    # The head is linear: what it says of the sum of states is the sum of what it says of each, with one bias.
    return tokens.sum(1) - (count - 1) * head_of(model).bias


def head_of(model: Any) -> torch.nn.Linear:
    """The linear head of a tagging model, wrapped or not.

    Raises:
        InputError: The model's head is something else.
    """
    while isinstance(inner := getattr(model, "module", getattr(model, "_orig_mod", None)), torch.nn.Module):
        model = inner
    head = getattr(model, "classifier", None)
    if not isinstance(head, torch.nn.Linear) or hasattr(model, "head"):
        problem = f"{type(model).__name__} has no linear head, so that logits of sub-words cannot be added up"
        raise InputError(problem, field="pooling", remedy="set pooling=first, or pooling=mean")
    return head
