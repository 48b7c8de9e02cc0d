"""Folders that are whole whenever they have their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from xtune.training.trainer import clean_stage, last_checkpoint, replace_folder


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(name, encoding="utf-8")
    return folder


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_last_checkpoint_is_the_one_of_the_highest_step(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    assert last_checkpoint(tmp_path / "none") is None
    make(tmp_path, "checkpoint-9", "checkpoint-100", "checkpoint-20", "selected-500", ".saving-selected-7")
    make(tmp_path / ".saving", "checkpoint-700")
    make(tmp_path, ".old-checkpoint-900", "checkpoint-x", "checkpoint-")
    found = last_checkpoint(tmp_path)
    assert found is not None and found.name == "checkpoint-100"


def test_a_folder_takes_its_name_and_the_one_that_had_it_goes(tmp_path: Path) -> None:
    make(tmp_path, "new", "name")
    replace_folder(tmp_path / "new", tmp_path / "name")
    assert left(tmp_path) == ["name"]
    assert (tmp_path / "name" / "file").read_text("utf-8") == "new"
    make(tmp_path, "again", ".old-name")  # a kill between two renames left this
    replace_folder(tmp_path / "again", tmp_path / "name")
    assert left(tmp_path) == ["name"]
    assert (tmp_path / "name" / "file").read_text("utf-8") == "again"


def test_a_folder_with_a_new_name(tmp_path: Path) -> None:
    make(tmp_path, "new")
    replace_folder(tmp_path / "new", tmp_path / "name")
    assert left(tmp_path) == ["name"]


def test_a_name_is_never_that_of_half_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while the old folder is being removed: under its name stands the new one, whole."""
    make(tmp_path, "new", "name")

    def kill(path: Path, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", kill)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(tmp_path / "new", tmp_path / "name")
    assert (tmp_path / "name" / "file").read_text("utf-8") == "new"


def test_cleaning_keeps_the_newest_checkpoint_and_the_best_weights(tmp_path: Path) -> None:
    make(tmp_path, "checkpoint-10", "checkpoint-20", "selected-5", "selected-20", "model", "runs-2")
    make(tmp_path, ".saving", ".saving-selected-20", ".old-checkpoint-5", ".old-selected-5", ".hidden")
    (tmp_path / "teacher-logits").write_bytes(b"x")
    (tmp_path / ".old-file").write_bytes(b"x")
    clean_stage(tmp_path, keep_step=20, keep_selected=5)
    expected = [".hidden", ".old-file", "checkpoint-20", "model", "runs-2", "selected-5", "teacher-logits"]
    assert left(tmp_path) == expected


def test_cleaning_may_keep_nothing(tmp_path: Path) -> None:
    make(tmp_path, "checkpoint-10", "selected-5", ".saving", "model")
    clean_stage(tmp_path, keep_step=-1, keep_selected=None)
    assert left(tmp_path) == ["model"]


def test_a_checkpoint_that_is_being_removed_has_lost_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed half-way through, it must not pass for a checkpoint."""
    make(tmp_path, "checkpoint-10", "checkpoint-20")
    removed = []
    monkeypatch.setattr("shutil.rmtree", lambda path, **_: removed.append(Path(path).name))
    clean_stage(tmp_path, keep_step=20, keep_selected=None)
    assert removed and all(name.startswith(".old-") for name in removed)
    assert left(tmp_path) == [".old-checkpoint-10", "checkpoint-20"]
