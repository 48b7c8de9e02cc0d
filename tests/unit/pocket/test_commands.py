from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.pocket.conftest import SIZES
from xtune.cli import app
from xtune.pocket import supplies
from xtune.pocket.benchmark import write_benchmark


def test_write_leaves_every_part_in_the_folder_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplies, "write_benchmark", lambda *a, **o: write_benchmark(*a, **o, sizes=SIZES))
    folder = tmp_path / "pocket"
    done = CliRunner().invoke(app, ["pocket", "write", str(folder), "--seed", "3"])
    assert done.exit_code == 0, done.output
    parts = {"topic", "nli", "paraphrase", "pos", "ner", "qa", "tatoeba", "mono", "dictionaries"}
    assert {path.name for path in folder.iterdir()} == {*parts, "benchmark.json"}
    assert "xtune train pocket-topic --data-dir" in done.output
