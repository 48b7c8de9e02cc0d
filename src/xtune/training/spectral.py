"""Spectral normalisation of a head's output layer, which R4F adds to R3F (Aghajanyan et al., 2021, section 3.1).

Their code estimates the norm by power iteration, one step a forward pass. Here it is computed: a head is a thin matrix,
so that costs little, and there is no state that depends on how a step is split into micro-batches or has to be resumed.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, linalg, nn
from torch.nn.utils.parametrize import is_parametrized, register_parametrization

from xtune.errors import InputError


class SpectralNorm(nn.Module):
    """A weight, `[outcomes, hidden]`, divided by its largest singular value; gradients flow through both.

    >>> import torch
    >>> SpectralNorm()(torch.tensor([[3.0, 0.0], [0.0, 1.5]])).tolist()
    [[1.0, 0.0], [0.0, 0.5]]
    """

    def forward(self, weight: Tensor) -> Tensor:
        """The weight that the layer works with."""
        largest: Tensor = linalg.matrix_norm(weight, 2)
        return weight / largest


def normalise_head(model: Any) -> None:
    """Let a model's output layer work with its normalised weight; what is trained is the weight before.

    Args:
        model: A transformers model with a head.

    Raises:
        InputError: It has no linear output layer.
    """
    register_parametrization(output_layer(model), "weight", SpectralNorm())


def output_layer(model: Any) -> nn.Linear:
    """The last linear layer outside the encoder that has as many outputs as the model has outcomes.

    Raises:
        InputError: There is none.
    """
    encoder = f"{model.base_model_prefix}."
    layers = [module for name, module in model.named_modules() if not name.startswith(encoder)]
    found = [layer for layer in layers if isinstance(layer, nn.Linear) and layer.out_features == model.num_labels]
    if not found:
        problem = f"{type(model).__name__} has no linear output layer that could be normalised"
        raise InputError(problem, field="method", remedy="set method=r3f, which leaves the head alone")
    return found[-1]


def plain_state(model: nn.Module) -> dict[str, Tensor] | None:
    """The weights of a model as a plain one has them; None where no layer is normalised, and all are."""
    folded: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if is_parametrized(module, "weight") and isinstance(module.parametrizations.weight[0], SpectralNorm):
            folded[name] = module.weight.detach()
    if not folded:
        return None
    inner = tuple(f"{name}.parametrizations." for name in folded)
    state = {key: value for key, value in model.state_dict().items() if not key.startswith(inner)}
    return {**state, **{f"{name}.weight": weight for name, weight in folded.items()}}
