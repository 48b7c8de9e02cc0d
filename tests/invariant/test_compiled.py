"""A compiled model sees the noise that an uncompiled one sees, and has the same head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.invariant.runs import losses, make_setup


@pytest.mark.slow
def test_noise_reaches_a_compiled_model(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Its graph is recorded on a row without noise; batches of one row have it or not."""
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    keys = {
        "method": "data-augmentation",
        "augmentation": "gn",
        "gaussian_noise.scale": 1.0,
        "train.per_device_train_batch_size": 1,
        "train.max_steps": 12,
        "seed": 2,  # its first row has none
    }
    plain = losses(setup.fit("plain", **keys))
    silent = losses(setup.fit("silent", **{**keys, "gaussian_noise.scale": 0.0}))
    compiled = losses(
        setup.fit("compiled", **keys, **{"train.torch_compile": True, "train.torch_compile_backend": "eager"})
    )
    assert any(one["task"] != pytest.approx(other["task"], abs=1e-3) for one, other in zip(plain, silent, strict=True))
    for one, other in zip(compiled, plain, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.slow
def test_a_compiled_head_is_normalised_and_saved_as_a_plain_one(
    tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    keys = {"method": "r4f", "train.max_steps": 3}
    plain = setup.fit("plain", **keys)
    compiled = setup.fit("compiled", **keys, **{"train.torch_compile": True, "train.torch_compile_backend": "eager"})
    for one, other in zip(losses(compiled), losses(plain), strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    ours, theirs = (load_file(run / "model" / "model.safetensors") for run in (compiled, plain))
    assert ours.keys() == theirs.keys()
    assert torch.linalg.matrix_norm(ours["classifier.out_proj.weight"], 2).item() == pytest.approx(1, abs=1e-5)
