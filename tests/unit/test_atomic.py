from __future__ import annotations

from pathlib import Path

import pytest

from xtune.atomic import replacing


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_the_old_one_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text("utf-8") == "old"
    assert path.read_text("utf-8") == "new"
    assert names(tmp_path) == {"a.json"}


def test_a_folder_replaces_one_that_holds_something(tmp_path: Path) -> None:
    path = tmp_path / "table"
    for content in ("old", "new"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / content).touch()
    assert names(tmp_path) == {"table"} and names(path) == {"new"}


@pytest.mark.parametrize("folder", [False, True])
def test_an_error_leaves_what_was_there(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "a"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.mkdir() if folder else temporary.touch()
        raise KeyboardInterrupt
    assert path.read_text("utf-8") == "old"
    assert names(tmp_path) == {"a"}


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".table.tmp").mkdir()
    (tmp_path / ".table.tmp" / "half").touch()
    with replacing(tmp_path / "table") as temporary:
        temporary.mkdir()
        (temporary / "whole").touch()
    assert names(tmp_path / "table") == {"whole"} and names(tmp_path) == {"table"}
