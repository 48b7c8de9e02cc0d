"""Finding rows by a string key without a Python object for every row."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt


def hash_key(key: str) -> int:
    """64 bits of BLAKE2: the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8"), digest_size=8).digest(), "little")


class KeyIndex:
    """Rows by key: the keys' 64-bit hashes in order, each with its row; 16 bytes a row, and 32 while it is made.

    Two keys may share a hash, so whoever asks compares the key of each row found with the one sought.

    Args:
        hashes: One a row, in the order of the rows.

    >>> index = KeyIndex.of(["a", "b", "a"])
    >>> index.rows("a"), index.rows("c")
    ([0, 2], [])
    """

    def __init__(self, hashes: npt.ArrayLike) -> None:
        unsorted = np.asarray(hashes, dtype=np.uint64)
        order = np.argsort(unsorted, kind="stable")
        self._hashes, self._rows = unsorted[order], order.astype(np.uint64)

    @classmethod
    def of(cls, keys: Iterable[str]) -> KeyIndex:
        """Index keys in their order, one a row."""
        return cls(array("Q", map(hash_key, keys)))

    @classmethod
    def open(cls, path: Path) -> KeyIndex:
        """An index that `save` wrote, memory-mapped."""
        index = cls.__new__(cls)
        table = np.load(path, mmap_mode="r").view(np.ndarray)  # still mapped, without memmap's slow views
        index._hashes, index._rows = table
        return index

    def save(self, path: Path) -> None:
        """Write the index for `open`."""
        np.save(path, np.stack([self._hashes, self._rows]))

    def rows(self, key: str) -> list[int]:
        """The rows whose key has this key's hash, in order."""
        sought = np.uint64(hash_key(key))
        first, last = self._hashes.searchsorted(sought, "left"), self._hashes.searchsorted(sought, "right")
        return [int(row) for row in self._rows[first:last]]
