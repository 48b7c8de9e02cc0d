from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtune.runs.files import json_lines, scratch_folder, write_json, write_text


def test_what_is_written_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"ä": [1, 2.5, None]})
    assert json.loads(path.read_text("utf-8")) == {"ä": [1, 2.5, None]}
    assert "ä" in path.read_text("utf-8")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", kill)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "half")
    assert json.loads(path.read_text("utf-8"))["ä"][0] == 1  # the old one, whole


def test_nothing_is_written_of_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": object()})
    assert list(tmp_path.iterdir()) == []


def test_one_object_a_line() -> None:
    text = json_lines([{"a": "ü\n"}, {"b": 1}])
    assert [json.loads(line) for line in text.splitlines()] == [{"a": "ü\n"}, {"b": 1}]
    assert text.endswith("\n") and "ü" in text
    assert json_lines([]) == ""


def test_what_a_killed_run_left_is_gone_when_it_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with scratch_folder(Path("run"), 0) as folder:
        (folder / "train.arrow").write_bytes(b"left")
    assert not folder.exists()
    folder.mkdir()
    (folder / "old").touch()  # as if that process had been killed
    with scratch_folder(Path("run"), 0) as again, scratch_folder(Path("run"), 1) as other:
        assert again == folder != other
        assert list(again.iterdir()) == []
