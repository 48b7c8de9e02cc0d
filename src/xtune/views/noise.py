"""The array of a view's noise: a hook on the model's input embeddings (paper, section 3.2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from xtune.schema import Noise


@contextmanager
def embedding_noise(model: nn.Module, noise: Sequence[Noise | None], attention_mask: Tensor) -> Iterator[None]:
    """Within this context the model's next forward pass gets each row's noise.

    A row's noise is drawn on the CPU as `[own length, hidden]`, so that padding, neighbours, order and device never
    change it; rows without noise are untouched, bit for bit. Positions and layer normalisation come after it.

    Args:
        model: A transformers model, wrapped (DDP, PEFT) or not.
        noise: One a row.
        attention_mask: `[rows, positions]`.
    """
    if not any(row is not None and row.eps for row in noise):
        yield
        return

    def add(_module: nn.Module, _inputs: tuple[Tensor, ...], embeddings: Tensor) -> Tensor:
        places = attention_mask.bool().cpu()  # one wait for the device, not one a row
        drawn, noisy = [], torch.zeros_like(places)
        for row, recipe in enumerate(noise):
            if recipe is not None and recipe.eps:
                drawn.append(draw_noise(recipe, int(places[row].sum()), embeddings.shape[-1]))
                noisy[row] = places[row]
        rows, positions = (index.to(embeddings.device) for index in noisy.nonzero(as_tuple=True))
        added = embeddings.clone()
        added[rows, positions] = embeddings[rows, positions] + torch.cat(drawn).to(embeddings)
        return added

    handle = _input_embeddings(model).register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def draw_noise(noise: Noise, length: int, hidden: int) -> Tensor:
    """The noise of one row: `[length, hidden]`, fp32, a pure function of its arguments.

    >>> bool((draw_noise(Noise("uniform", 0.1, 7), 3, 4).abs() <= 0.1).all())
    True
    """
    generator = torch.Generator().manual_seed(noise.seed)
    if noise.kind == "normal":
        return torch.randn(length, hidden, generator=generator) * noise.eps
    return (torch.rand(length, hidden, generator=generator) * 2 - 1) * noise.eps


def _input_embeddings(model: nn.Module) -> nn.Module:
    while isinstance(inner := getattr(model, "module", None), nn.Module):  # DistributedDataParallel and its like
        model = inner
    embeddings: nn.Module = model.get_input_embeddings()  # type: ignore[operator]
    return embeddings
