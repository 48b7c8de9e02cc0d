from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console
from transformers import TrainerControl, TrainerState

from xtune.training.callbacks import JsonLog, LogBeforeSave, Reporter, cut_log


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(path: Path, *entries: tuple[str, int], tail: str = "") -> Path:
    text = "".join(json.dumps({"stage": stage, "step": step, "seconds": step / 2}) + "\n" for stage, step in entries)
    path.write_text(text + tail, encoding="utf-8")
    return path


def test_the_log_is_cut_back_to_the_step_resumed_from(tmp_path: Path) -> None:
    path = write(tmp_path / "log", ("stage1", 10), ("stage1", 90), ("stage2", 5), ("stage2", 10), ("stage2", 15))
    kept = cut_log(path, "stage2", 10)
    expected = [("stage1", 10), ("stage1", 90), ("stage2", 5), ("stage2", 10)]
    assert [(line["stage"], line["step"]) for line in kept] == expected
    assert lines(path) == kept
    assert [file.name for file in tmp_path.iterdir()] == ["log"]
    assert [line["stage"] for line in cut_log(path, "stage2", 0)] == ["stage1", "stage1"]


def test_a_line_that_a_kill_cut_off_is_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "log", ("stage1", 1), tail='{"stage": "stage1", "st')
    assert len(cut_log(path, "stage1", 5)) == 1
    assert path.read_text("utf-8").endswith("\n")  # so that the next line begins on its own
    assert len(lines(path)) == 1


def test_no_log_yet(tmp_path: Path) -> None:
    assert cut_log(tmp_path / "log", "stage1", 5) == []
    assert not (tmp_path / "log").exists()


def state(step: int, main: bool = True, epoch: float | None = None) -> TrainerState:
    return TrainerState(global_step=step, max_steps=20, is_world_process_zero=main, epoch=epoch)


def test_each_log_is_a_line_with_stage_step_and_all_time_spent(tmp_path: Path) -> None:
    path = write(tmp_path / "log", ("stage1", 8), ("stage2", 4))
    log, control, args = JsonLog(path, "stage2"), TrainerControl(), SimpleNamespace()
    log.on_train_begin(args, state(4), control)
    log.on_log(args, state(6), control, {"loss": 1.5, "r1": 0.5})
    log.on_log(args, state(8), control, {"eval_selection": 80.0})
    log.on_log(args, state(8), control, {"train_runtime": 3.0})  # the Trainer's summary, which is none of ours
    log.on_log(args, state(9, main=False), control, {"loss": 1.0})
    found = lines(path)
    assert [(line["stage"], line["step"]) for line in found] == [
        ("stage1", 8),
        ("stage2", 4),
        ("stage2", 6),
        ("stage2", 8),
    ]
    assert (found[2]["loss"], found[2]["r1"], found[3]["eval_selection"]) == (1.5, 0.5, 80.0)
    assert 2.0 <= found[2]["seconds"] <= found[3]["seconds"] < 60  # from the 2 s before the resumption on
    assert log.seconds >= found[3]["seconds"] - 0.001


def test_other_processes_do_not_touch_the_log(tmp_path: Path) -> None:
    path = write(tmp_path / "log", ("stage1", 9))
    JsonLog(path, "stage1").on_train_begin(SimpleNamespace(), state(2, main=False), TrainerControl())
    assert len(lines(path)) == 1


def test_a_step_that_saves_logs() -> None:
    """Else the steps between the last log and a checkpoint would be missing from a resumed run's next mean."""
    for hook in (LogBeforeSave().on_step_end, LogBeforeSave().on_epoch_end):
        for save, log, expected in ((True, False, True), (False, False, False), (False, True, True)):
            control = TrainerControl(should_save=save, should_log=log)
            hook(SimpleNamespace(), state(1, epoch=0.5), control)
            assert control.should_log is expected


def test_a_checkpoint_at_the_end_of_an_epoch_waits_for_its_evaluation() -> None:
    hook, control = LogBeforeSave(), TrainerControl(should_save=True)
    hook.on_step_end(SimpleNamespace(), state(7, epoch=1.0), control)
    assert not control.should_save
    hook.on_epoch_end(SimpleNamespace(), state(7, epoch=1.0), control)
    assert control.should_save and control.should_log


def test_progress_in_plain_lines(tmp_path: Path) -> None:
    text = StringIO()
    reporter = Reporter("stage2", Console(file=text, width=200))
    args, control = SimpleNamespace(), TrainerControl()
    reporter.on_train_begin(args, state(4), control)
    reporter.on_log(args, state(10), control, {"loss": 1.25, "task": 1.0, "r1": 0.25, "learning_rate": 3e-5})
    reporter.on_log(args, state(10), control, {"eval_selection": 81.5, "eval_en_accuracy": 81.5})
    reporter.on_log(args, state(10, main=False), control, {"loss": 9.0})
    reporter.on_log(args, state(20), control, {"train_runtime": 1.0})
    shown = text.getvalue().splitlines()
    assert shown[0] == "stage2: resumed at step 4 of 20"
    assert "step 10/20" in shown[1] and "loss 1.25  task 1  r1 0.25" in shown[1] and "left" in shown[1]
    assert shown[2].endswith("dev  en_accuracy 81.5")  # one language: what is selected by is that
    assert len(shown) == 3
