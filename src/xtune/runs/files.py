"""Files that are whole whenever they exist: written under a temporary name, then renamed."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xtune.atomic import replacing
from xtune.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename: a file that exists is whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def scratch_folder(run: Path, rank: int) -> Iterator[Path]:
    """A folder for what a process of a run needs while it runs, gone afterwards.

    It has the same name whenever the run is resumed, so that what a killed run left is removed, not piled up.
    """
    place = hashlib.sha256(str(run.absolute()).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"xtune-{getpass.getuser()}-{place}-{rank}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)  # fails where somebody else has put one there
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def json_lines(values: Iterable[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a file that is whole whenever it exists."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path, remedy: str) -> Any:
    """The value of a JSON file that an earlier command wrote.

    Raises:
        InputError: It cannot be read, with `remedy`.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise InputError(f"the file is broken: {failure}", file=path, remedy=remedy) from None


def check_writable(folder: Path, field: str = "--output-dir") -> None:
    """Refuse a folder that cannot be made or written, before anything is loaded for it.

    Raises:
        InputError: Naming the folder, or the nearest one above it that exists.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    if not nearest.is_dir():
        raise InputError("this is a file, not a folder", file=nearest, field=field, remedy="name a new folder")
    try:  # a folder's mode says too little: mounts, quotas and other users have their say
        os.rmdir(tempfile.mkdtemp(prefix=".xtune-", dir=nearest))
    except OSError as failure:
        problem = f"the folder cannot be written: {failure.strerror}"
        raise InputError(problem, file=nearest, field=field, remedy="name another one") from None


def check_output(output: Path, input: Path | None = None) -> None:
    """Refuse a file that cannot be written, before anything is loaded for it.

    Raises:
        InputError: It is a folder or the input itself, or its folder is not there or cannot be written.
    """
    folder = output.absolute().parent
    if not folder.is_dir():
        raise InputError("its folder does not exist", file=output, field="--output", remedy="make the folder first")
    if output.is_dir():
        raise InputError("this is a folder, not a file", file=output, field="--output", remedy="name a file in it")
    if input is not None and output.exists() and input.exists() and output.samefile(input):
        raise InputError("this is the input", file=output, field="--output", remedy="name another file")
    check_writable(folder, field="--output")
