"""At most one live process has a run, and a dead one holds nobody up. What a grid makes of it: tests/recipes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.invariant.runs import CONTEXT
from xtune.errors import InputError
from xtune.runs.grids import claims as claims_module
from xtune.runs.grids.claims import ClaimLost, Claims
from xtune.runs.grids.locks import FileLock
from xtune.runs.grids.storage import JOURNAL, open_study

RUN = "r1-cs/seed1"


def opened(folder: Path, url: str | None = None, session: str = "one") -> Claims:
    return Claims(folder, url, "a study", session)


def states(folder: Path, url: str | None = None) -> list[str]:
    return [trial.state.name for trial in open_study(folder, url, "a study")[0].get_trials()]


@pytest.fixture(params=["journal", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return f"sqlite:///{tmp_path}/study.db" if request.param == "sqlite" else None


def test_a_run_is_had_by_one_and_given_back(tmp_path: Path, url: str | None) -> None:
    one, other = opened(tmp_path / "grid", url), opened(tmp_path / "grid", url)
    claim = one.take(RUN)
    assert claim is not None
    with claim:
        assert other.take(RUN) is None
        assert (free := other.take("plain/seed1")) is not None
        with free:
            free.complete(70.0)
    taken = other.take(RUN)
    assert taken is not None
    with taken:
        assert one.take(RUN) is None
    assert states(tmp_path / "grid", url) == ["FAIL", "COMPLETE", "FAIL"]


def hold(folder: Path, url: str | None, ready: Any) -> None:
    claim = opened(folder, url).take(RUN)
    assert claim is not None
    with claim:
        ready.set()
        time.sleep(600)


@pytest.mark.slow
def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    ready = CONTEXT.Event()
    process = CONTEXT.Process(target=hold, args=(tmp_path, None, ready))
    process.start()
    assert ready.wait(60)
    claims = opened(tmp_path)
    assert claims.take(RUN) is None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    taken = claims.take(RUN)  # at once
    assert taken is not None
    with taken:
        taken.complete(1.0)
    assert states(tmp_path) == ["FAIL", "COMPLETE"]


RUNS = [f"r1-cs/seed{seed}" for seed in range(8)]


def grab(folder: Path, url: str, together: Any, result: Any) -> None:
    claims = opened(folder, url)
    held = []
    for run in RUNS:
        together.wait(120)
        if (claim := claims.take(run)) is not None:
            held.append(claim)
            result.put(run)
    together.wait(120)  # alive until all have tried


@pytest.mark.slow
def test_of_many_machines_one_gets_a_run(tmp_path: Path) -> None:
    """Folders of their own, and so no common lock: the storage alone decides, and SQLite is its weakest.

    Of 60 waiting trials that three threads wanted to turn into running ones at once, SQLite gave 14 to more than one.
    """
    url, result, together = f"sqlite:///{tmp_path}/study.db", CONTEXT.Queue(), CONTEXT.Barrier(3)
    opened(tmp_path / "first", url)
    processes = [CONTEXT.Process(target=grab, args=(tmp_path / str(at), url, together, result)) for at in range(3)]
    for process in processes:
        process.start()
    got = [result.get(timeout=240) for _ in RUNS]  # each has been given to somebody
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert sorted(got) == sorted(RUNS) and result.empty()  # and to nobody else


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time go by for the claims, without beats."""
    now = [1000.0]
    monkeypatch.setattr(claims_module.time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_another_machines_run_is_free_when_its_beat_has_stopped(tmp_path: Path, clock: Callable[[float], None]) -> None:
    database = f"sqlite:///{tmp_path}/study.db"
    far, near = opened(tmp_path / "far", database), opened(tmp_path / "near", database)
    claim = far.take(RUN)
    assert claim is not None and near.take(RUN) is None
    clock(claims_module.GRACE_SECONDS - 1)
    assert near.take(RUN) is None
    claim._beat()
    clock(2)
    assert near.take(RUN) is None  # it has moved
    clock(claims_module.GRACE_SECONDS + 1)
    taken = near.take(RUN)
    assert taken is not None
    with pytest.raises(ClaimLost):  # the other finds out before its next step
        claim.check()
    claim.complete(50.0)  # and changes nothing
    with taken:
        taken.complete(60.0)
    assert states(tmp_path, database) == ["FAIL", "COMPLETE"]


def test_who_is_cut_off_from_the_storage_gives_up_before_others_may_take_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Callable[[float], None]
) -> None:
    claims = opened(tmp_path)
    claim = claims.take(RUN)
    assert claim is not None

    def unreachable(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(claims, "beat", unreachable)
    clock(claims_module.GRACE_SECONDS * 0.9)
    claim.check()
    clock(claims_module.GRACE_SECONDS * 0.2)
    with pytest.raises(ClaimLost):
        claim.check()


def test_what_failed_is_not_tried_again_by_the_same_command(tmp_path: Path) -> None:
    one, same, next_day = opened(tmp_path), opened(tmp_path), opened(tmp_path, session="two")
    claim = one.take(RUN)
    assert claim is not None
    with claim:
        claim.fail("out of memory")
    assert same.failures() == {RUN: "out of memory"}
    assert next_day.failures() == {}


def test_what_is_finished_in_another_folder_is_known(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    far, near = opened(tmp_path / "far", url), opened(tmp_path / "near", url)
    far.record({RUN: 80.0})
    far.record({RUN: 80.0})
    assert states(tmp_path, url) == ["COMPLETE"]
    assert list(near.finished_elsewhere()) == [RUN] and far.finished_elsewhere() == {}


def test_a_lock_goes_with_its_file_handle_not_with_its_name(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "a.lock"), FileLock(tmp_path / "a.lock")
    assert one.acquire() and one.held and not other.acquire() and not other.held
    one.release()
    assert other.acquire()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no database's URL"),
        ("oracle9://x/y", "no database's URL"),
        ("postgresql://nobody@localhost/x", "driver is not installed"),
        ("sqlite:////no/such/folder/study.db", "cannot be opened"),
    ],
)
def test_a_storage_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setattr("xtune.runs.grids.storage.ATTEMPTS", 1)
    with pytest.raises(InputError, match=said) as caught:
        opened(tmp_path, url)
    assert caught.value.field == "--storage"


def test_a_broken_journal_is_refused_and_can_be_thrown_away(tmp_path: Path) -> None:
    opened(tmp_path).record({RUN: 80.0})
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-9] + b"\n{}\n")
    with pytest.raises(InputError, match="broken") as caught:
        opened(tmp_path)
    assert caught.value.file == journal
    journal.unlink()
    assert opened(tmp_path).failures() == {}
