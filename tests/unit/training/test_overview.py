from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from transformers import TrainerControl, TrainerState

from xtune.training import overview
from xtune.training.overview import Overview, Planned

RUN = Path("out")
STAGES = {
    RUN / "plain/stage1": Planned("plain", 1.0),
    RUN / "xtune/stage1": Planned("xtune, stage 1", 2.0),
    RUN / "xtune/stage2": Planned("xtune, stage 2", 4.0),
}
CONTROL = TrainerControl()


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(overview.time, "monotonic", clock)
    return clock


@pytest.fixture
def written() -> StringIO:
    return StringIO()


@pytest.fixture
def shown(written: StringIO) -> Iterator[Overview]:
    with Overview(STAGES, Console(file=written, width=80)) as shown:
        yield shown


def at(stage: str, step: int, steps: int = 20) -> tuple[Any, TrainerState, TrainerControl]:
    """What a callback is called with."""
    return SimpleNamespace(output_dir=str(RUN / stage)), TrainerState(global_step=step, max_steps=steps), CONTROL


def test_the_time_left_counts_the_stages_to_come_by_their_cost(shown: Overview, clock: Clock) -> None:
    assert shown.left() == "0:00"  # nothing is known yet
    shown.on_train_begin(*at("plain/stage1", 0))
    clock.now += 5
    shown.on_step_end(*at("plain/stage1", 10))
    assert shown.left() == "1:05"  # half a unit took 5 seconds, and 6.5 are left
    clock.now += 5
    shown.on_step_end(*at("plain/stage1", 20))
    assert shown.left() == "1:00"
    shown.on_train_end(*at("plain/stage1", 20))
    clock.now += 30  # the scores of a run are no part of the pace
    shown.on_train_begin(*at("xtune/stage1", 0, 40))
    clock.now += 40
    shown.on_step_end(*at("xtune/stage1", 20, 40))
    assert shown.left() == "2:05"  # two units took 50 seconds, and 5 are left


def test_what_an_earlier_command_trained_is_neither_left_nor_counted_as_quick(shown: Overview, clock: Clock) -> None:
    shown.finished(RUN / "plain")
    shown.on_train_begin(*at("xtune/stage2", 30, 40))  # so stage 1 is done too
    assert shown.left() == "0:00"
    clock.now += 8
    shown.on_step_end(*at("xtune/stage2", 35, 40))
    assert shown.left() == "0:08"


def test_without_a_terminal_each_log_is_a_line(shown: Overview, clock: Clock, written: StringIO) -> None:
    shown.on_train_begin(*at("plain/stage1", 0))
    clock.now += 2
    shown.on_step_end(*at("plain/stage1", 5))
    shown.on_log(*at("plain/stage1", 5), logs={"loss": 1.23456, "learning_rate": 1e-3})
    shown.on_log(*at("plain/stage1", 5), logs={"eval_selection": 50.0})
    assert written.getvalue() == "plain            25 %  loss 1.235  0:54 left in all\n"


def test_in_a_terminal_there_is_a_bar_for_each_stage(clock: Clock, written: StringIO) -> None:
    console = Console(file=written, width=80, force_terminal=True, legacy_windows=False, color_system=None)
    with Overview(STAGES, console) as shown:
        shown.on_train_begin(*at("plain/stage1", 0))
        clock.now += 61
        shown.on_step_end(*at("plain/stage1", 20))
        shown.on_log(*at("plain/stage1", 20), logs={"loss": 1.2})
        shown.on_train_end(*at("plain/stage1", 20))
        clock.now += 5  # the scores
        shown.finished(RUN / "plain")
        shown.on_train_begin(*at("xtune/stage2", 0))
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", written.getvalue())
    assert "loss" not in plain
    last = [line.rstrip() for line in plain.splitlines() if line.strip()][-3:]
    said = [re.sub("[ ━]+", " ", line).strip() for line in last]
    assert said == ["plain 100% 1:01", "xtune, stage 1 100% done before", "xtune, stage 2 0%"]
    assert max(map(len, last)) <= 80
