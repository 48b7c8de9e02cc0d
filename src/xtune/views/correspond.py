"""Which sites of two views of one example match (paper, section 3.3)."""

from __future__ import annotations

from typing import Literal

from xtune.views.encode import EncodedView


def corresponds(kind: Literal["classification"], view: EncodedView, partner: EncodedView) -> bool:
    """Whether the one site of a view matches that of its partner.

    Classification has one distribution an example, so all four augmentations leave it comparable (section 3.3.1).
    """
    match kind:
        case "classification":
            return True
