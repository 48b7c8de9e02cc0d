"""`xtune reproduce --pocket`: a table from nothing to our values, really trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.recipes.conftest import Command

SMALL = ("data.max_train_examples=16", "data.max_dev_examples=4", "data.max_test_examples=8", "data.languages=en,de,sw")


@pytest.mark.slow
def test_a_table_on_pocket_from_nothing_and_again(
    xtune: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    words = ("reproduce", "table10", *SMALL, "train.num_train_epochs=1", "--pocket", "--seeds", "1")
    first = xtune(*words)
    assert first.code == 0, first.err
    grid = tmp_path / "reproduction" / "pocket-paraphrase"
    runs = sorted(path.parent.relative_to(grid).as_posix() for path in grid.glob("runs/*/*/results.json"))
    assert runs == ["runs/plain/seed1", "runs/xtune-mt/seed1", "runs/xtune/seed1"]
    assert "all runs are there" in first.out and "paraphrase: 3 of 10 languages" in first.out
    table = first.out[first.out.index("Table 10") :]
    assert [line.split()[0] for line in table.splitlines() if "  ours  " in line] == ["XLM-R", "xTune", "xTune"]

    before = {path: (grid / path / "results.json").stat().st_mtime_ns for path in runs}
    shutil.rmtree(grid / "runs" / "xtune")
    for left in ("config.yaml", "study.json", "study.log"):  # as if the runs had been made one by one
        (grid / left).unlink()
    again = xtune(*words)
    assert again.code == 0, again.err
    assert again.out[again.out.index("Table 10") :] == table
    after = {path: (grid / path / "results.json").stat().st_mtime_ns for path in runs}
    assert [path for path in runs if after[path] != before[path]] == ["runs/xtune/seed1"]
