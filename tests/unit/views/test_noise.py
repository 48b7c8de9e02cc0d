from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from tests.tiny import FAMILIES, SENTENCES
from xtune.schema import Example, Noise, Text, View
from xtune.views.collate import pad
from xtune.views.encode import EncodedView, Encoder
from xtune.views.noise import draw_noise, embedding_noise

LINES = [SENTENCES["en"][0], SENTENCES["de"][4], "a", SENTENCES["ru"][1]]


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def tokenizer(family: str) -> Any:
    return FAMILIES[family][0]()


@pytest.fixture
def model(family: str, tiny_model: Callable[[str], Path]) -> Any:
    return AutoModelForSequenceClassification.from_pretrained(tiny_model(family), num_labels=3).eval()


@pytest.fixture
def views(tokenizer: Any) -> list[EncodedView]:
    encoder = Encoder(tokenizer, 64)
    return [encoder(View(Example("0", "en", (Text.from_string(line),)))) for line in LINES]


def forward(model: Any, inputs: dict[str, Tensor], noise: Sequence[Noise | None]) -> tuple[Tensor, Tensor]:
    """Logits, and the embeddings as the rest of the model gets them."""
    seen = []
    with torch.no_grad(), embedding_noise(model, noise, inputs["attention_mask"]):
        handle = model.get_input_embeddings().register_forward_hook(lambda *call: seen.append(call[2]))
        try:
            logits = model(**inputs).logits
        finally:
            handle.remove()
    return logits, seen[0]


def noises(count: int, eps: float = 0.1) -> list[Noise | None]:
    return [Noise("uniform" if n % 2 else "normal", eps, 1000 + n) for n in range(count)]


def test_noise_changes_logits_and_the_same_noise_gives_the_same(
    model: Any, tokenizer: Any, views: list[EncodedView]
) -> None:
    inputs = pad(tokenizer, views)
    clean, _ = forward(model, inputs, [None] * 4)
    noisy, _ = forward(model, inputs, noises(4))
    again, _ = forward(model, inputs, noises(4))
    other, _ = forward(model, inputs, [Noise("normal", 0.1, n) for n in range(4)])
    for changed in (noisy - clean, noisy - other):
        assert changed.abs().amax(-1).min() > 1e-5  # of every row
    assert torch.equal(noisy, again)


def test_a_row_alone_gets_what_it_gets_in_a_batch(model: Any, tokenizer: Any, views: list[EncodedView]) -> None:
    """Whatever its neighbours, its padding and its place are."""
    together, _ = forward(model, pad(tokenizer, views), noises(4))
    order = [2, 0, 3, 1]
    moved, _ = forward(model, pad(tokenizer, [views[n] for n in order], 32), [noises(4)[n] for n in order])
    for row, view in enumerate(views):
        alone, _ = forward(model, pad(tokenizer, [view]), [noises(4)[row]])
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)
        torch.testing.assert_close(moved[order.index(row)], together[row], atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_noise_is_the_rows_own_at_its_tokens_and_none_elsewhere(
    model: Any, tokenizer: Any, views: list[EncodedView], side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer, "padding_side", side)
    inputs = pad(tokenizer, views, 40)
    _, clean = forward(model, inputs, [None] * 4)
    _, noisy = forward(model, inputs, noises(4))
    for row, noise in enumerate(noises(4)):
        places = inputs["attention_mask"][row].bool()
        assert noise is not None
        expected = draw_noise(noise, int(places.sum()), clean.shape[-1])
        torch.testing.assert_close(noisy[row, places] - clean[row, places], expected, atol=1e-6, rtol=0)
        assert torch.equal(noisy[row, ~places], clean[row, ~places])
    assert not places.all()


def test_rows_without_noise_are_untouched_bit_for_bit(model: Any, tokenizer: Any, views: list[EncodedView]) -> None:
    inputs = pad(tokenizer, views)
    clean, embeddings = forward(model, inputs, [None] * 4)
    mixed = [None, Noise("normal", 0.0, 1), Noise("normal", 0.1, 2), Noise("uniform", 0.0, 3)]
    logits, noisy = forward(model, inputs, mixed)
    for row in (0, 1, 3):
        assert torch.equal(noisy[row], embeddings[row])
        assert torch.equal(logits[row], clean[row])
    assert not torch.equal(logits[2], clean[2])


def test_the_weights_get_gradients_through_noise(model: Any, tokenizer: Any, views: list[EncodedView]) -> None:
    inputs = pad(tokenizer, views)
    with embedding_noise(model, noises(4), inputs["attention_mask"]):
        model(**inputs).logits.sum().backward()
    gradient = model.get_input_embeddings().weight.grad
    assert gradient is not None and gradient[views[0].ids[1]].abs().sum() > 0


def test_the_hook_goes_whatever_happens(model: Any, tokenizer: Any, views: list[EncodedView]) -> None:
    inputs = pad(tokenizer, views)
    clean, _ = forward(model, inputs, [None] * 4)
    hooks = model.get_input_embeddings()._forward_hooks
    with pytest.raises(RuntimeError, match="stop"), embedding_noise(model, noises(4), inputs["attention_mask"]):
        assert len(hooks) == 1
        raise RuntimeError("stop")
    assert not hooks
    assert torch.equal(forward(model, inputs, [None] * 4)[0], clean)


def test_a_wrapped_model_gets_noise_too(model: Any, tokenizer: Any, views: list[EncodedView]) -> None:
    class Wrapper(nn.Module):  # as DistributedDataParallel
        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module

        def forward(self, **inputs: Tensor) -> Any:
            return self.module(**inputs)

    inputs = pad(tokenizer, views)
    expected, _ = forward(model, inputs, noises(4))
    with torch.no_grad(), embedding_noise(Wrapper(model), noises(4), inputs["attention_mask"]):
        assert torch.equal(model(**inputs).logits, expected)


@pytest.mark.parametrize(("kind", "spread"), [("normal", 0.25), ("uniform", 0.25 / 3**0.5)])
def test_noise_is_distributed_as_it_says(kind: Any, spread: float) -> None:
    drawn = draw_noise(Noise(kind, 0.25, 3), 400, 250)
    assert drawn.shape == (400, 250)
    assert drawn.mean().item() == pytest.approx(0, abs=5 * spread / 100_000**0.5)
    assert drawn.std().item() == pytest.approx(spread, rel=0.01)
    assert (drawn.abs().max() <= 0.25) == (kind == "uniform")
    assert not torch.equal(drawn, draw_noise(Noise(kind, 0.25, 4), 400, 250))


def test_drawing_noise_leaves_the_global_generator_alone() -> None:
    """Dropout depends on it, so a run with noise and one without would drift apart."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    draw_noise(Noise("normal", 1.0, 7), 10, 10)
    assert torch.equal(torch.rand(3), expected)
