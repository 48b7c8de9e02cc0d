"""Working through a grid: in this process, or in several that share it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.runs.files import write_text
from xtune.runs.fit import fit
from xtune.runs.grids.claims import Claim, ClaimLost, Claims
from xtune.runs.grids.grid import Grid, Run
from xtune.runs.grids.scores import run_score
from xtune.training.callbacks import EachStep
from xtune.training.threads import one_thread

POLL_SECONDS = 1.5
"""Between two looks at what others have done, where there is nothing else to do."""

Furnish = Callable[[Recipe], Recipe]
"""Gives a recipe what it needs and does not name; a function of a module, so that other processes find it."""


@dataclass(frozen=True)
class Work:
    """What a worker has to know.

    Args:
        grid: What there is to run.
        folder: Where to.
        storage: URL of the claims' storage; None: the journal in the folder.
        session: Of the command that it works for.
        furnish: Makes a recipe complete.
    """

    grid: Grid
    folder: Path
    storage: str | None
    session: str
    furnish: Furnish

    def place(self, run: Run) -> Path:
        """The run's folder."""
        return self.folder / "runs" / run.name

    def finished(self, run: Run) -> bool:
        """Whether it is there: `results.json` is written last, and whole."""
        return (self.place(run) / "results.json").is_file()

    def beside(self, run: Run) -> list[Path]:
        """The folders of the other runs with its seed, whose stages may be the same."""
        return [path for path in sorted(self.folder.glob(f"runs/*/seed{run.seed}")) if path != self.place(run)]

    def claims(self) -> Claims:
        """The claims on its runs."""
        return Claims(self.folder, self.storage, self.grid.study, self.session)


def work(job: Work, changed: Callable[[], None]) -> None:
    """Run whatever nobody else runs, until everything is finished or has failed; `changed` is called now and then."""
    claims, own = job.claims(), True
    while True:
        changed()
        left = [run for run in job.grid.runs if not job.finished(run)]
        given_up = claims.failures().keys() | claims.finished_elsewhere().keys() if left else set()
        left = [run for run in left if run.name not in given_up]
        if not left:
            return
        if not own:
            time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))
        own = any(_attempt(job, claims, run) for run in left)


def _attempt(job: Work, claims: Claims, run: Run) -> bool:
    """Do a run if it is to be had; whether it was."""
    claim = claims.take(run.name)
    if claim is None:
        return False
    with claim:
        if not job.finished(run):  # somebody may have been faster since the look at what is left
            _do(job, claim, run)
    return True


def _do(job: Work, claim: Claim, run: Run) -> None:
    place = job.place(run)
    try:
        recipe = job.furnish(job.grid.recipe(run))
        still_ours = EachStep(claim.check)
        quiet, others = Console(quiet=True), job.beside(run)
        results = fit(recipe, output_dir=place, console=quiet, callbacks=[still_ours], others=others)
        claim.complete(run_score(results, job.grid))
    except ClaimLost:
        pass  # another one has it
    except Exception as failure:  # one run's error is not the end of a grid
        if not isinstance(failure, InputError):
            write_text(place.with_name(f"{place.name}.error.txt"), traceback.format_exc())
        claim.fail(str(failure) or type(failure).__name__)
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def work_together(job: Work, jobs: int, changed: Callable[[], None]) -> None:
    """The same in so many processes, which end with this one.

    Args:
        job: What is worked on.
        jobs: How many; 1: this one alone.
        changed: Called now and then.

    Raises:
        InputError: All of them have died.
    """
    if jobs == 1:
        with one_thread(unless_told=True):
            return work(job, changed)
    context = multiprocessing.get_context("spawn")
    devices = visible_devices()
    processes = [context.Process(target=_worker, args=(job, number, devices)) for number in range(jobs)]
    try:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            wait([process.sentinel for process in processes if process.is_alive()], timeout=POLL_SECONDS)
            changed()
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
    if all(process.exitcode for process in processes):
        codes = ", ".join(str(process.exitcode) for process in processes)
        problem = f"all {jobs} processes died (exit codes {codes}; -9 may be a lack of memory)"
        raise InputError(problem, field="--jobs", remedy="the same command goes on; try fewer --jobs")


def visible_devices() -> list[str]:
    """The GPUs that processes can be dealt out to, as CUDA numbers them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return [part for part in named.split(",") if part] if named is not None else _all_devices()


def _all_devices() -> list[str]:
    return [str(number) for number in range(torch.cuda.device_count())]


def _worker(job: Work, number: int, devices: list[str]) -> None:
    """One of several processes: on a GPU of its own where there are enough, and not longer than its parent."""
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        with one_thread(unless_told=True):
            work(job, lambda: None)
    except KeyboardInterrupt:
        os._exit(130)


def _end_with(parent: Any) -> None:
    wait([parent.sentinel])
    os._exit(1)  # its run resumes with the next command
