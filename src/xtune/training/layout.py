"""What of the training set each row of D sees: a whole example, or a window of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xtune.schema import Example, View
from xtune.tasks.task import Reading
from xtune.views.encode import Encoder
from xtune.views.windows import Window, windows

_CHUNK = 4096  # examples that are encoded together


class Layout(Protocol):
    """The rows of D, one behind the other."""

    def __len__(self) -> int: ...

    def lengths(self) -> NDArray[np.int32]:
        """Of each row's unaugmented encoding: `[rows]`, to bucket by."""

    def locate(self, row: int) -> tuple[int, Window | None]:
        """Which example a row is of, and through which window it is seen."""

    def first_rows(self, examples: int) -> int:
        """How many rows the first so many examples have."""


def layout(reading: Reading, encoder: Encoder, examples: Sequence[Example]) -> Layout:
    """The rows of some examples: one each where a text is cut if it is too long, else one a window."""
    return Whole(encoder, examples) if reading.kind == "classification" else Windowed(encoder, examples)


class Whole:
    """A row an example."""

    def __init__(self, encoder: Encoder, examples: Sequence[Example]) -> None:
        self._encoder, self._examples = encoder, examples

    def lengths(self) -> NDArray[np.int32]:
        """Computed in batches, which is several times as fast as one by one."""
        chunks = [
            self._encoder.lengths([self._examples[i] for i in range(start, min(start + _CHUNK, len(self)))])
            for start in range(0, len(self), _CHUNK)
        ]
        return np.concatenate([np.asarray(chunk, dtype=np.int32) for chunk in chunks])

    def __len__(self) -> int:
        return len(self._examples)

    def locate(self, row: int) -> tuple[int, None]:
        """All of an example."""
        return row, None

    def first_rows(self, examples: int) -> int:
        """As many."""
        return examples


class Windowed:
    """A row for each window of each example: 24 bytes a row."""

    def __init__(self, encoder: Encoder, examples: Sequence[Example]) -> None:
        found = [
            (number, window.start, window.end, *window.own, len(encoder(View(example), (window.start, window.end)).ids))
            for number, example in enumerate(examples)
            for window in windows(encoder, example)
        ]
        self._rows = np.array(found, dtype=np.int32).reshape(-1, 6)

    def __len__(self) -> int:
        return len(self._rows)

    def lengths(self) -> NDArray[np.int32]:
        """Known from the start."""
        return self._rows[:, 5]

    def locate(self, row: int) -> tuple[int, Window]:
        """An example, and one of its windows."""
        example, start, end, first, last = map(int, self._rows[row, :5])
        return example, Window(start, end, (first, last))

    def first_rows(self, examples: int) -> int:
        """Those of their windows."""
        return int(np.searchsorted(self._rows[:, 0], examples))
