from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.consistency import by_hand
from xtune.consistency.divergence import kl_divergence, span_symmetric_kl, symmetric_kl

SHAPES = [(1, 2), (5, 3), (4, 6, 7), (2, 3, 2, 18)]
REDUCTIONS = ["batchmean", "mean"]


def logits(*shape: int, seed: int = 0, scale: float = 3.0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, scale, shape)).float()


def as_array(tensor: Tensor) -> by_hand.Array:
    return tensor.detach().double().numpy()


def by_reduction(per_site: by_hand.Array, outcomes: int, reduction: str) -> float:
    mean = float(per_site.mean())
    return mean / outcomes if reduction == "mean" else mean


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_divergences_are_those_of_their_formulas(shape: tuple[int, ...], reduction: str) -> None:
    a, b = logits(*shape, seed=1), logits(*shape, seed=2)
    one_way = by_hand.kl(by_hand.softmax(as_array(a)), by_hand.softmax(as_array(b)))
    both = by_hand.symmetric(as_array(a), as_array(b))
    found = kl_divergence(a, b, reduction=reduction)
    assert found.item() == pytest.approx(by_reduction(one_way, shape[-1], reduction), rel=1e-5, abs=1e-6)
    found = symmetric_kl(a, b, reduction=reduction)
    assert found.item() == pytest.approx(by_reduction(both, shape[-1], reduction), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_masked_sites_neither_count_nor_are_counted(reduction: str) -> None:
    a, b = logits(6, 9, 4, seed=3), logits(6, 9, 4, seed=4)
    mask = torch.from_numpy(np.random.default_rng(5).random((6, 9)) < 0.4)
    per_site = by_hand.symmetric(as_array(a), as_array(b))[mask.numpy()]
    expected = by_reduction(per_site, 4, reduction)
    assert symmetric_kl(a, b, mask=mask, reduction=reduction).item() == pytest.approx(expected, rel=1e-5)
    spoilt = torch.where(mask.unsqueeze(-1), a, torch.full_like(a, torch.nan))  # whatever stands there
    assert symmetric_kl(spoilt, b, mask=mask, reduction=reduction).item() == pytest.approx(expected, rel=1e-5)


def test_an_outcome_mask_leaves_terms_out_and_renormalises_nothing() -> None:
    teacher, student = logits(5, 8, seed=6), logits(5, 8, seed=7)
    outcomes = torch.from_numpy(np.random.default_rng(8).random((5, 8)) < 0.6)
    p, q = by_hand.softmax(as_array(teacher)), by_hand.softmax(as_array(student))
    terms = np.where(outcomes.numpy(), p * np.log(p / q), 0.0)
    assert kl_divergence(teacher, student, outcome_mask=outcomes).item() == pytest.approx(terms.sum() / 5, rel=1e-5)


def test_half_precision_is_computed_in_single() -> None:
    a, b = logits(64, 30, seed=9).bfloat16(), logits(64, 30, seed=10).bfloat16()
    expected = by_hand.symmetric(as_array(a), as_array(b)).mean()
    found = symmetric_kl(a, b)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_with_stop_gradient_each_side_is_drawn_to_the_other_as_a_constant(reduction: str) -> None:
    """d/da [KL(sg a ‖ b) + KL(sg b ‖ a)] = softmax(a) − softmax(b), over sites (and outcomes)."""
    a, b = logits(6, 5, seed=11).requires_grad_(), logits(6, 5, seed=12).requires_grad_()
    symmetric_kl(a, b, reduction=reduction).backward()
    p, q = by_hand.softmax(as_array(a)), by_hand.softmax(as_array(b))
    expected = (p - q) / (6 * (5 if reduction == "mean" else 1))
    assert a.grad is not None and b.grad is not None
    np.testing.assert_allclose(a.grad.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(b.grad.numpy(), -expected, atol=1e-6)


def test_without_stop_gradient_the_target_is_drawn_too() -> None:
    """d/da KL(a ‖ b) = p · (log(p / q) − KL(a ‖ b)) comes on top."""
    a, b = logits(6, 5, seed=13).requires_grad_(), logits(6, 5, seed=14).requires_grad_()
    value = symmetric_kl(a, b, stop_gradient=False)
    value.backward()
    p, q = by_hand.softmax(as_array(a)), by_hand.softmax(as_array(b))
    onto_a = p - q + p * (np.log(p / q) - by_hand.kl(p, q)[:, None])
    onto_b = q - p + q * (np.log(q / p) - by_hand.kl(q, p)[:, None])
    assert a.grad is not None and b.grad is not None
    np.testing.assert_allclose(a.grad.numpy(), onto_a / 6, atol=1e-6)
    np.testing.assert_allclose(b.grad.numpy(), onto_b / 6, atol=1e-6)
    assert np.abs(onto_a - (p - q)).max() > 0.01  # the two really differ here
    assert value.item() == pytest.approx(symmetric_kl(a, b).item())  # in the gradient, not in the value


def test_the_teacher_is_a_constant() -> None:
    teacher, student = logits(4, 3, seed=15).requires_grad_(), logits(4, 3, seed=16).requires_grad_()
    kl_divergence(teacher, student).backward()
    assert teacher.grad is None
    assert student.grad is not None
    expected = (by_hand.softmax(as_array(student)) - by_hand.softmax(as_array(teacher))) / 4
    np.testing.assert_allclose(student.grad.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("loss", [kl_divergence, symmetric_kl])
def test_no_site_is_zero_with_a_graph(loss: Callable[..., Tensor]) -> None:
    a, b = logits(3, 4), logits(3, 4, seed=1).requires_grad_()
    value = loss(a, b, mask=torch.zeros(3, dtype=torch.bool))
    value.backward()
    assert value.item() == 0.0
    assert b.grad is not None
    assert torch.equal(b.grad, torch.zeros_like(b))
    assert loss(a[:0], b[:0]).item() == 0.0


@pytest.mark.parametrize("stop_gradient", [True, False])
@pytest.mark.parametrize("size", [1e2, 1e4, 3e4])
def test_underflowing_probabilities_give_no_nan(size: float, stop_gradient: bool) -> None:
    a = torch.tensor([[size, -size, 0.0], [0.0, size, -size]], requires_grad=True)
    b = torch.tensor([[-size, size, 0.0], [0.0, size, -size]], requires_grad=True)
    value = symmetric_kl(a, b, stop_gradient=stop_gradient)
    value.backward()
    assert value.item() == pytest.approx(2 * 2 * size / 2)  # 2 size each way in one of the two rows
    assert a.grad is not None and b.grad is not None
    assert a.grad.isfinite().all() and b.grad.isfinite().all()


def test_minus_infinity_is_no_mass() -> None:
    a = torch.tensor([[1.0, 2.0, -torch.inf]], requires_grad=True)
    b = torch.tensor([[2.0, 1.0, -torch.inf]], requires_grad=True)
    value = symmetric_kl(a, b)
    value.backward()
    assert value.item() == pytest.approx(by_hand.symmetric(as_array(a)[:, :2], as_array(b)[:, :2]).item(), rel=1e-6)
    assert a.grad is not None and a.grad.isfinite().all()
    assert b.grad is not None and b.grad.isfinite().all()


@pytest.mark.parametrize("loss", [kl_divergence, symmetric_kl])
def test_unknown_reductions(loss: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match="batchmean"):
        loss(logits(2, 2), logits(2, 2), reduction="sum")


# ---- spans


def random_sites(rows: int, positions: tuple[int, int], seed: int) -> tuple[Tensor, Tensor]:
    """Two masks with as many positions in each row, at other places; the first row has none, the last its most."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((rows, positions[0]), bool), np.zeros((rows, positions[1]), bool)
    for row in range(rows):
        count = {0: 0, rows - 1: min(positions)}.get(row, int(rng.integers(1, min(positions))))
        for mask in masks:
            mask[row, rng.choice(mask.shape[1], count, replace=False)] = True
    return torch.from_numpy(masks[0]), torch.from_numpy(masks[1])


@pytest.mark.parametrize("positions", [(9, 9), (9, 7), (5, 12)])
def test_spans_are_compared_site_by_site_and_in_one_bucket(positions: tuple[int, int]) -> None:
    a, b = logits(6, positions[0], seed=20), logits(6, positions[1], seed=21)
    sites_a, sites_b = random_sites(6, positions, seed=22)
    if positions[0] == positions[1]:
        sites_a[-1], sites_b[-1] = True, True  # nothing is left for the bucket, on either side
    else:  # on one side there would be nothing left, on the other something: infinitely far apart
        last = min(positions) - 1
        sites_a[-1], sites_b[-1] = torch.arange(positions[0]) < last, torch.arange(positions[1]) < last
    expected = by_hand.span(as_array(a), as_array(b), sites_a.numpy(), sites_b.numpy())
    assert span_symmetric_kl(a, b, sites_a, sites_b).item() == pytest.approx(expected, rel=1e-5)
    assert span_symmetric_kl(b, a, sites_b, sites_a).item() == pytest.approx(expected, rel=1e-5)


def test_the_bucket_does_not_see_where_its_mass_lies() -> None:
    a = logits(3, 8, seed=23)
    sites = torch.tensor([[True, False, False, True, False, False, True, False]]).repeat(3, 1)
    moved = a.clone()
    moved[:, ~sites[0]] = a[:, ~sites[0]].flip(-1)
    assert not torch.equal(moved, a)
    assert span_symmetric_kl(a, moved, sites, sites).item() == pytest.approx(0.0, abs=1e-6)
    moved[:, 1] += 1.0  # but it sees how much there is
    assert span_symmetric_kl(a, moved, sites, sites).item() > 1e-3


def test_sites_of_spans_are_matched_in_order() -> None:
    a = logits(1, 6, seed=24)
    shifted = a.roll(2, -1)
    sites = torch.tensor([[True, True, False, True, False, False]])
    assert span_symmetric_kl(a, shifted, sites, sites.roll(2, -1)).item() == pytest.approx(0.0, abs=1e-6)
    crossed = a[:, [1, 0, 2, 3, 4, 5]]  # the same places, other probabilities
    assert span_symmetric_kl(a, crossed, sites, sites).item() > 1e-3


def test_a_row_with_other_counts_is_an_error() -> None:
    a = logits(2, 4)
    sites = torch.tensor([[True, False, True, False], [True, False, False, False]])
    with pytest.raises(ValueError, match="as many corresponding positions"):
        span_symmetric_kl(a, a, sites, sites.flip(0))  # as many over the batch, but not row by row


def test_spans_hold_their_targets_constant() -> None:
    a, b = logits(4, 7, seed=25).requires_grad_(), logits(4, 7, seed=26).requires_grad_()
    sites = torch.arange(7).repeat(4, 1) < 3
    span_symmetric_kl(a, b, sites, sites).backward()
    p, q = by_hand.softmax(as_array(a)), by_hand.softmax(as_array(b))
    mask = sites.numpy()
    rest_p, rest_q = (np.where(mask, 0, x).sum(-1, keepdims=True) for x in (p, q))
    # −½ Σ q̃ log p̃ over sites and bucket; the bucket's gradient is shared out by its members' shares.
    onto_a = 0.5 * (p - np.where(mask, q, p / rest_p * rest_q)) / 4
    onto_b = 0.5 * (q - np.where(mask, p, q / rest_q * rest_p)) / 4
    assert a.grad is not None and b.grad is not None
    np.testing.assert_allclose(a.grad.numpy(), onto_a, atol=1e-6)
    np.testing.assert_allclose(b.grad.numpy(), onto_b, atol=1e-6)


@pytest.mark.parametrize("size", [50.0, 1e4])
@pytest.mark.parametrize("padding", [-1e4, torch.finfo(torch.float32).min])
def test_spans_give_no_nan(size: float, padding: float) -> None:
    rng = np.random.default_rng(27)
    a = torch.from_numpy(rng.choice([-size, 0.0, size], (5, 10))).float()
    b = torch.from_numpy(rng.choice([-size, 0.0, size], (5, 10))).float()
    a[:, 7:], b[:, 8:] = padding, padding
    a.requires_grad_()
    b.requires_grad_()
    for count in (0, 3, 7):
        sites = torch.arange(10).repeat(5, 1) < count
        value = span_symmetric_kl(a, b, sites, sites)
        gradients = torch.autograd.grad(value, (a, b))
        assert value.isfinite()
        assert all(gradient.isfinite().all() for gradient in gradients)


def test_masked_padding_does_not_depend_on_its_width() -> None:
    a, b = logits(3, 6, seed=28), logits(3, 6, seed=29)
    sites = torch.tensor([[True, True, False, False, True, False]]).repeat(3, 1)
    least = torch.finfo(torch.float32).min
    wide_a, wide_b = (torch.cat([x, torch.full((3, 5), least)], -1) for x in (a, b))
    wide = torch.cat([sites, torch.zeros(3, 5, dtype=torch.bool)], -1)
    narrow = span_symmetric_kl(a, b, sites, sites).item()
    assert span_symmetric_kl(wide_a, wide_b, wide, wide).item() == pytest.approx(narrow, rel=1e-6)


def test_spans_without_sites_or_rows() -> None:
    a, b = logits(2, 5).requires_grad_(), logits(2, 5, seed=1)
    none = torch.zeros(2, 5, dtype=torch.bool)
    value = span_symmetric_kl(a, b, none, none)
    value.backward()
    assert value.item() == pytest.approx(0.0, abs=1e-6)  # one bucket with all mass on either side
    assert a.grad is not None and a.grad.abs().max() < 1e-6
    assert span_symmetric_kl(a[:0], b[:0], none[:0], none[:0]).item() == 0.0
