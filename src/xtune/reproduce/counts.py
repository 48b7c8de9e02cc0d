"""Table 6: how many training examples and languages there are, counted in the data that are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text

from xtune.data import languages_of, load_split
from xtune.errors import InputError
from xtune.reproduce.figures import Table
from xtune.reproduce.planning import heading
from xtune.reproduce.plans import DATASETS
from xtune.runs.models import use_cache_if_unreachable
from xtune.tasks.datasets import dataset


@dataclass(frozen=True)
class Counted:
    """What there is of a dataset.

    Args:
        train: Training examples in English; None: there are none, for the reason given.
        languages: Languages with a test set; None likewise.
        reasons: Why something is missing.
    """

    train: int | None
    languages: int | None
    reasons: tuple[str, ...]


def count_data(folder: Path | None) -> dict[str, Counted]:
    """Count every dataset of table 6.

    Args:
        folder: XTREME's folders; None: the Hub.

    Raises:
        InputError: There is no such folder, or nothing of any dataset is there.
    """
    if folder is not None and not folder.is_dir():
        remedy = "name XTREME's download folder"
        raise InputError("there is no such folder", file=folder, field="--data-dir", remedy=remedy)
    if folder is None:
        use_cache_if_unreachable()
    counts = {column: _count(name, folder) for column, name in DATASETS.items()}
    if all(found.train is None and found.languages is None for found in counts.values()):
        where = f"in {folder}" if folder else "on the Hub, or it cannot be reached"
        remedy = "give --data-dir, the folder that holds xnli/, pawsx/ …; or connect to the network"
        raise InputError(f"none of the datasets is {where}", field="--data-dir", remedy=remedy)
    return counts


def counts_report(shown: Table, counts: Mapping[str, Counted]) -> Group:
    """The table for the terminal: what was counted beside what is printed, and what is missing."""
    table = Grid(box=None, pad_edge=False)
    for name in ("dataset", "train", "paper", "languages", "paper"):
        table.add_column(name, justify="left" if name == "dataset" else "right")
    reasons = []
    for row in shown.rows:
        found = counts[row.name]
        train, languages = row.cells["train"], row.cells["languages"]
        table.add_row(
            row.name,
            _cell(found.train, found.train is not None and is_rounded(found.train, train)),
            train,
            _cell(found.languages, str(found.languages) == languages),
            languages,
        )
        reasons += [f"{row.name}: {reason}" for reason in found.reasons]
    notes = [Text(reason, style="dim") for reason in reasons]
    end = Text("! differs. Training examples are the English ones; languages are those with a test set.", style="dim")
    return Group(heading(shown), "", table, "", *notes, end)


def is_rounded(count: int, printed: str) -> bool:
    """Whether a count is what the paper prints, which rounds some counts and cuts others.

    >>> is_rounded(392702, "392K"), is_rounded(3696, "3.7K"), is_rounded(37544, "392K")
    (True, True, False)
    """
    number = printed.removesuffix("K")
    unit = 10 ** (3 - len(number.partition(".")[2]))
    wanted = round(float(number) * 1000)
    return wanted in (count // unit * unit, round(count / unit) * unit)


def _cell(count: int | None, agrees: bool) -> Text:
    if count is None:
        return Text("")
    return Text(f"{count:,}") if agrees else Text(f"{count:,} !", style="bold yellow")


def _count(name: str, folder: Path | None) -> Counted:
    source, reasons = dataset(name).locate(folder=folder), []
    train: int | None = None
    languages: int | None = None
    try:
        train = sum(1 for _ in load_split(source, "train", source.source_language))
    except InputError as failure:
        reasons.append(f"no training set: {_why(failure)}")
    try:  # an example of each language, as a table of languages is none of data
        named = languages_of(source, "test")
        languages = sum(1 for code in named for _ in load_split(source, "test", code, max_examples=1))
    except InputError as failure:
        reasons.append(f"no test sets: {_why(failure)}")
    return Counted(train, languages, tuple(reasons))


def _why(failure: InputError) -> str:
    """What is wrong, without what else was tried."""
    problem = failure.problem.partition("; ")[0]
    return f"{problem} ({failure.file})" if failure.file else problem
