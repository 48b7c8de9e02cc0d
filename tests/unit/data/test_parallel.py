from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import datasets
import pytest

from xtune.data.parallel import bucc_languages, load_bucc, load_tatoeba, tatoeba_languages
from xtune.errors import InputError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def put_bucc(folder: Path, split: str, *gold: str) -> None:
    put(folder / "bucc2018" / f"zh-en.{split}.zh", "zh-1\t好", "zh-2\t狗 ")
    put(folder / "bucc2018" / f"zh-en.{split}.en.gz", "en-1\ta dog", "en-2\tgood", "en-3\ta dog")
    if gold:
        put(folder / "bucc2018" / f"zh-en.{split}.gold", *gold)


def test_tatoeba_row_by_row_plain_or_compressed(tmp_path: Path) -> None:
    put(tmp_path / "tatoeba" / "de-en.de.gz", " zwei ", "eins")
    put(tmp_path / "tatoeba" / "de-en.en", "two", "one")
    put(tmp_path / "tatoeba" / "fr-en.fr", "un")
    for folder in (tmp_path, tmp_path / "tatoeba"):
        assert tatoeba_languages(folder) == ["de", "fr"]
        found = load_tatoeba(folder, "de")
        assert found.sentences == ("zwei", "eins") and found.english == ("two", "one")
        assert found.ids == found.english_ids == ("0", "1")
        assert found.gold == (("0", "0"), ("1", "1"))


def test_sorted_english_sentences_say_nothing_of_what_translates_what(tmp_path: Path) -> None:
    letters = list("abcdefghijkl")
    put(tmp_path / "de-en.de", *letters)
    put(tmp_path / "de-en.en", *letters)
    assert load_tatoeba(tmp_path, "de").gold is None
    put(tmp_path / "de-en.en", *letters[::-1])
    assert load_tatoeba(tmp_path, "de").gold is not None


def test_bucc_with_its_gold_pairs(tmp_path: Path) -> None:
    put_bucc(tmp_path, "dev", "zh-2\ten-1")
    assert bucc_languages(tmp_path) == ["zh"]
    found = load_bucc(tmp_path, "zh", "dev")
    assert found is not None
    assert found.sentences == ("好", "狗") and found.ids == ("zh-1", "zh-2")
    assert found.english == ("a dog", "good", "a dog") and found.english_ids == ("en-1", "en-2", "en-3")
    assert found.gold == (("zh-2", "en-1"),)
    assert load_bucc(tmp_path, "zh", "test") is None
    put_bucc(tmp_path, "test")
    unlabelled = load_bucc(tmp_path, "zh", "test")
    assert unlabelled is not None and unlabelled.gold is None


def test_tatoeba_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def load_dataset(path: str, name: str, *, split: str, revision: str | None) -> datasets.Dataset:
        asked.append((path, name, split))
        dataset = datasets.Dataset.from_dict({"source_sentence": ["狗\n"], "target_sentence": ["dog\n"]})
        dataset.info.download_checksums = {f"hf://datasets/{path}@{COMMIT}/{name}/0.parquet": {"num_bytes": 1}}
        return dataset

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert len(tatoeba_languages(None)) == 36
    found = load_tatoeba(None, "zh")
    assert found.sentences == ("狗",) and found.english == ("dog",) and found.gold == (("0", "0"),)
    assert found.revision == COMMIT
    assert asked == [("google/xtreme", "tatoeba.cmn", "validation")]


@pytest.mark.parametrize(
    ("german", "english", "said"),
    [
        (["a", "b"], ["c"], "de-en.en, line 2: there are 1 sentences, and 2 in de-en.de"),
        (["a"], ["c", "d"], "de-en.en, line 2: there are 2 sentences, and 1 in de-en.de"),
        ([], ["c"], "de-en.de: the file is empty"),
        (["a"], ["", ""], "de-en.en: the file is empty"),
        (["a", "b", "c"], ["a", " ", "c"], "de-en.en, line 2: the line is empty"),
    ],
)
def test_what_is_wrong_in_tatoeba_is_named(tmp_path: Path, german: list[str], english: list[str], said: str) -> None:
    put(tmp_path / "de-en.de", *german)
    put(tmp_path / "de-en.en", *english)
    with pytest.raises(InputError) as failure:
        load_tatoeba(tmp_path, "de")
    assert said in str(failure.value) and failure.value.remedy


def test_a_side_that_is_missing_is_named(tmp_path: Path) -> None:
    put(tmp_path / "de-en.de", "a")
    with pytest.raises(InputError, match=r"de-en.en: there is no such file\n  remedy: did you mean 'de-en.de'"):
        load_tatoeba(tmp_path, "de")


@pytest.mark.parametrize(
    ("file", "lines", "said"),
    [
        ("dev.gold", None, "zh-en.dev.gold: there is no such file"),
        ("dev.gold", [], "zh-en.dev.gold: the file is empty"),
        ("dev.gold", ["zh-1\ten-1", "zh-1 en-2"], "zh-en.dev.gold, line 2: there are 1 columns"),
        ("dev.gold", ["zh-1\ten-1", "zh-1\ten-9"], "zh-en.dev.gold, line 2: there is no sentence 'en-9'"),
        ("dev.zh", [], "zh-en.dev.zh: the file is empty"),
        ("dev.zh", ["zh-1\ta", "zh-1\tb"], "zh-en.dev.zh, line 2: there is another sentence 'zh-1'"),
        ("dev.zh", ["a sentence"], "zh-en.dev.zh, line 1: there are 1 columns where tabs should make 2"),
        ("dev.zh", ["zh-1\ta", "zh-2\t "], "zh-en.dev.zh, line 2: the sentence is empty"),
    ],
)
def test_what_is_wrong_in_bucc_is_named(tmp_path: Path, file: str, lines: list[str] | None, said: str) -> None:
    put_bucc(tmp_path, "dev", "zh-2\ten-1")
    place = tmp_path / "bucc2018" / f"zh-en.{file}"
    place.unlink()
    if lines is not None:
        put(place, *lines)
    with pytest.raises(InputError) as failure:
        load_bucc(tmp_path, "zh", "dev")
    assert said in str(failure.value) and failure.value.remedy


@pytest.mark.parametrize(
    ("folder", "said"),
    [("nowhere", "there is no such folder"), ("file", "a file, not a folder"), (".", "no file is called XX-en.XX")],
)
def test_a_folder_without_any_is_named(tmp_path: Path, folder: str, said: str) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(InputError, match=said):
        tatoeba_languages(tmp_path / folder)
