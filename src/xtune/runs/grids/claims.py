"""Who runs what of a grid: at most one live process a run, and none is held up by a dead one.

Two things decide, because neither does alone. A process that wants a run

1. takes the operating system's lock on `runs/CELL/.seedN.lock`, without waiting;
2. adds a trial in state RUNNING to the Optuna study, a claim, and reads them all; where an older claim on the run is
   alive, it withdraws its own. Adding a trial is what each of Optuna's storages puts in an order (the journal by its
   lock, databases by the row of the study, SQLite by its write lock). Turning a waiting trial into a running one is
   not: on SQLite two processes may both succeed.

What that guarantees on one machine: two processes with one folder never have one run at once, and a killed one holds
nobody up, because the kernel gives its lock back. No clock and no storage take part in this.

What it guarantees across machines: a claim is alive as long as its beat, a number that its process raises every
`BEAT_SECONDS`, changes within `GRACE_SECONDS` on the watch of whoever waits; no two clocks have to agree. So a run of a
machine that is gone is free after that time. A process that was suspended, or cut off from the storage, for longer
finds out at its next optimizer step (`Claim.check`) and gives up; until then, one step at most, two may have one run.
Where the file system's locks reach the other machine too (NFS 4, Lustre with `flock`), point 1 prevents even that.

Claims say who is at work. What is finished, `results.json` in the run's folder says: a storage can be thrown away while
nobody is at work, and nothing is lost.
"""

from __future__ import annotations

import logging
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState, create_trial

from xtune.runs.grids.locks import FileLock
from xtune.runs.grids.storage import open_study

BEAT_SECONDS, GRACE_SECONDS = 30.0, 300.0


class ClaimLost(Exception):
    """Somebody took this process for dead, and has the run now."""


class Claims:
    """The claims on the runs of one grid.

    Args:
        folder: Of the grid.
        url: Of an Optuna storage; None: the journal in the folder.
        study: The study's name, the same for all who share the work.
        session: Of the command that this process works for; a run that failed is not tried again in it.

    Raises:
        InputError: The storage cannot be opened.
    """

    def __init__(self, folder: Path, url: str | None, study: str, session: str) -> None:
        self._folder, self._session = folder, session
        self._place = {"machine": _machine(), "host": socket.gethostname(), "folder": _identity(folder)}
        self._seen: dict[int, tuple[int, float]] = {}
        self._study, self._storage = open_study(folder, url, study)

    def take(self, run: str) -> Claim | None:
        """Claim a run; None while somebody else has it.

        Args:
            run: `CELL/seedN`.
        """
        path = self._folder / "runs" / run
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        if not lock.acquire():
            return None
        trial = None
        try:
            trial = self._claim(run, lock)
        finally:
            if trial is None:
                lock.release()
        return None if trial is None else Claim(self, trial, lock)

    def _claim(self, run: str, lock: FileLock) -> FrozenTrial | None:
        open_claims = self._running(run)
        if any(self._alive(trial, lock) for trial in open_claims):
            return None
        for trial in open_claims:
            self.close(trial)
        token = uuid.uuid4().hex
        values = {"run": run, "token": token, "beat": 0, "session": self._session, **self._place}
        self._study.add_trial(create_trial(state=TrialState.RUNNING, user_attrs=values))
        claims = self._running(run)
        mine = next((trial for trial in claims if trial.user_attrs["token"] == token), None)
        if mine and any(trial.number < mine.number and self._alive(trial, lock) for trial in claims):
            self.close(mine)
            return None
        return mine

    def finished_elsewhere(self) -> dict[str, str]:
        """The runs that are finished in another folder, and the host that did them."""
        found = self._with_state(TrialState.COMPLETE)
        return {each["run"]: each["host"] for each in found if each["folder"] != self._place["folder"]}

    def failures(self) -> dict[str, str]:
        """The runs that ended with an error under this command, and the error."""
        found = self._with_state(TrialState.FAIL)
        return {each["run"]: each["error"] for each in found if "error" in each and each["session"] == self._session}

    def record(self, scores: Mapping[str, float]) -> None:
        """Tell the storage of runs that are finished in this folder, where it does not know."""
        found, own = self._with_state(TrialState.COMPLETE), self._place["folder"]
        known = {each["run"] for each in found if each["folder"] == own}
        for run in scores.keys() - known:
            values = {"run": run, "session": self._session, **self._place}
            self._study.add_trial(create_trial(state=TrialState.COMPLETE, value=scores[run], user_attrs=values))

    def close(self, trial: FrozenTrial, error: str | None = None) -> None:
        """End a claim whose run is not finished, if it has not ended."""
        try:
            if error is not None:
                self._storage.set_trial_user_attr(trial._trial_id, "error", error)
            self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        except UpdateFinishedTrialError:
            pass

    def complete(self, trial: FrozenTrial, score: float) -> None:
        """End a claim whose run is finished."""
        self._study.tell(trial.number, score, skip_if_finished=True)

    def beat(self, trial: FrozenTrial, count: int) -> None:
        """Show that a claim's process is alive."""
        self._storage.set_trial_user_attr(trial._trial_id, "beat", count)

    def _running(self, run: str) -> list[FrozenTrial]:
        trials = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in trials if trial.user_attrs.get("run") == run]

    def _with_state(self, state: TrialState) -> list[dict[str, str]]:
        return [trial.user_attrs for trial in self._study.get_trials(deepcopy=False, states=(state,))]

    def _alive(self, trial: FrozenTrial, lock: FileLock) -> bool:
        """Whether the process of a claim may be at work, `lock` being ours."""
        values, now = trial.user_attrs, time.monotonic()
        if lock.held and all(values[name] == self._place[name] for name in ("machine", "folder")):
            return False  # it would hold the lock
        beat, since = self._seen.get(trial.number, (None, now))
        self._seen[trial.number] = (values["beat"], since if beat == values["beat"] else now)
        return now - self._seen[trial.number][1] < GRACE_SECONDS


