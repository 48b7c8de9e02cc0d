from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.consistency import by_hand
from xtune.consistency.objective import COMPONENTS, UNLABELLED, Objective, Sites


def batch(sites: int = 12, outcomes: int = 5, seed: int = 0) -> Sites:
    """Random logits; some sites without label, some without correspondence, some without teacher."""
    rng = np.random.default_rng(seed)
    draw = torch.from_numpy(rng.normal(0, 2, (3, sites, outcomes))).float()
    labels = torch.from_numpy(np.where(rng.random(sites) < 0.7, rng.integers(outcomes, size=sites), UNLABELLED))
    guided = torch.from_numpy(rng.random(sites) < 0.5)
    corresponds = torch.from_numpy(rng.random(sites) < 0.6)
    return Sites(draw[0], labels, draw[1], corresponds, draw[2][guided], guided)


def expected(sites: Sites, objective: Objective) -> dict[str, float]:
    """Every component by its formula, over this batch's own counts."""
    assert sites.partner is not None and sites.corresponds is not None
    assert sites.teacher is not None and sites.guided is not None
    x, partner, teacher = (t.double().numpy() for t in (sites.logits, sites.partner, sites.teacher))
    labels, outcomes = sites.labels.tolist(), x.shape[-1] if objective.reduction == "mean" else 1
    task, labelled = by_hand.cross_entropy(x, labels), sum(label != UNLABELLED for label in labels)
    if objective.task_on_partner:
        task, labelled = task + by_hand.cross_entropy(partner, labels), 2 * labelled
    corresponding, guided = sites.corresponds.numpy(), sites.guided.numpy()
    if objective.targets == "soft":
        r2 = by_hand.kl(by_hand.softmax(teacher), by_hand.softmax(x[guided])).mean() / outcomes
    else:
        r2 = by_hand.cross_entropy(x[guided], teacher.argmax(-1).tolist()) / len(teacher)
    return {
        "task": task / labelled,
        "r1": objective.lambda1 * by_hand.symmetric(x, partner)[corresponding].mean() / outcomes,
        "r2": objective.lambda2 * float(r2),
    }


@pytest.mark.parametrize("targets", ["soft", "hard"])
@pytest.mark.parametrize("task_on_partner", [False, True])
@pytest.mark.parametrize("reduction", ["batchmean", "mean"])
def test_components_are_those_of_their_formulas(reduction: str, task_on_partner: bool, targets: str) -> None:
    objective = Objective(
        2.5,
        0.7,
        reduction,
        task_on_partner=task_on_partner,
        targets=targets,
    )
    sites = batch()
    found = objective(sites)
    assert {name: value.item() for name, value in found.items()} == pytest.approx(expected(sites, objective), rel=1e-5)
    assert tuple(found) == COMPONENTS


def test_counts_are_sites_of_each_component() -> None:
    labels = torch.tensor([1, UNLABELLED, 0, 2])
    corresponds, guided = torch.tensor([True, True, False, True]), torch.tensor([False, True, False, False])
    assert Objective().counts(labels, corresponds, guided).tolist() == [3, 3, 1]
    assert Objective(task_on_partner=True).counts(labels, corresponds, guided).tolist() == [6, 3, 1]
    assert Objective().counts(labels, None, None).tolist() == [3, 0, 0]
    assert Objective().counts(labels, None, None).dtype == torch.int64  # added up over processes


