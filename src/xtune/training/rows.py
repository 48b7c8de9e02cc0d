"""The rows of a stage: D or D_A = D ∪ A(D), each with its view, its partner and what the losses need of it.

Source: Zheng et al. (2021), section 3; where the published code decides what the paper leaves open, its behaviour:
A and A' are independent draws from the source text, except that A' of a translation acts on the translation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from xtune.augment.compose import generator_for
from xtune.schema import Augmentation, Example, View
from xtune.tasks.task import UNLABELLED, Task
from xtune.training.known import KnownLogits
from xtune.training.layout import Layout, layout
from xtune.training.sampler import Key
from xtune.views.collate import Row
from xtune.views.correspond import Sight, labels, matched, partner_sites, same_words, sites
from xtune.views.encode import Encoder
from xtune.views.windows import Window, encode_window, windows


@dataclass
class StageRows(Dataset[Row]):
    """The rows of one stage, made on demand from a `Key`; nothing is kept between epochs.

    Args:
        examples: D.
        encoder: Encodes views.
        task: Gives the labels, and says what a site is.
        stage: The stage's name, part of every seed.
        seed: The run's.
        copies: A of D_A, one for each augmented copy of D; none: the stage sees D alone.
        partner: A*, or A'; None in a stage without R1.
        guided: Rows that R2 acts on: `augmented`, `all`, or None in a stage without R2.
        ratio: |A(D)| / |D| of each copy; the first so many examples are augmented.
        resample: Draw A(D) anew each `epoch`, or `once`.
        teacher: The teacher's logits on rows whose view never changes.
    """

    examples: Sequence[Example]
    encoder: Encoder
    task: Task
    stage: str = "stage1"
    seed: int = 1
    copies: tuple[Augmentation, ...] = ()
    partner: Augmentation | None = None
    guided: str | None = None
    ratio: float = 1.0
    resample: str = "epoch"
    teacher: KnownLogits | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._layout: Layout = layout(self.task.reading, self.encoder, self.examples)
        self._per_copy = self._layout.first_rows(math.ceil(self.ratio * len(self.examples)))

    def __len__(self) -> int:
        return len(self._layout) + len(self.copies) * self._per_copy

    def locate(self, index: int) -> tuple[int, int | None]:
        """Which row of D a row is made of, and in which augmented copy it stands (None: in D itself)."""
        if index < len(self._layout):
            return index, None
        copy, row = divmod(index - len(self._layout), self._per_copy)
        return row, copy

    def lengths(self) -> NDArray[np.int32]:
        """Lengths of all rows' unaugmented encodings: `[rows]`, to bucket by."""
        own = self._layout.lengths()
        return np.concatenate([own, *[own[: self._per_copy]] * len(self.copies)])

    def sight(self, index: int, epoch: int) -> Sight:
        """x of row `index`, as the model sees it: the example itself, or A of it."""
        row, copy = self.locate(index)
        source = View(self.examples[self._layout.locate(row)[0]])
        if copy is None:
            return self._look(source, source, row, epoch)
        drawn = epoch if self.resample == "epoch" else 0
        view = self.copies[copy](source, self._generator(drawn, source.example.id, f"data {copy}"))
        return self._look(view, source, row, drawn)

    def __getitem__(self, key: Key) -> Row:
        row, copy = self.locate(key.row)
        sight = self.sight(key.row, key.epoch)
        made = self._row(sight, self._partner(sight, row, copy, key.epoch))
        if not key.counts:
            nobody = [UNLABELLED] * len(made.sites)
            nowhere = [()] * len(made.partner_sites)
            return replace(made, labels=nobody, partner_labels=nobody, partner_sites=nowhere)
        if self.guided == "all" or (self.guided == "augmented" and copy is not None):
            known = self.teacher.of(key.row, len(made.sites)) if self.teacher is not None else None
            return replace(made, guided=True, teacher=known)
        return made

    def unchanging(self) -> list[int]:
        """Guided rows whose view is the same in every epoch: the teacher needs to see them once."""
        if self.guided is None:
            return []
        own = range(len(self._layout)) if self.guided == "all" else range(0)
        copies = range(len(self._layout), len(self)) if self.resample == "once" else range(0)
        return [*own, *copies]

    def _row(self, sight: Sight, partner: Sight | None) -> Row:
        """A row of the sites that the view has, whatever truncation took of a translation."""
        reading = self.task.reading
        own, said = sites(reading, sight), labels(self.task, sight)
        there = [number for number, site in enumerate(own) if site]
        row = Row(sight.encoded, [own[number] for number in there], [said[number] for number in there])
        if partner is None:
            return row
        others = partner_sites(reading, sight, partner)
        same = same_words(sight.view, partner.view) or reading.kind == "classification"
        answers = labels(self.task, partner) if same else [UNLABELLED] * len(own)
        return replace(
            row,
            partner=partner.encoded,
            partner_sites=[others[number] for number in there],
            partner_labels=[answers[number] for number in there],
            matched=matched(reading, sight, partner),
        )

    def _partner(self, sight: Sight, row: int, copy: int | None, epoch: int) -> Sight | None:
        """A'(x) or A*(x), made of the source text, or of the translation that x is."""
        if self.partner is None:
            return None
        source = self.examples[self._layout.locate(row)[0]]
        start = View(sight.view.example if sight.view.example.language != source.language else source)
        rng = self._generator(epoch, source.id, f"consistency {copy}")
        window = sight.window if start.example is not source else None
        return self._look(self.partner(start, rng), start, row, epoch, window)

    def _look(self, view: View, source: View, row: int, epoch: int, window: Window | None = None) -> Sight:
        """A view as the model sees it: whole, or through the window of what it was made of.

        Args:
            view: What is seen.
            source: What it was made of.
            row: Of D; says which window.
            epoch: In which a translation's window is drawn.
            window: Of `source`, where that is no example of D but a translation; None: the row's own.
        """
        example, own = self._layout.locate(row)
        if own is None:
            return Sight(view, self.encoder(view))
        if not same_words(view, source):
            source, window = View(view.example), self._window_of(view.example, row, example, epoch)
        view, seen, encoded = encode_window(self.encoder, view, source, window or own)
        return Sight(view, encoded, seen)

    def _window_of(self, translation: Example, row: int, example: int, epoch: int) -> Window:
        """The window of a translation that a row sees, which has as many as it has, not as many as its source.

        They are dealt to the rows of the example in turn; of several that a row has got one is drawn each epoch.
        """
        first, behind = self._layout.first_rows(example), self._layout.first_rows(example + 1)
        found = windows(self.encoder, translation)
        mine = found[row - first :: behind - first] or [found[(row - first) % len(found)]]
        rng = self._generator(epoch, translation.id, f"window {row - first}")
        return mine[int(rng.integers(len(mine)))]

    def _generator(self, epoch: int, example_id: str, role: str) -> np.random.Generator:
        return generator_for(self.seed, self.stage, epoch, example_id, role)
