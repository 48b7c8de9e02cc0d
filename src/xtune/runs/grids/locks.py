"""A lock of the operating system on a file, which goes with its process however that ends."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system says that has no locks."""


class FileLock:
    """An exclusive lock; no process has to give it back for another one to get it once the first is dead.

    Args:
        path: Of the file, which stays there, empty: were it removed, two processes could hold two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.held = False
        """Whether nobody else holds it; False as well where the file system has no locks."""

    def acquire(self) -> bool:
        """Take the lock, without waiting. False: another process holds it.

        True as well where the file system has no locks; then `held` stays False.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab")
        try:
            _lock(self._file)
            self.held = True
        except OSError as failure:
            if failure.errno not in UNSUPPORTED:
                self.release()
                return False
        return True

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
        self._file, self.held = None, False


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold the lock on a file, once whoever has it is done."""
    lock = FileLock(path)
    while not lock.acquire():
        time.sleep(0.05)
    try:
        yield
    finally:
        lock.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
