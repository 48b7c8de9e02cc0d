from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.data.conftest import Write
from xtune.data import Dictionaries, load_dictionaries
from xtune.data.dictionaries import read_dictionary
from xtune.errors import InputError

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t"), min_size=1, max_size=5)
lowered = words.map(str.lower).filter(lambda word: word == word.lower())


def test_a_tab_separates_several_words_and_a_blank_one(write: Write) -> None:
    lines = ["New York\tNueva York", "dog perro", "dog\tperro pastor", "dog perro", "  cat   gato  ", "", "cat gato\r"]
    pairs, broken = read_dictionary(write("en-es.txt", "\n".join(lines)))
    assert pairs == {"new york": ["Nueva York"], "dog": ["perro", "perro pastor"], "cat": ["gato"]}
    assert broken == 0


def test_pairs_that_change_nothing_are_dropped(write: Write) -> None:
    pairs, _ = read_dictionary(write("en-de.txt", "Berlin berlin\nARM Arm\narm Waffe\nstrasse Straße\n"))
    assert pairs == {"arm": ["Waffe"]}


def test_words_are_looked_up_in_lower_case(write: Write, tmp_path: Path) -> None:
    write("en-de.txt", "The die\nthe der\n")
    write("en-zh-CN.txt.gz", gzip.compress("the 那\nonly 只\n".encode()))
    dictionaries = load_dictionaries(tmp_path)
    assert dictionaries.languages == ("de", "zh")
    assert dictionaries.translations("de", "THE") == ("die", "der")
    assert dictionaries.translations("zh", "only") == ("只",)
    assert dictionaries.translations("de", "only") == ()
    assert dictionaries.translations("de", "the.") == ()
    assert dictionaries.notices == []


def test_languages_without_dictionary_are_left_out_with_a_notice(write: Write, tmp_path: Path) -> None:
    write("en-de.txt", "dog Hund\n")
    dictionaries = load_dictionaries(tmp_path, ["en", "sw", "de", "ur", "de-AT"])
    assert dictionaries.languages == ("de",)
    assert dictionaries.notices == [
        "there is no dictionary en-sw: no switching into it",
        "there is no dictionary en-ur: no switching into it",
    ]


def test_another_source_language(write: Write, tmp_path: Path) -> None:
    write("de-fr.txt", "hund chien\n")
    write("en-fr.txt", "dog chien\n")
    dictionaries = load_dictionaries(tmp_path, source_language="de")
    assert dictionaries.translations("fr", "Hund") == ("chien",)
    assert dictionaries.translations("fr", "dog") == ()


def test_a_few_broken_lines_are_left_out_with_a_notice(write: Write, tmp_path: Path) -> None:
    path = write("en-de.txt", "new york New York\n" + "dog Hund\n" * 9)
    dictionaries = load_dictionaries(tmp_path)
    assert dictionaries.translations("de", "dog") == ("Hund",)
    assert dictionaries.notices == [f"{path}: 1 lines are no pair and were left out"]


@given(st.lists(st.dictionaries(lowered, st.lists(words, min_size=1, max_size=3, unique=True)), max_size=4))
def test_packed_dictionaries_say_what_was_put_in(contents: list[dict[str, list[str]]]) -> None:
    dictionaries = Dictionaries()
    for number, pairs in enumerate(contents):
        dictionaries.add(str(number), pairs)
    dictionaries = pickle.loads(pickle.dumps(dictionaries))
    for number, pairs in enumerate(contents):
        for word in {word for pairs in contents for word in pairs}:
            assert dictionaries.translations(str(number), word) == tuple(pairs.get(word, ()))


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        ("dog Hund\nnew york New York\nword\ncat Katze\n", "2 of 4 lines are no pair of words", 2),
        ("dog\tHund\tnoun\n", "1 of 1 lines are no pair of words", 1),
        ("", "the file is empty", None),
        ("caf\xe9 Kaffee\n".encode("latin-1"), "is not UTF-8", 1),
    ],
)
def test_what_is_no_dictionary_is_an_error(
    write: Write, tmp_path: Path, content: str | bytes, problem: str, line: int | None
) -> None:
    path = write("en-de.txt", content)
    with pytest.raises(InputError) as raised:
        load_dictionaries(tmp_path)
    assert problem in raised.value.problem
    assert (str(raised.value.file), raised.value.line) == (str(path), line)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("folder", "languages", "problem", "remedy"),
    [
        ("nowhere", None, "there is no such folder", "give the folder"),
        ("empty", None, "no dictionary en-{lang}.txt is here", "MUSE's dictionaries are called en-de.txt"),
        (".", ["sw", "ur"], "no dictionary en-{lang}.txt is here", "there are some for de"),
        (".", ["german"], "there is no language 'german'", "did you mean 'de'?"),
    ],
)
def test_a_folder_without_the_dictionaries(
    write: Write, tmp_path: Path, folder: str, languages: list[str] | None, problem: str, remedy: str
) -> None:
    write("en-de.txt", "dog Hund\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as raised:
        load_dictionaries(tmp_path / folder, languages)
    assert problem in raised.value.problem
    assert remedy in (raised.value.remedy or "")
    assert raised.value.field in ("data.dictionaries", "code_switch.languages")
