"""The published losses through the collator, the reading of sites and the objective, as training computes them."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.golden import reference_losses_cases as golden
from tests.tiny import TOKENIZERS
from xtune.consistency.divergence import kl_divergence
from xtune.consistency.objective import Objective
from xtune.tasks.task import Reading
from xtune.training.sites import compared
from xtune.views.collate import Collator, Row
from xtune.views.encode import EncodedView


def view(length: int) -> EncodedView:
    return EncodedView(list(range(5, 5 + length)), [0] * length, [0] * length, [(0, 0)] * length)


def losses(reading: Reading, rows: list[Row], outputs: dict[str, Tensor], objective: Objective, side: str) -> Any:
    """As `XTuneTrainer.compute_loss`, of a model that says `outputs`."""
    tokenizer = copy.deepcopy(TOKENIZERS["unigram"]())
    tokenizer.padding_side = side
    batch = Collator(tokenizer, reading)(rows)
    sites = compared(reading, None, batch, SimpleNamespace(**outputs), lambda _: batch["teacher_logits"])
    counts = [batch[name] for name in ("labels", "corresponds", "guided", "partner_labels")]
    return {name: float(loss) for name, loss in objective(sites, objective.counts(*counts)).items()}


@pytest.mark.parametrize("side", ["right", "left"])
def test_tagging(side: str) -> None:
    """Sentences of three words of one to three tokens; where the published code has its words, a token says them."""
    width, words, outcomes = 9, 3, len(golden.TAG_CLEAN[0])
    clean, noised = torch.tensor(golden.TAG_CLEAN), torch.tensor(golden.TAG_NOISED)
    rows, logits, teacher = [], torch.randn(8, width, outcomes), iter(golden.TAG_TEACHER)
    for row in range(4):
        own = slice(3 * row, 3 * row + words)
        here, there = [1, 3, 4], [1, 4, 6]
        length = 6 + row % 2  # so that some are padded
        moved = (width - length if side == "left" else 0), 0
        logits[row, [at + moved[0] for at in here]] = clean[own]
        logits[4 + row, there] = noised[own]
        guided = golden.TAG_AUGMENTED[3 * row]
        said = np.array([next(teacher) for _ in range(words)], np.float32) if guided else None
        labels = list(golden.TAG_LABELS[own])
        rows.append(
            Row(
                view(length),
                [(at,) for at in here],
                labels,
                partner=view(width),
                partner_sites=[(at,) for at in there],
                partner_labels=labels,
                guided=guided,
                teacher=said,
            )
        )
    found = losses(
        Reading("tagging"), rows, {"logits": logits}, Objective(golden.TAG_LAMBDA1, golden.TAG_LAMBDA2, "mean"), side
    )
    total, task, _, r1, r2 = golden.TAG_TOTAL
    assert found == pytest.approx({"task": task, "r1": r1, "r2": r2}, abs=1e-5)
    assert sum(found.values()) == pytest.approx(total, abs=1e-5)


def test_span_extraction() -> None:
    """All positions are the view's own here: the published code let padding have probability, which we do not.

    That leaves its R2, a sum over some positions without renormalising, to the divergences' own test.
    """
    length = len(golden.QA_CLEAN_START[0])
    pairs = list(zip(golden.QA_SITES, golden.QA_NOISED_SITES, strict=True))
    teachers = iter(zip(golden.QA_TEACHER_START, golden.QA_TEACHER_END, strict=True))
    rows = []
    for row, guided in enumerate(golden.QA_AUGMENTED):
        labels = [golden.QA_STARTS[row], golden.QA_ENDS[row]]
        rows.append(
            Row(
                view(length),
                [(0,), (1,)],
                labels,
                partner=view(length),
                partner_sites=[(0,), (1,)],
                partner_labels=labels,
                matched=pairs,
                guided=guided,
                teacher=np.array(next(teachers), np.float32) if guided else None,
            )
        )
    outputs = {
        "start_logits": torch.tensor([*golden.QA_CLEAN_START, *golden.QA_NOISED_START]),
        "end_logits": torch.tensor([*golden.QA_CLEAN_END, *golden.QA_NOISED_END]),
    }
    found = losses(Reading("span"), rows, outputs, Objective(golden.QA_LAMBDA1, golden.QA_LAMBDA2), "right")
    _, task, _, r1, _ = golden.QA_TOTAL
    assert found["task"] == pytest.approx(task, abs=1e-5)
    assert found["r1"] == pytest.approx(r1, abs=1e-5)
    augmented = torch.tensor(golden.QA_AUGMENTED)
    starts = kl_divergence(torch.tensor(golden.QA_TEACHER_START), torch.tensor(golden.QA_CLEAN_START)[augmented])
    ends = kl_divergence(torch.tensor(golden.QA_TEACHER_END), torch.tensor(golden.QA_CLEAN_END)[augmented])
    assert found["r2"] == pytest.approx(float(golden.QA_LAMBDA2 * 0.5 * (starts + ends)), abs=1e-5)


def test_padding_never_changes_a_loss_of_span_extraction() -> None:
    """The same rows, beside a longer one that has no site, whatever the model says at padding."""
    torch.manual_seed(0)
    reading, objective = Reading("span"), Objective(1.0, 1.0)
    row = Row(view(5), [(0,), (1,)], [1, 3], view(4), [(0,), (1,)], [1, 2], [(0, 0), (1, 1)], guided=True)
    row = Row(**{**{name: getattr(row, name) for name in Row.__slots__}, "teacher": np.ones((2, 5), np.float32)})
    longer = Row(view(9), [], [], view(9))
    start, end = torch.randn(2, 9), torch.randn(2, 9)
    for side in ("right", "left"):
        alone = {"start_logits": start[:, :5], "end_logits": end[:, :5]}
        beside = {}
        for name, tensor in alone.items():
            wide = 50 * torch.randn(4, 9)
            if side == "right":
                wide[[0, 2], :5] = tensor
            else:
                wide[[0, 2], -5:] = tensor
            beside[name] = wide
        one, two = (
            losses(reading, rows, outputs, objective, side)
            for rows, outputs in (([row], alone), ([row, longer], beside))
        )
        assert one == pytest.approx(two, abs=1e-5)
        assert min(one.values()) > 0
