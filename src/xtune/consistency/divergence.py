"""Kullback-Leibler divergences between predictions, in fp32, at temperature 1, on log-probabilities.

Two reductions are named because a published weight only means something in one of them: `batchmean` sums over the
outcomes and takes the mean over the sites; `mean` divides that by the number of outcomes, which is what the published
code did for classification and tagging. Working on log-probabilities keeps gradients finite where a probability
underflows. Source: Zheng et al. (2021), sections 3.1.1 and 3.1.2.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from xtune.schema import Reduction


def kl_per_site(target_logits: Tensor, logits: Tensor, *, outcome_mask: Tensor | None = None) -> Tensor:
    """KL(target ‖ prediction) of each site, in nats.

    Args:
        target_logits: `[..., outcomes]`; gradients flow into them unless they are detached.
        logits: `[..., outcomes]`.
        outcome_mask: `[..., outcomes]` of bool: only these outcomes are summed; probabilities are not renormalised
            (the published code's R2 for span extraction).

    Returns:
        `[...]`, fp32.
    """
    target, prediction = log_softmax(target_logits.float(), -1), log_softmax(logits.float(), -1)
    return _kl(target, prediction, outcome_mask)


def kl_divergence(
    target_logits: Tensor,
    logits: Tensor,
    *,
    mask: Tensor | None = None,
    outcome_mask: Tensor | None = None,
    reduction: Reduction = "batchmean",
) -> Tensor:
    """KL(target ‖ prediction), reduced over sites; the target is constant.

    Args:
        target_logits: `[..., outcomes]`, detached here.
        logits: `[..., outcomes]`.
        mask: `[...]` of bool, the sites that count; None: all.
        outcome_mask: See `kl_per_site`.
        reduction: `batchmean` or `mean` (see the module).

    Returns:
        A scalar; 0 with a graph where no site counts.

    >>> kl_divergence(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 0.0]])).item()
    0.0
    """
    return reduce_sites(
        kl_per_site(target_logits.detach(), logits, outcome_mask=outcome_mask), mask, logits.shape[-1], reduction
    )


def symmetric_kl_per_site(logits_a: Tensor, logits_b: Tensor, *, stop_gradient: bool = True) -> Tensor:
    """KL(sg(a) ‖ b) + KL(sg(b) ‖ a) of each site: `[..., outcomes]` twice to `[...]`, in nats."""
    target_a, target_b = (logits_a.detach(), logits_b.detach()) if stop_gradient else (logits_a, logits_b)
    return kl_per_site(target_a, logits_b) + kl_per_site(target_b, logits_a)


def symmetric_kl(
    logits_a: Tensor,
    logits_b: Tensor,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "batchmean",
    stop_gradient: bool = True,
) -> Tensor:
    """R1 of classification and tagging: the two directions added (paper, section 3.1.1).

    Args:
        logits_a: `[..., outcomes]`.
        logits_b: `[..., outcomes]`, site by site corresponding to `logits_a`.
        mask: `[...]` of bool, the sites that correspond; None: all.
        reduction: `batchmean` or `mean` (see the module).
        stop_gradient: Hold each direction's target constant, as the paper does.

    Returns:
        A scalar; 0 with a graph where no site corresponds.
    """
    per_site = symmetric_kl_per_site(logits_a, logits_b, stop_gradient=stop_gradient)
    return reduce_sites(per_site, mask, logits_a.shape[-1], reduction)


def span_symmetric_kl(logits_a: Tensor, logits_b: Tensor, sites_a: Tensor, sites_b: Tensor) -> Tensor:
    """R1 of a span's start, or end: corresponding positions, and one bucket with all remaining mass.

    Half the sum of both directions, each with its target held constant; mean over rows.

    Args:
        logits_a: `[rows, positions]`.
        logits_b: `[rows, positions_b]`.
        sites_a: `[rows, positions]` of bool, positions that correspond to one of b.
        sites_b: `[rows, positions_b]` of bool, as many in a row as `sites_a` has there; matched in order.

    Raises:
        ValueError: A row has different numbers of corresponding positions.

    Source: paper, section 3.3.2 ("on unchanged positions only"); the bucket is the published code's.
    """
    sites_a, sites_b = sites_a.bool(), sites_b.bool()
    counts = sites_a.sum(-1)
    if not torch.equal(counts, sites_b.sum(-1)):
        raise ValueError("each row needs as many corresponding positions in a as in b")
    width = int(counts.max()) if counts.numel() else 0
    a = with_bucket(logits_a, _places(sites_a, counts, width))
    b = with_bucket(logits_b, _places(sites_b, counts, width))
    return 0.5 * reduce_sites(symmetric_kl_per_site(a, b), None, 1, "batchmean")


def with_bucket(logits: Tensor, places: Tensor) -> Tensor:
    """Log-probabilities of some outcomes, and of all others together in one bucket behind them.

    So two distributions over outcomes of which only some correspond become comparable, and both stay proper (paper,
    section 3.3.2; the bucket is the published code's).

    Args:
        logits: `[sites, outcomes]`.
        places: `[sites, width]`, which outcomes, each at most once a site; -1 where a site has fewer.

    Returns:
        `[sites, width + 1]`, fp32; what a site has fewer is the dtype's least number, an outcome without mass.
    """
    log_probabilities = log_softmax(logits.float(), -1)
    # The least number instead of -inf: a site whose every outcome corresponds has a bucket with mass 0, not NaN.
    least = torch.finfo(log_probabilities.dtype).min
    there = places >= 0
    at = torch.where(there, places, 0)
    chosen = torch.where(there, log_probabilities.gather(-1, at), least)
    taken = torch.zeros_like(log_probabilities, dtype=torch.int32).scatter_add(-1, at, there.int()).bool()
    rest = torch.logsumexp(log_probabilities.masked_fill(taken, least), -1, keepdim=True)
    return torch.cat([chosen, rest], -1)


def reduce_sites(per_site: Tensor, mask: Tensor | None, outcomes: int, reduction: Reduction) -> Tensor:
    """The mean over the sites that count, divided by the number of outcomes for `mean`."""
    if reduction not in ("batchmean", "mean"):
        raise ValueError(f"reduction is 'batchmean' or 'mean', not {reduction!r}")
    kept = per_site if mask is None else torch.where(mask.bool(), per_site, 0.0)
    sites = per_site.numel() if mask is None else int(mask.sum())
    return kept.sum() / (max(sites, 1) * (outcomes if reduction == "mean" else 1))


def _kl(target: Tensor, prediction: Tensor, outcome_mask: Tensor | None) -> Tensor:
    """Sum of exp(target)·(target − prediction) over the outcomes, on log-probabilities, `-inf` meaning mass 0."""
    counts = target.detach() > float("-inf")
    if outcome_mask is not None:
        counts = counts & outcome_mask.bool()
    # An outcome without mass adds nothing; taking it out before the product keeps 0·inf out of the gradients too.
    target, prediction = torch.where(counts, target, 0.0), torch.where(counts, prediction, 0.0)
    return (torch.where(counts, target.exp(), 0.0) * (target - prediction)).sum(-1)


def _places(sites: Tensor, counts: Tensor, width: int) -> Tensor:
    """The positions of a mask in their order: `[rows, positions]` of bool to `[rows, width]`, -1 behind the last."""
    order = torch.argsort(sites.int(), dim=-1, descending=True, stable=True)[:, :width]
    return torch.where(torch.arange(width, device=sites.device) < counts.unsqueeze(-1), order, -1)
