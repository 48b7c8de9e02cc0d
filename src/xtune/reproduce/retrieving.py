"""Retrieval with the models of table 5, by the function behind `xtune retrieve`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from xtune.config.load import load_recipe
from xtune.data.parallel import load_tatoeba
from xtune.errors import InputError
from xtune.reproduce.job import Job
from xtune.reproduce.subjects import Subject, place_of, subjects, tasks_of
from xtune.reproduce.unfinished import Failures, incomplete, tell
from xtune.runs.bare import Bare, load_bare
from xtune.runs.grids.workers import Furnish
from xtune.runs.retrieve import SIMILARITIES, Retriever, retrieve_into, wanted_languages

Sentences = Callable[[int], Path]
"""The folder of the pocket benchmark's sentences and translations, by seed."""


def check_sentences(job: Job, console: Console) -> Failures:
    """The tasks without what they need, which the user is told of before anything is trained for them."""
    refused: Failures = {}
    for task in () if job.pocket else tasks_of(job):
        try:
            _check(task, place_of(job, task))
        except InputError as failure:
            refused[task] = failure
            tell(task, failure, console)
    return refused


def retrieve_all(job: Job, refused: Failures, *, furnish: Furnish, sentences: Sentences, console: Console) -> None:
    """Retrieve with every model of the table that is there, and with the encoder; what is found already is kept.

    Args:
        job: The table.
        refused: Tasks that are left out, as `check_sentences` gives them.
        furnish: Completes a recipe.
        sentences: Of the pocket benchmark.
        console: Where progress is shown.

    Raises:
        InputError: A task was refused or has failed, or a model cannot be loaded, when the rest is done.
    """
    failed = dict(refused)
    for subject in subjects(job, job.found()):
        left = [task for task in tasks_of(job) if not subject.results(task).is_file() and task not in failed]
        if not left:
            continue
        try:
            bare = _load(job, subject, furnish)
        except InputError as failure:
            failed[subject.name] = failure
            tell(subject.name, failure, console)
            continue
        for task in left:
            place = sentences(subject.seed) if job.pocket else place_of(job, task)
            try:
                _retrieve(bare, subject, task, place, console)
            except InputError as failure:  # of its files, so other models need not try
                failed[task] = failure
                tell(task, failure, console)
    if failed:
        raise incomplete("retrieval is not complete", failed)


def _retrieve(bare: Bare, subject: Subject, task: str, place: Path | None, console: Console) -> None:
    name, output = escape(subject.name), subject.results(task).parent
    with console.status(f"{name} …") as status:
        languages = wanted_languages(task, place, None)
        retriever = Retriever(bare, SIMILARITIES[task])
        retrieve_into(output, retriever, task, place, languages, lambda said: status.update(f"{name}: {said}"))


def _load(job: Job, subject: Subject, furnish: Furnish) -> Bare:
    if subject.run is not None:
        return load_bare(str(subject.run))
    return load_bare(furnish(load_recipe(job.cells[0].variant.recipe, [*job.more, f"seed={subject.seed}"])).model)


def _check(task: str, place: Path | None) -> None:
    languages = wanted_languages(task, place, None)
    if task == "tatoeba" and place and all(load_tatoeba(place, code).gold is None for code in languages):
        problem = "the English sentences are in alphabetical order, so nothing says what translates what"
        remedy = "rename the folder, and the Hub's copy is taken in its place, which is in order"
        raise InputError(problem, file=place / task, field="--data-dir", remedy=remedy)