@pytest.mark.parametrize("parts", [(12,), (5, 7), (1, 4, 0, 7), (3, 3, 3, 3)])
@pytest.mark.parametrize("task_on_partner", [False, True])
def test_micro_batches_with_the_counts_of_all_add_up_to_the_whole(
    parts: tuple[int, ...], task_on_partner: bool
) -> None:
    """Values and gradients; accumulation must change neither, however unevenly the sites fall."""
    objective = Objective(2.5, 0.7, "mean", task_on_partner=task_on_partner)
    whole = batch(seed=3)
    logits, partner = whole.logits.clone().requires_grad_(), whole.partner.clone().requires_grad_()
    whole = replace(whole, logits=logits, partner=partner)
    pieces = split(whole, parts)
    counts = sum(objective.counts(piece.labels, piece.corresponds, piece.guided) for piece in pieces)
    assert isinstance(counts, Tensor)
    assert counts.tolist() == objective.counts(whole.labels, whole.corresponds, whole.guided).tolist()
    together = objective(whole)
    apart = [objective(piece, counts) for piece in pieces]
    for name in COMPONENTS:
        assert sum(part[name] for part in apart).item() == pytest.approx(together[name].item(), rel=1e-5)
    gradients = torch.autograd.grad(total(together), (logits, partner))
    added = torch.autograd.grad(sum(total(part) for part in apart), (logits, partner))
    for one, other in zip(gradients, added, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
    if len(parts) > 1:  # each by its own counts would be something else
        alone = sum(objective(piece)["task"].detach() for piece in pieces) / len(pieces)
        assert abs(float(alone) - together["task"].item()) > 1e-3


def total(losses: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


def split(sites: Sites, sizes: tuple[int, ...]) -> list[Sites]:
    """Cut a batch into micro-batches of some sizes."""
    assert sites.partner is not None and sites.corresponds is not None
    assert sites.teacher is not None and sites.guided is not None
    edges = np.cumsum([0, *sizes]).tolist()
    before = [int(sites.guided[:edge].sum()) for edge in edges]
    return [
        Sites(
            sites.logits[first:last],
            sites.labels[first:last],
            sites.partner[first:last],
            sites.corresponds[first:last],
            sites.teacher[before[number] : before[number + 1]],
            sites.guided[first:last],
        )
        for number, (first, last) in enumerate(zip(edges, edges[1:], strict=False))
    ]


def test_a_batch_without_any_site_of_a_component_is_zero_with_a_graph() -> None:
    logits, partner = torch.randn(3, 4).requires_grad_(), torch.randn(3, 4).requires_grad_()
    nowhere = torch.zeros(3, dtype=torch.bool)
    labels = torch.full((3,), UNLABELLED)
    for targets in ("soft", "hard"):
        objective = Objective(1.0, 1.0, targets=targets, task_on_partner=True)
        losses = objective(Sites(logits, labels, partner, nowhere, torch.zeros(0, 4), nowhere))
        assert {name: loss.item() for name, loss in losses.items()} == dict.fromkeys(COMPONENTS, 0.0)
        for gradient in torch.autograd.grad(total(losses), (logits, partner)):
            assert torch.equal(gradient, torch.zeros(3, 4))


def test_sites_without_correspondence_may_hold_anything() -> None:
    sites = batch()
    assert sites.partner is not None and sites.corresponds is not None
    partner = torch.where(sites.corresponds.unsqueeze(-1), sites.partner, 1e4).requires_grad_()
    loss = Objective(1.0)(replace(sites, partner=partner))["r1"]
    assert loss.item() == pytest.approx(Objective(1.0)(sites)["r1"].item())
    loss.backward()
    assert partner.grad is not None
    assert torch.equal(partner.grad[~sites.corresponds], torch.zeros_like(partner)[~sites.corresponds])


def test_a_stage_has_only_the_components_of_what_it_is_given() -> None:
    sites = batch()
    plain = replace(sites, partner=None, corresponds=None, teacher=None, guided=None)
    assert list(Objective()(plain)) == ["task"]
    assert list(Objective()(replace(plain, partner=sites.partner, corresponds=sites.corresponds))) == ["task", "r1"]
    assert list(Objective()(replace(plain, teacher=sites.teacher, guided=sites.guided))) == ["task", "r2"]


def test_hard_targets_draw_to_the_teachers_best_outcome_however_sure_it_is() -> None:
    logits = torch.randn(2, 3)
    guided = torch.tensor([True, True])
    labels = torch.tensor([UNLABELLED, UNLABELLED])
    teacher = torch.tensor([[0.0, 0.1, 0.0], [0.0, 0.0, 9.0]])
    for reduction in ("batchmean", "mean"):  # a cross-entropy is divided by sites and nothing else
        objective = Objective(lambda2=3.0, targets="hard", reduction=reduction)
        loss = objective(Sites(logits, labels, teacher=teacher, guided=guided))["r2"]
        by_labels = 3.0 * torch.nn.functional.cross_entropy(logits, torch.tensor([1, 2]))
        assert loss.item() == pytest.approx(by_labels.item())


def test_stop_gradient_is_passed_on() -> None:
    sites = batch()
    gradients = []
    for stop_gradient in (True, False):
        logits = sites.logits.clone().requires_grad_()
        loss = Objective(1.0, stop_gradient=stop_gradient)(replace(sites, logits=logits))["r1"]
        gradients += torch.autograd.grad(loss, logits)
    assert sites.partner is not None and sites.corresponds is not None
    p, q = (by_hand.softmax(x.double().numpy()) for x in (sites.logits, sites.partner))
    mask = sites.corresponds.numpy()[:, None]
    np.testing.assert_allclose(gradients[0].numpy(), mask * (p - q) / mask.sum(), atol=1e-6)
    assert (gradients[0] - gradients[1]).abs().max() > 1e-3


def test_the_teacher_gets_no_gradient() -> None:
    sites = batch()
    assert sites.teacher is not None
    teacher, logits = sites.teacher.clone().requires_grad_(), sites.logits.clone().requires_grad_()
    Objective(lambda2=1.0)(replace(sites, teacher=teacher, logits=logits))["r2"].backward()
    assert teacher.grad is None
    assert logits.grad is not None and sites.guided is not None
    assert torch.equal(logits.grad[~sites.guided], torch.zeros_like(logits)[~sites.guided])


def test_losses_are_single_precision() -> None:
    sites = batch()
    assert sites.partner is not None and sites.teacher is not None
    half = replace(
        sites,
        logits=sites.logits.bfloat16(),
        partner=sites.partner.bfloat16(),
        teacher=sites.teacher.bfloat16(),
    )
    losses = Objective(1.0, 1.0)(half)
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    up = replace(half, logits=half.logits.float(), partner=half.partner.float(), teacher=half.teacher.float())
    for name, loss in Objective(1.0, 1.0)(up).items():
        assert losses[name].item() == pytest.approx(loss.item(), rel=1e-6)
