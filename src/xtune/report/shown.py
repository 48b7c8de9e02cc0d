"""From the folders that a user names to what a report shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from xtune.errors import InputError
from xtune.report.compare import Comparison, compare, read_run
from xtune.report.page import page, study_page
from xtune.report.study import Study, read_study
from xtune.report.tables_text import tables_of

Format = Literal["html", "markdown", "latex"]


def read_shown(folders: Sequence[Path]) -> Comparison | Study:
    """What some folders hold: one study, or runs, the first of which the others are compared with.

    Raises:
        InputError: There is nothing finished in one of them, or they cannot be compared.
    """
    for folder in folders:
        if not folder.is_dir():
            problem = "this is a file, not a folder" if folder.exists() else "there is no such folder"
            raise InputError(problem, file=folder, field="RUN", remedy="name the folder of a run or of a study")
        if (folder / "study.json").is_file() and len(folders) > 1:
            remedy = "report it alone, or name some of its runs"
            raise InputError("a study is not compared with others", file=folder, field="RUN", remedy=remedy)
        _look_for_runs_within(folder)
    if (folders[0] / "study.json").is_file():
        return read_study(folders[0])
    return compare([read_run(folder) for folder in folders])


def render(shown: Comparison | Study, kind: Format) -> str:
    """A whole page, or tables for a document."""
    if kind == "html":
        return study_page(shown) if isinstance(shown, Study) else page(shown)
    return tables_of(shown, kind)


def _look_for_runs_within(folder: Path) -> None:
    """Refuse a folder that holds nothing but runs, and name them."""
    if any((folder / name).is_file() for name in ("study.json", "results.json", "config.yaml")):
        return
    inner = sorted(path.parent for path in folder.glob("*/results.json"))
    if inner:
        remedy = f"name them, what to compare with first: xtune report {' '.join(map(str, inner[:6]))}"
        raise InputError("there is no run in this folder, but in folders in it", file=folder, remedy=remedy)
