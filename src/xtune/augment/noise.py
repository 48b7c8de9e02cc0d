"""Gaussian noise on the input embeddings (paper, section 3.2.2): here its recipe, in `views.noise` the array."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xtune.errors import InputError
from xtune.schema import Noise, NoiseKind, View


@dataclass(frozen=True)
class GaussianNoise:
    """Give the view's embeddings noise from a seed of its own.

    Args:
        kind: `normal` (standard deviation `eps`) or `uniform` (U(-eps, eps), the published code's default).
        eps: In units of the embedding.
    """

    kind: NoiseKind
    eps: float

    def __post_init__(self) -> None:
        if not self.eps >= 0:
            raise InputError("noise needs eps >= 0", field="gaussian_noise.eps", remedy="set a positive number")

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """Draw the seed; two augmented views of one example differ."""
        return replace(view, noise=Noise(self.kind, self.eps, int(rng.integers(2**62))))
