from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import FAMILIES, SENTENCES
from xtune.evaluation.embed import embed
from xtune.runs.bare import Bare, load_bare

TEXTS = [line for language in ("en", "th", "ar") for line in SENTENCES[language][:5]]


@pytest.fixture(params=FAMILIES)
def bare(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Bare:
    return load_bare(str(tiny_model(request.param)))


def embedded(bare: Bare, texts: list[str], layer: int = 1, batch_size: int = 64) -> np.ndarray:
    return embed(bare.model, bare.encoder, texts, layer, batch_size)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_it_is_the_mean_over_the_tokens_of_one_sentence_alone(bare: Bare, layer: int) -> None:
    found = embedded(bare, TEXTS, layer)
    for text, row in zip(TEXTS, found, strict=True):
        inputs = bare.encoder.tokenizer(text, return_tensors="pt")  # without any padding, special tokens included
        with torch.no_grad():
            states = bare.model(**inputs, output_hidden_states=True).hidden_states[layer][0]
        assert row == pytest.approx(states.mean(0).numpy(), abs=2e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_batch_size_and_order_change_nothing_but_rounding(bare: Bare) -> None:
    expected = embedded(bare, TEXTS)
    for batch_size in (1, 4):
        assert embedded(bare, TEXTS, batch_size=batch_size) == pytest.approx(expected, abs=2e-6)
    backwards = embedded(bare, TEXTS[::-1], batch_size=4)
    assert backwards[::-1] == pytest.approx(expected, abs=2e-6)


def test_equal_texts_are_equal_in_every_bit_and_so_is_a_second_time(bare: Bare) -> None:
    twice = embedded(bare, [*TEXTS, *TEXTS[:7]], batch_size=4)
    assert np.array_equal(twice[: len(TEXTS)][:7], twice[len(TEXTS) :])
    assert np.array_equal(embedded(bare, TEXTS), embedded(bare, TEXTS))


def test_dropout_is_off_and_the_mode_is_restored(bare: Bare) -> None:
    expected = embedded(bare, TEXTS)
    bare.model.train()
    assert np.array_equal(embedded(bare, TEXTS), expected)
    assert bare.model.training
