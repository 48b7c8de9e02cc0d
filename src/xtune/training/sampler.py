"""Which rows make which batch: a pure function of seed, stage and epoch.

The unit is the optimizer step. Its rows are drawn first and then dealt to micro-batches and processes, so that
batch size × accumulation × processes see the same steps, and a resumed run the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from xtune.augment.compose import generator_for

BUCKET_STEPS = 50
"""Rows of so many steps are sorted by length together: little padding, and the order of steps stays random."""


class Key(NamedTuple):
    """What a data worker needs to make one row; the epoch travels with it, so workers keep no state.

    A row that does not count fills a micro-batch that would be empty, which a process must not skip.
    """

    epoch: int
    row: int
    counts: bool = True


class StepSampler(Sampler[list[Key]]):
    """Micro-batches of one process, in order; `accumulation` of them make an optimizer step.

    Args:
        lengths: Length of each row's unaugmented encoding: `[rows]`.
        batch_size: Rows of a micro-batch on one process.
        accumulation: Micro-batches of a step.
        world: Processes.
        rank: This process.
        seed: The run's.
        stage: The stage's name.
    """

    def __init__(
        self,
        lengths: Sequence[int] | NDArray[np.int32],
        *,
        batch_size: int,
        accumulation: int = 1,
        world: int = 1,
        rank: int = 0,
        seed: int = 1,
        stage: str = "stage1",
    ) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int32)
        self.accumulation, self.world, self.rank = accumulation, world, rank
        self.step_size = batch_size * accumulation * world
        self.seed, self.stage, self.epoch = seed, stage, 0

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of this epoch from now on."""
        self.epoch = epoch

    @property
    def steps(self) -> int:
        """Optimizer steps of an epoch; the last one may have fewer rows."""
        return -(-len(self.lengths) // self.step_size)

    def __len__(self) -> int:
        return self.steps * self.accumulation

    def step_rows(self) -> list[NDArray[np.int64]]:
        """The rows of each optimizer step of the current epoch, longest first within a step."""
        rng = generator_for(self.seed, self.stage, self.epoch, "", "batches")
        order = rng.permutation(len(self.lengths))
        bucket = self.step_size * BUCKET_STEPS
        steps = []
        for start in range(0, len(order), bucket):
            rows = order[start : start + bucket]
            rows = rows[np.argsort(-self.lengths[rows], kind="stable")]
            steps += [rows[i : i + self.step_size] for i in range(0, len(rows), self.step_size)]
        return [steps[i] for i in rng.permutation(len(steps))]

    def __iter__(self) -> Iterator[list[Key]]:
        epoch, parts = self.epoch, self.accumulation * self.world
        for rows in self.step_rows():
            dealt = np.array_split(rows, parts)
            for micro in range(self.accumulation):
                own = dealt[micro * self.world + self.rank]
                yield [Key(epoch, int(row)) for row in own] or [Key(epoch, int(rows[0]), counts=False)]
