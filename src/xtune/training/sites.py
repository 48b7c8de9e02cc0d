"""From a batch and what the model said of it to what the losses compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xtune.consistency.divergence import with_bucket
from xtune.consistency.objective import Sites
from xtune.tasks.task import Reading
from xtune.views.collate import Batch
from xtune.views.read import site_logits


def compared(
    reading: Reading, model: Any, batch: Batch, outputs: Any, ask: Callable[[int], Tensor | None] = lambda _: None
) -> Sites:
    """What the model said at the sites of a batch, and what each is compared with.

    Args:
        reading: How sites are read.
        model: The model, for the bias of its head.
        batch: From the collator.
        outputs: What the model gave for its views and partners, in one forward pass.
        ask: The teacher's logits at the guided sites, given the number of outcomes; None in a stage without R2.
    """
    mask = batch["model_inputs"]["attention_mask"]
    logits = site_logits(reading, model, outputs, mask, batch["sites"])
    partner = pair = None
    if batch["partner_sites"] is not None:
        partner = site_logits(reading, model, outputs, mask, batch["partner_sites"])
        if batch["matched"] is not None:
            pair = with_bucket(logits, batch["matched"]), with_bucket(partner, batch["partner_matched"])
    return Sites(
        logits=logits,
        labels=batch["labels"],
        partner=partner,
        corresponds=batch["corresponds"],
        teacher=ask(logits.shape[-1]),
        guided=batch["guided"],
        partner_labels=batch["partner_labels"],
        compared=pair,
    )
