"""Logits that were computed beforehand, on disk: of as many sites and outcomes as each row has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xtune.atomic import replacing


class KnownLogits:
    """The logits that a file holds, memory-mapped. Pickled as its path.

    Args:
        path: The folder that `write` made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: NDArray[np.int64] = np.load(path / "starts.npy", mmap_mode="r")
        self._values: NDArray[np.float32] = np.memmap(path / "values", dtype=np.float32, mode="r")

    def __reduce__(self) -> tuple[type[KnownLogits], tuple[Path]]:
        return KnownLogits, (self.path,)

    def of(self, row: int, sites: int) -> NDArray[np.float32] | None:
        """The logits of a row, `[sites, outcomes]`; None where they are not known."""
        start, end = self._starts[row : row + 2]
        return np.array(self._values[start:end]).reshape(sites, -1) if end > start else None

    @classmethod
    def write(cls, path: Path, rows: int, found: Iterable[tuple[int, NDArray[np.float32]]]) -> KnownLogits:
        """Write logits as they come, whole or not at all.

        Args:
            path: The folder to make.
            rows: How many rows there are, known or not.
            found: Rows in rising order, and the logits of each, `[sites, outcomes]`.
        """
        sizes = np.zeros(rows + 1, dtype=np.int64)
        with replacing(path) as temporary:
            temporary.mkdir(parents=True)
            with (temporary / "values").open("wb") as file:
                for row, logits in found:
                    sizes[row + 1] = logits.size
                    file.write(np.ascontiguousarray(logits, dtype=np.float32).tobytes())
            np.save(temporary / "starts.npy", np.cumsum(sizes))
        return cls(path)
