"""Where the claims on a grid's runs are kept: an Optuna storage, by default a journal in the grid's folder."""

from __future__ import annotations

import time
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from xtune.errors import InputError

JOURNAL = "study.log"
"""The default storage, in the grid's folder."""

ATTEMPTS = 5
"""Two processes that make a database's tables at once get in each other's way; the second time they are there."""


def open_study(folder: Path, url: str | None, name: str) -> tuple[optuna.Study, BaseStorage]:
    """The Optuna study of a name, made if it is not there, and its storage.

    Args:
        folder: Of the grid.
        url: Of a database, as SQLAlchemy writes it; None: the journal.
        name: Of the study.

    Raises:
        InputError: The storage cannot be opened or read.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = _journal(folder / JOURNAL) if url is None else _database(url)
    sampler = optuna.samplers.RandomSampler()  # nothing is drawn; the default sampler would look for parameters
    study = optuna.create_study(
        storage=storage, study_name=name, sampler=sampler, direction="maximize", load_if_exists=True
    )
    return study, storage


def _journal(path: Path) -> BaseStorage:
    place = str(path.absolute())
    try:
        return JournalStorage(JournalFileBackend(place, JournalFileOpenLock(place)))
    except (ValueError, KeyError, AssertionError):  # a line was cut off, by a full disk or a crash of the machine
        remedy = "remove it while nobody is at work; what is finished stays finished"
        raise InputError("the journal is broken", file=path, remedy=remedy) from None


def _database(url: str) -> BaseStorage:
    options = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
    remedy = "write for example sqlite:////shared/study.db or postgresql://USER@HOST/NAME"
    for attempt in range(ATTEMPTS):
        try:
            return RDBStorage(url, engine_kwargs=options)
        except ImportError as failure:
            problem = f"the database's driver is not installed: {failure.__cause__ or failure}"
            raise InputError(problem, field="--storage", remedy="install it with pip") from None
        except ArgumentError:
            raise InputError("this is no database's URL", field="--storage", remedy=remedy) from None
        except (SQLAlchemyError, RuntimeError) as failure:
            if attempt == ATTEMPTS - 1:
                said = str(getattr(failure, "orig", None) or failure).strip().splitlines()[0]
                problem = f"the database cannot be opened: {said}"
                raise InputError(problem, field="--storage", remedy=remedy) from None
        time.sleep(0.2 * (attempt + 1))
    raise AssertionError("the last attempt returns or raises")
