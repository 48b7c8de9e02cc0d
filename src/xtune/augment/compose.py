"""Putting augmentations together, and where their randomness comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from xtune.schema import Augmentation, View


@dataclass(frozen=True)
class Compose:
    """Several augmentations, the first first.

    >>> Compose(())(View, None) is View
    True
    """

    parts: tuple[Augmentation, ...]

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """Apply all in order, from one generator."""
        for part in self.parts:
            view = part(view, rng)
        return view


def identity(view: View, rng: np.random.Generator) -> View:
    """The view itself: R-Drop's partner, told apart by dropout only."""
    return view


def generator_for(seed: int, stage: str, epoch: int, example_id: str, role: str) -> np.random.Generator:
    """The generator of one view of one example, a pure function of its arguments.

    Worker, rank, order of batches and resuming therefore never change what an example becomes.

    >>> a, b = (generator_for(1, "stage1", 0, "7", role).random() for role in ("data", "consistency"))
    >>> a != b and a == generator_for(1, "stage1", 0, "7", "data").random()
    True
    """
    key = "\x1f".join((str(seed), stage, str(epoch), example_id, role)).encode()
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.blake2b(key, digest_size=16).digest())))