class Claim:
    """A run that is this process's to do; a context manager that keeps the claim alive, and gives it back."""

    def __init__(self, claims: Claims, trial: FrozenTrial, lock: FileLock) -> None:
        self._claims, self._trial, self._lock = claims, trial, lock
        self._beats, self._last, self._lost = 0, time.monotonic(), False
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._keep_alive, name="claim", daemon=True)

    def __enter__(self) -> Claim:
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._heart.join()
        self._claims.close(self._trial)
        self._lock.release()

    def complete(self, score: float) -> None:
        """The run is finished."""
        self._claims.complete(self._trial, score)

    def fail(self, error: str) -> None:
        """The run ended with an error."""
        self._claims.close(self._trial, error)

    def check(self) -> None:
        """Make sure that nobody else has the run, where this process may have been taken for dead.

        Raises:
            ClaimLost: It was.
        """
        if time.monotonic() - self._last > GRACE_SECONDS / 2:  # suspended, or cut off from the storage
            self._beat()
        if self._lost or time.monotonic() - self._last > GRACE_SECONDS:
            raise ClaimLost

    def _keep_alive(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        try:
            self._claims.beat(self._trial, self._beats + 1)
            self._beats, self._last = self._beats + 1, time.monotonic()
        except UpdateFinishedTrialError:
            self._lost = True
        except Exception as failure:  # the storage is out of reach; `check` counts for how long
            logging.getLogger(__name__).debug("no beat of a claim: %s", failure)


def _machine() -> str:
    """What all processes that share a kernel, and so its locks, have in common."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"{socket.gethostname()}-{uuid.getnode()}"


def _identity(folder: Path) -> str:
    """A name of the folder's own, whatever the path by which a machine reaches it."""
    place = folder / ".identity"
    if not place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".identity-", dir=folder) as scratch:
            new = Path(scratch) / "new"
            new.mkdir()
            (new / uuid.uuid4().hex).touch()
            try:
                new.rename(place)
            except OSError:  # another process was faster
                assert place.is_dir()
    return next(place.iterdir()).name
