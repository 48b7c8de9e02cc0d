from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from xtune.runs.stage import _finish


def test_processes_look_for_the_selected_weights_before_one_of_them_cleans_up(tmp_path: Path) -> None:
    selected = tmp_path / "selected-3"
    selected.mkdir()
    (selected / "model.safetensors").write_bytes(b"weights")
    there: list[bool] = []
    trainer: Any = SimpleNamespace(
        state=SimpleNamespace(best_global_step=3, global_step=5, best_metric=80.0),
        args=SimpleNamespace(should_save=True),
        accelerator=SimpleNamespace(wait_for_everyone=lambda: there.append(selected.is_dir())),
        get_total_train_batch_size=lambda args: 8,
    )
    result = _finish(trainer, tmp_path, 1.5)
    assert there == [True, False]  # before the weights are moved, and when the stage is done
    assert (result.model / "model.safetensors").read_bytes() == b"weights"
    assert (result.selected_step, result.steps, result.examples) == (3, 5, 40)
