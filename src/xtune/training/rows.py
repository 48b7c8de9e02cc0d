"""The rows of a stage: D or D_A = D ∪ A(D), each with its view, its partner and what the losses need of it.

Source: Zheng et al. (2021), section 3; where the published code decides what the paper leaves open, its behaviour:
A and A' are independent draws from the source text, except that A' of a translation acts on the translation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from xtune.augment.compose import generator_for
from xtune.consistency.objective import UNLABELLED
from xtune.schema import Augmentation, Example, View
from xtune.tasks.classification import Classification
from xtune.training.sampler import Key
from xtune.views.collate import Row
from xtune.views.correspond import corresponds
from xtune.views.encode import Encoder


@dataclass
class StageRows(Dataset[Row]):
    """The rows of one stage, made on demand from a `Key`; nothing is kept between epochs.

    Args:
        examples: D.
        encoder: Encodes views.
        task: Gives the labels.
        stage: The stage's name, part of every seed.
        seed: The run's.
        copies: A of D_A, one for each augmented copy of D; none: the stage sees D alone.
        partner: A*, or A'; None in a stage without R1.
        guided: Rows that R2 acts on: `augmented`, `all`, or None in a stage without R2.
        ratio: |A(D)| / |D| of each copy; the first so many examples are augmented.
        resample: Draw A(D) anew each `epoch`, or `once`.
        teacher: The teacher's logits on rows whose view never changes, `[rows, outcomes]`; NaN on others.
    """

    examples: Sequence[Example]
    encoder: Encoder
    task: Classification
    stage: str = "stage1"
    seed: int = 1
    copies: tuple[Augmentation, ...] = ()
    partner: Augmentation | None = None
    guided: str | None = None
    ratio: float = 1.0
    resample: str = "epoch"
    teacher: NDArray[np.float32] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.examples) + len(self.copies) * self._per_copy

    @property
    def _per_copy(self) -> int:
        return math.ceil(self.ratio * len(self.examples))

    def locate(self, index: int) -> tuple[int, int | None]:
        """Which example a row is made of, and in which augmented copy it stands (None: in D itself)."""
        if index < len(self.examples):
            return index, None
        copy, position = divmod(index - len(self.examples), self._per_copy)
        return position, copy

    def lengths(self) -> NDArray[np.int32]:
        """Lengths of all rows' unaugmented encodings: `[rows]`, to bucket by."""
        chunks = [
            self.encoder.lengths([self.examples[i] for i in range(start, min(start + 4096, len(self.examples)))])
            for start in range(0, len(self.examples), 4096)
        ]
        own = np.concatenate([np.asarray(chunk, dtype=np.int32) for chunk in chunks])
        return np.concatenate([own, *[own[: self._per_copy]] * len(self.copies)])

    def view(self, index: int, epoch: int) -> View:
        """x of row `index`: the example itself, or A of it."""
        position, copy = self.locate(index)
        view = View(self.examples[position])
        if copy is None:
            return view
        drawn = epoch if self.resample == "epoch" else 0
        return self.copies[copy](view, self._generator(drawn, view.example.id, f"data {copy}"))

    def __getitem__(self, key: Key) -> Row:
        position, copy = self.locate(key.row)
        view = self.view(key.row, key.epoch)
        encoded = self.encoder(view)
        partner = None
        if self.partner is not None:
            source = self.examples[position]
            start = View(view.example if view.example.language != source.language else source)
            rng = self._generator(key.epoch, source.id, f"consistency {copy}")
            partner = self.encoder(self.partner(start, rng))
        guided = self.guided == "all" or (self.guided == "augmented" and copy is not None)
        known = self.teacher[key.row] if self.teacher is not None and guided and key.counts else None
        return Row(
            view=encoded,
            partner=partner,
            label=self._label(view.example) if key.counts else UNLABELLED,
            corresponds=key.counts and partner is not None and corresponds(self.task.kind, encoded, partner),
            guided=key.counts and guided,
            teacher=known if known is not None and not np.isnan(known[0]) else None,
        )

    def unchanging(self) -> list[int]:
        """Guided rows whose view is the same in every epoch: the teacher needs to see them once."""
        if self.guided is None:
            return []
        own = range(len(self.examples)) if self.guided == "all" else range(0)
        copies = range(len(self.examples), len(self)) if self.resample == "once" else range(0)
        return [*own, *copies]

    def _label(self, example: Example) -> int:
        return UNLABELLED if example.target is None else self.task.target(example)

    def _generator(self, epoch: int, example_id: str, role: str) -> np.random.Generator:
        return generator_for(self.seed, self.stage, epoch, example_id, role)
