"""Rows to one batch: views first, their partners behind, padded together for a single forward pass.

One merged forward of 2B rows instead of two of B: less overhead, and the only way that is safe under
DistributedDataParallel, whose buffers a second forward would overwrite before the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xtune.views.encode import EncodedView


@dataclass(frozen=True, slots=True)
class Row:
    """One training row.

    Args:
        view: x of D or D_A, what the task loss and R2 see.
        partner: A'(x), what R1 compares it with; None in a stage without R1.
        label: Index into the label space, or `UNLABELLED`.
        corresponds: The site of the view has one in the partner.
        guided: R2 acts on the view.
        teacher: The teacher's logits on the view, `[outcomes]`, where they were computed beforehand.
    """

    view: EncodedView
    partner: EncodedView | None
    label: int
    corresponds: bool
    guided: bool
    teacher: NDArray[np.float32] | None = None


class Batch(dict[str, Any]):
    """What the trainer moves to the device: tensors by name, and the rows' noise.

    `model_inputs` are `[rows, positions]`, views first; `labels`, `corresponds` and `guided` `[views]`;
    `teacher_logits` `[guided views, outcomes]`, NaN where unknown, or None; `noise` one a row.
    """


def pad(tokenizer: Any, views: Sequence[EncodedView], multiple: int = 1) -> dict[str, Tensor]:
    """Pad views to the longest: `input_ids`, `attention_mask`, and `token_type_ids` where the model takes them.

    Args:
        tokenizer: Its pad token, padding side and input names are used.
        views: The rows.
        multiple: Round the length up to a multiple, for compiled graphs and tensor cores.

    Returns:
        Tensors `[rows, positions]`, int64.
    """
    width = -(-max(len(view.ids) for view in views) // multiple) * multiple
    ids = np.full((len(views), width), tokenizer.pad_token_id, dtype=np.int64)
    types = np.full((len(views), width), tokenizer.pad_token_type_id, dtype=np.int64)
    mask = np.zeros((len(views), width), dtype=np.int64)
    for row, view in enumerate(views):
        length = len(view.ids)
        place = slice(width - length, width) if tokenizer.padding_side == "left" else slice(length)
        ids[row, place], types[row, place], mask[row, place] = view.ids, view.type_ids, 1
    arrays = {"input_ids": ids, "attention_mask": mask}
    if "token_type_ids" in tokenizer.model_input_names:
        arrays["token_type_ids"] = types
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


class Collator:
    """Makes a `Batch` of rows that all have a partner, or all have none."""

    def __init__(self, tokenizer: Any, multiple: int = 1) -> None:
        self.tokenizer, self.multiple = tokenizer, multiple

    def __call__(self, rows: Sequence[Row]) -> Batch:
        """Stack the rows; `[x_1 … x_B, A'(x_1) … A'(x_B)]`."""
        partners = [row.partner for row in rows if row.partner is not None]
        if len(partners) not in (0, len(rows)):
            raise ValueError("either all rows of a batch have a partner, or none")
        views = [row.view for row in rows] + partners
        return Batch(
            model_inputs=pad(self.tokenizer, views, self.multiple),
            labels=torch.tensor([row.label for row in rows]),
            corresponds=_flags(row.corresponds for row in rows) if partners else None,
            guided=_flags(row.guided for row in rows),
            teacher_logits=_known([row.teacher for row in rows if row.guided]),
            noise=tuple(view.noise for view in views),
        )


def _flags(values: Iterable[bool]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.bool)


def _known(logits: Sequence[NDArray[np.float32] | None]) -> Tensor | None:
    """`[guided views, outcomes]`, NaN where the teacher has to be asked; None if it has to be everywhere."""
    known = next((row for row in logits if row is not None), None)
    if known is None:
        return None
    return torch.from_numpy(np.stack([np.full_like(known, np.nan) if row is None else row for row in logits]))
