from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.schema import Example, Noise, Text, View
from xtune.tasks.task import UNLABELLED, Reading
from xtune.views.collate import Collator, Row, pad
from xtune.views.encode import EncodedView, Encoder

COLLATE = Collator(TOKENIZERS["unigram"](), Reading("classification"))


def encoded(length: int, start: int = 100, noise: Noise | None = None) -> EncodedView:
    ids = list(range(start, start + length))
    return EncodedView(ids, [n % 2 for n in range(length)], [0] * length, [(0, 0)] * length, noise)


def row(length: int, partner: int | None = None, **options: Any) -> Row:
    """Of one site, as classification has it."""
    label, corresponds = options.pop("label", 0), options.pop("corresponds", True)
    if partner is not None:
        options |= {"partner": encoded(partner, start=500), "partner_labels": [label]}
        options["partner_sites"] = [(0,) if corresponds else ()]
    return Row(encoded(length), [(0,)], [label], **options)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("family", TOKENIZERS)
def test_padding_is_the_tokenizers(family: str, side: str) -> None:
    tokenizer = copy.deepcopy(TOKENIZERS[family]())
    tokenizer.padding_side = side
    lines = [SENTENCES["en"][0], SENTENCES["fr"][3], "a"]
    encoder = Encoder(tokenizer, 64)
    views = [encoder(View(Example("0", "en", (Text.from_string(line), Text.from_string("x"))))) for line in lines]
    found = pad(tokenizer, views)
    expected = tokenizer(lines, ["x"] * 3, padding=True, return_tensors="pt")
    assert found.keys() == expected.keys()
    for name in found:
        assert torch.equal(found[name], expected[name]), name
        assert found[name].dtype == torch.int64


def test_lengths_are_rounded_up() -> None:
    tokenizer = TOKENIZERS["unigram"]()
    assert pad(tokenizer, [encoded(5), encoded(9)], multiple=8)["input_ids"].shape == (2, 16)
    assert pad(tokenizer, [encoded(5), encoded(8)], multiple=8)["input_ids"].shape == (2, 8)
    assert pad(tokenizer, [encoded(5), encoded(9)])["input_ids"].shape == (2, 9)


@pytest.mark.parametrize(("family", "there"), [("unigram", False), ("bpe", False), ("wordpiece", True)])
def test_segment_ids_are_there_where_the_model_takes_them(family: str, there: bool) -> None:
    tensors = pad(TOKENIZERS[family](), [encoded(4), encoded(2)])
    assert ("token_type_ids" in tensors) == there
    if there:
        assert tensors["token_type_ids"].tolist() == [[0, 1, 0, 1], [0, 1, 0, 0]]


def test_views_come_first_and_their_partners_behind_in_the_same_order() -> None:
    batch = COLLATE([row(3, 5, label=2), row(4, 2, label=UNLABELLED, corresponds=False)])
    inputs = batch["model_inputs"]
    assert inputs["attention_mask"].sum(-1).tolist() == [3, 4, 5, 2]
    assert inputs["input_ids"][:, 0].tolist() == [100, 100, 500, 500]
    assert batch["labels"].tolist() == [2, UNLABELLED]
    assert batch["corresponds"].tolist() == [True, False]
    assert batch["guided"].tolist() == [False, False]
    assert batch["teacher_logits"] is None


def test_noise_is_one_a_row_of_the_merged_batch() -> None:
    noises = [Noise("normal", 0.1, seed) for seed in range(4)]
    rows = [
        Row(encoded(3, noise=noises[at]), [(0,)], [0], encoded(3, noise=noises[2 + at]), [(0,)], [0]) for at in range(2)
    ]
    assert COLLATE(rows)["noise"] == tuple(noises)


def test_without_partners_there_is_nothing_to_correspond() -> None:
    batch = COLLATE([row(3), row(4)])
    assert batch["corresponds"] is None
    assert batch["model_inputs"]["input_ids"].shape == (2, 4)


def test_some_with_partners_and_some_without_is_an_error() -> None:
    with pytest.raises(ValueError, match="or none"):
        COLLATE([row(3, 3), row(3)])


def test_teacher_logits_are_nan_where_they_are_not_known() -> None:
    known = np.array([[0.5, -1.0, 2.0]], np.float32)
    rows = [
        row(3, guided=True, teacher=known),
        row(3, guided=False, teacher=known),  # R2 does not act here
        row(3, guided=True, teacher=None),
        row(3, guided=True, teacher=2 * known),
    ]
    logits = COLLATE(rows)["teacher_logits"]
    assert logits.shape == (3, 3)
    assert torch.equal(logits[0], torch.from_numpy(known[0]))
    assert logits[1].isnan().all()
    assert torch.equal(logits[2], 2 * torch.from_numpy(known[0]))


def test_teacher_logits_of_no_known_row() -> None:
    assert COLLATE([row(3, guided=True), row(3, guided=True)])["teacher_logits"] is None
