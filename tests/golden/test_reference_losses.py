"""The published implementation's own losses on fixed logits, reproduced to 1e-5 (its total, too)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.golden import reference_losses_cases as golden
from xtune.consistency.divergence import kl_divergence, span_symmetric_kl, symmetric_kl
from xtune.consistency.objective import UNLABELLED, Objective, Sites

DATA = Path(os.environ.get("XTUNE_DATA", "")) / "golden" / "reference_losses.json"
CASES: dict[str, Any] = json.loads(DATA.read_text("utf-8")) if "XTUNE_DATA" in os.environ and DATA.is_file() else {}


def close(found: Tensor | float, published: float) -> bool:
    return abs(float(found) - published) <= 1e-5


def assert_sites(
    clean: Tensor,
    noised: Tensor,
    teacher: Tensor,
    labels: Tensor,
    augmented: Tensor,
    weights: tuple[float, float],
    published: Any,
) -> None:
    """R1 and R2 of classification and tagging: by the divergences, and with the task loss by the objective.

    Shapes: logits `[sites, outcomes]`, the teacher's of the augmented sites alone; the rest `[sites]`.
    """
    lambda1, lambda2 = weights
    total, task, _, r1, r2 = published
    assert close(lambda1 * symmetric_kl(clean, noised, reduction="mean"), r1)
    assert close(lambda2 * kl_divergence(teacher, clean[augmented], reduction="mean"), r2)
    everywhere = torch.zeros_like(clean).masked_scatter(augmented.unsqueeze(-1), teacher)
    assert close(lambda2 * kl_divergence(everywhere, clean, mask=augmented, reduction="mean"), r2)
    sites = Sites(clean, labels, noised, torch.ones_like(augmented), teacher, augmented)
    losses = Objective(lambda1, lambda2, "mean")(sites)
    assert close(losses["task"], task)
    assert close(losses["r1"], r1)
    assert close(losses["r2"], r2)
    assert close(sum(losses.values()), total)


def test_classification() -> None:
    assert_sites(
        clean=torch.tensor(golden.CLS_CLEAN),
        noised=torch.tensor(golden.CLS_NOISED),
        teacher=torch.tensor(golden.CLS_TEACHER)[torch.tensor(golden.CLS_AUGMENTED)],
        labels=torch.tensor(golden.CLS_LABELS),
        augmented=torch.tensor(golden.CLS_AUGMENTED),
        weights=(golden.CLS_LAMBDA1, golden.CLS_LAMBDA2),
        published=golden.CLS_TOTAL,
    )


def test_tagging() -> None:
    assert_sites(
        clean=torch.tensor(golden.TAG_CLEAN),
        noised=torch.tensor(golden.TAG_NOISED),
        teacher=torch.tensor(golden.TAG_TEACHER),
        labels=torch.tensor(golden.TAG_LABELS),
        augmented=torch.tensor(golden.TAG_AUGMENTED),
        weights=(golden.TAG_LAMBDA1, golden.TAG_LAMBDA2),
        published=golden.TAG_TOTAL,
    )


def assert_span(
    clean: tuple[Tensor, Tensor],
    noised: tuple[Tensor, Tensor],
    teacher: tuple[Tensor, Tensor],
    gold: tuple[Tensor, Tensor],
    sites: tuple[Tensor, Tensor],
    attention: Tensor,
    augmented: Tensor,
    weights: tuple[float, float],
    published: Any,
) -> None:
    """Each pair is (start, end), `sites` (clean, noised); logits `[rows, positions]`, the teacher's of fewer rows."""
    total, task, _, r1, r2 = published
    found_task = sum(0.5 * cross_entropy(x, y) for x, y in zip(clean, gold, strict=True))
    found_r1 = weights[0] * sum(span_symmetric_kl(a, b, *sites) for a, b in zip(clean, noised, strict=True))
    found_r2 = weights[1] * sum(
        0.5 * kl_divergence(t, x[augmented], outcome_mask=attention[augmented])
        for t, x in zip(teacher, clean, strict=True)
    )
    assert close(found_task, task)
    assert close(found_r1, r1)
    assert close(found_r2, r2)
    assert close(found_task + found_r1 + found_r2, total)


def test_span_extraction() -> None:
    positions = torch.arange(len(golden.QA_CLEAN_START[0]))
    rows = len(golden.QA_STARTS)
    sites = tuple(
        torch.isin(positions, torch.tensor(places)).repeat(rows, 1)
        for places in (golden.QA_SITES, golden.QA_NOISED_SITES)
    )
    assert_span(
        clean=(torch.tensor(golden.QA_CLEAN_START), torch.tensor(golden.QA_CLEAN_END)),
        noised=(torch.tensor(golden.QA_NOISED_START), torch.tensor(golden.QA_NOISED_END)),
        teacher=(torch.tensor(golden.QA_TEACHER_START), torch.tensor(golden.QA_TEACHER_END)),
        gold=(torch.tensor(golden.QA_STARTS), torch.tensor(golden.QA_ENDS)),
        sites=(sites[0], sites[1]),
        attention=(positions < golden.QA_LENGTH).repeat(rows, 1),
        augmented=torch.tensor(golden.QA_AUGMENTED),
        weights=(golden.QA_LAMBDA1, golden.QA_LAMBDA2),
        published=golden.QA_TOTAL,
    )


@pytest.mark.skipif(not CASES, reason="XTUNE_DATA names no folder with golden/reference_losses.json")
@pytest.mark.parametrize("name", CASES or ["none"])
def test_file(name: str) -> None:
    """Every case of the file of golden values, where `XTUNE_DATA` says that there is one."""
    case = CASES[name]
    tensors = {key: torch.tensor(value) for key, value in case.items() if isinstance(value, list)}
    augmented = tensors["is_augmented"].bool()
    weights, published = (case["l1"], case["l2"]), case["ref_total_orig_noised_r1_r2"]
    clean, noised = tensors["clean_logits"], tensors["noised_logits"]
    if "teacher_start" in case:
        assert_span(
            clean=(clean[..., 0], clean[..., 1]),
            noised=(noised[..., 0], noised[..., 1]),
            teacher=(tensors["teacher_start"][augmented], tensors["teacher_end"][augmented]),
            gold=(tensors["start"], tensors["end"]),
            sites=(tensors["clean_mask"].bool(), tensors["noised_mask"].bool()),
            attention=tensors["attention_mask"].bool(),
            augmented=augmented,
            weights=weights,
            published=published,
        )
        return
    teacher, labels = tensors["teacher_logits"], tensors["labels"]
    if "clean_mask" in case:
        words, guided = tensors["clean_mask"].bool(), augmented.unsqueeze(-1).expand_as(labels)
        clean, noised = clean[words], noised[tensors["noised_mask"].bool()]
        teacher, labels, augmented = teacher[words], labels[words], guided[words]
    assert_sites(clean, noised, teacher[augmented], labels, augmented, weights, published)


def test_the_case_with_unlabelled_rows_has_some() -> None:
    """A fixture without the difficulty would prove nothing."""
    assert golden.TAG_LABELS.count(UNLABELLED) == 3
