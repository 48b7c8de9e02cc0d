from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from tests.unit.data.conftest import Write
from xtune.data.files import file_format, language_files, language_in_name, open_text
from xtune.errors import InputError


@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)])
def test_lines_end_at_newlines_alone(write: Write, suffix: str, pack: type[bytes]) -> None:
    content = "\ufeffa\u2028b\u0085c\x0bd\x1ce\r\nf\rg\nh"
    path = write("file.tsv" + suffix, pack(content.encode("utf-8")))
    assert list(open_text(path)) == ["a\u2028b\u0085c\x0bd\x1ce", "f\rg", "h"]
    assert list(open_text(path, keep_ends=True)) == ["a\u2028b\u0085c\x0bd\x1ce\r\n", "f\rg\n", "h"]


def test_a_byte_order_mark_in_the_middle_stays(write: Write) -> None:
    assert list(open_text(write("file.tsv", "a\n\ufeffb\n"))) == ["a", "\ufeffb"]


@pytest.mark.parametrize(
    ("name", "format", "language"),
    [
        ("data/train-de.csv", ".csv", "de"),
        ("train-zh-CN.tsv.gz", ".tsv", "zh"),
        ("my-pt-BR.jsonl.xz", ".jsonl", "pt"),
        ("train-set-sw.csv", ".csv", "sw"),
        ("dev-set.csv", ".csv", None),
        ("train.csv", ".csv", None),
        ("de.csv", ".csv", None),
        ("TRAIN-DE.CSV", ".csv", "de"),
    ],
)
def test_a_name_says_format_and_language(name: str, format: str, language: str | None) -> None:
    assert file_format(name) == format
    assert language_in_name(name) == language


def test_a_pattern_names_one_file_a_language(write: Write, tmp_path: Path) -> None:
    for name in ("dev-en.tsv.gz", "dev-zh-CN.tsv", "dev-en.tsv", "dev-en.source.tsv", "train-de.tsv", "dev-de.csv"):
        write(name, "")
    files = language_files(f"{tmp_path}/dev-{{lang}}.tsv")
    assert files == {"en": tmp_path / "dev-en.tsv", "zh": tmp_path / "dev-zh-CN.tsv"}


def test_a_pattern_may_name_the_language_of_the_folder_too(write: Write, tmp_path: Path) -> None:
    for name in ("[a]/de/dev-de.csv", "[a]/fr/dev-fr.csv", "[a]/fr/dev-de.csv"):
        write(name, "")
    files = language_files(f"{tmp_path}/[a]/{{lang}}/dev-{{lang}}.csv")
    assert files == {code: tmp_path / f"[a]/{code}/dev-{code}.csv" for code in ("de", "fr")}


def test_two_files_for_one_language_are_an_error(write: Write, tmp_path: Path) -> None:
    write("dev-zh-CN.tsv", "")
    write("dev-zh-TW.tsv", "")
    with pytest.raises(InputError, match="dev-zh-CN.tsv is 'zh' too"):
        language_files(f"{tmp_path}/dev-{{lang}}.tsv")
