"""Task loss, R1 and R2 of one batch, as named and weighted components whose sum is the loss.

Every component is a sum over this batch's own sites divided by a count that the caller gives, so that the counts can
span a whole optimizer step: then batch size, accumulation and number of processes do not change the loss.
Source: Zheng et al. (2021), section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xtune.consistency.divergence import kl_per_site, symmetric_kl_per_site
from xtune.schema import Reduction
from xtune.tasks.task import UNLABELLED

COMPONENTS = ("task", "r1", "r2")


@dataclass(frozen=True)
class Sites:
    """Where one batch's views predict a distribution, and what each prediction is compared with.

    Args:
        logits: `[sites, outcomes]`, of the views x.
        labels: `[sites]`, `UNLABELLED` where there is none.
        partner: `[sites, outcomes]`, of the augmented views, site by site; None in a stage without R1.
        corresponds: `[sites]` of bool: the site of x has one in its partner.
        teacher: `[guided sites, outcomes]`, the frozen model's logits on x; None in a stage without R2.
        guided: `[sites]` of bool: R2 acts here.
        partner_labels: `[sites]`, of the partner's sites where they have other outcomes; None: `labels`.
        compared: `logits` and `partner` over the outcomes that correspond, `[sites, outcomes']` each, where not all do
            (`xtune.consistency.divergence.with_bucket`); None: themselves.
    """

    logits: Tensor
    labels: Tensor
    partner: Tensor | None = None
    corresponds: Tensor | None = None
    teacher: Tensor | None = None
    guided: Tensor | None = None
    partner_labels: Tensor | None = None
    compared: tuple[Tensor, Tensor] | None = None


@dataclass(frozen=True)
class Objective:
    """The loss of a stage.

    Args:
        lambda1: Weight of R1; 0 in a stage without.
        lambda2: Weight of R2; 0 in a stage without.
        reduction: `batchmean` or `mean`, for R1 and R2 alike (see `xtune.consistency.divergence`).
        stop_gradient: Hold the target of each of R1's directions constant.
        task_on_partner: The partner view is labelled too (R-Drop).
        targets: `soft`: R2 is KL(teacher ‖ student); `hard`: cross-entropy to the teacher's best outcome.

    References:
        Zheng et al. (2021), Consistency Regularization for Cross-Lingual Fine-Tuning, ACL, section 3.1.
    """

    lambda1: float = 0.0
    lambda2: float = 0.0
    reduction: Reduction = "batchmean"
    stop_gradient: bool = True
    task_on_partner: bool = False
    targets: Literal["soft", "hard"] = "soft"

    def counts(
        self,
        labels: Tensor,
        corresponds: Tensor | None,
        guided: Tensor | None,
        partner_labels: Tensor | None = None,
    ) -> Tensor:
        """How many sites each component of `COMPONENTS` has: `[3]`, int64, to be added up over an optimizer step."""
        labelled = (labels != UNLABELLED).sum()
        if self.task_on_partner:
            labelled = labelled + ((labels if partner_labels is None else partner_labels) != UNLABELLED).sum()
        none = torch.zeros_like(labelled)
        return torch.stack(
            [
                labelled,
                none if corresponds is None else corresponds.sum(),
                none if guided is None else guided.sum(),
            ]
        )

    def __call__(self, sites: Sites, counts: Tensor | None = None) -> Mapping[str, Tensor]:
        """The components that this stage has, weighted.

        Args:
            sites: One micro-batch.
            counts: `[3]`, sites of each component over the whole optimizer step; None: of this batch alone.

        Returns:
            `task`, and `r1` and `r2` where the batch has partners and a teacher: scalars, fp32, 0 with a graph where
            no site counts.
        """
        if counts is None:
            counts = self.counts(sites.labels, sites.corresponds, sites.guided, sites.partner_labels)
        task_count, r1_count, r2_count = counts.clamp(min=1).to(sites.logits.device).unbind()
        losses = {"task": self._task(sites) / task_count}
        if sites.partner is not None and sites.corresponds is not None:
            a, b = sites.compared or (sites.logits, sites.partner)
            outcomes = a.shape[-1] if self.reduction == "mean" else 1
            divergence = symmetric_kl_per_site(a, b, stop_gradient=self.stop_gradient)
            kept = torch.where(sites.corresponds, divergence, 0.0)
            losses["r1"] = self.lambda1 * kept.sum() / (r1_count * outcomes)
        if sites.teacher is not None and sites.guided is not None:
            losses["r2"] = self.lambda2 * self._to_teacher(sites.logits[sites.guided], sites.teacher) / r2_count
        return losses

    def _task(self, sites: Sites) -> Tensor:
        loss = _cross_entropy_sum(sites.logits, sites.labels)
        if self.task_on_partner and sites.partner is not None:
            labels = sites.labels if sites.partner_labels is None else sites.partner_labels
            loss = loss + _cross_entropy_sum(sites.partner, labels)
        return loss

    def _to_teacher(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """R2 summed over the guided sites; hard targets are a cross-entropy, which no reduction divides."""
        if self.targets == "hard":
            return _cross_entropy_sum(logits, teacher.argmax(-1))
        divergence = kl_per_site(teacher.detach(), logits).sum()
        return divergence / (logits.shape[-1] if self.reduction == "mean" else 1)


def _cross_entropy_sum(logits: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(logits.float(), labels, reduction="sum", ignore_index=UNLABELLED)
