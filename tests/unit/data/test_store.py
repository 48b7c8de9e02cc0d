from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xtune.data.index import KeyIndex
from xtune.data.store import ExampleTable, TranslationTable, write_examples, write_translations
from xtune.schema import Answer, Example, Text

strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=5)
texts = st.one_of(strings.map(Text.from_string), words.map(Text.from_words))
targets = st.one_of(
    st.none(), strings, words.map(tuple), st.builds(Answer, strings, st.integers(min_value=0, max_value=2**31 - 1))
)
examples = st.builds(
    Example, strings, st.sampled_from(["en", "de", "zh"]), st.lists(texts, min_size=1, max_size=2).map(tuple), targets
)


def numbered(count: int, language: str = "en") -> list[Example]:
    return [Example(str(n), language, (Text.from_string(f"text {n}"),), f"label {n % 3}") for n in range(count)]


@given(rows=st.lists(examples, max_size=8))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_example_comes_back_as_it_was(rows: list[Example], tmp_path: Path) -> None:
    table = write_examples(rows, tmp_path / "rows.arrow")
    assert len(table) == len(rows)
    assert list(table) == rows == [table[row] for row in range(len(rows))]


def test_rows_are_found_across_record_batches(tmp_path: Path) -> None:
    rows = numbered(5000)
    table = write_examples(iter(rows), tmp_path / "rows.arrow")
    assert [table[row] for row in (0, 2047, 2048, 4095, 4096, 4999, -1, -5000)] == [
        rows[row] for row in (0, 2047, 2048, 4095, 4096, 4999, -1, -5000)
    ]
    assert table[2046:2050] == rows[2046:2050]
    assert table[::-1000] == rows[::-1000]
    assert list(table) == rows
    assert table.column("id") == [row.id for row in rows]
    assert table.value("label", 4097) == rows[4097].target
    assert table.find("4097") == rows[4097]
    assert table.find("5000") is None
    assert table.distinct("label") == ["label 0", "label 1", "label 2"]


@pytest.mark.parametrize("row", [3, -4])
def test_a_row_beyond_the_end_is_an_index_error(tmp_path: Path, row: int) -> None:
    with pytest.raises(IndexError):
        write_examples(numbered(3), tmp_path / "rows.arrow")[row]


def test_a_translated_word_may_hold_spaces(tmp_path: Path) -> None:
    text = Text.from_string("I see  dogs").replace_words({2: "kleine Hunde"})
    assert write_examples([Example("0", "de", (text,))], tmp_path / "rows.arrow")[0].texts == (text,)


def test_an_error_while_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[Example]:
        yield from numbered(3000)
        raise RuntimeError("the reader's")

    with pytest.raises(RuntimeError, match="the reader's"):
        write_examples(broken(), tmp_path / "rows.arrow")
    with pytest.raises(RuntimeError, match="the reader's"):
        write_translations(broken(), tmp_path / "translations")
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_reading_leaves_the_former_table(tmp_path: Path) -> None:
    former = write_examples(numbered(3), tmp_path / "rows.arrow")
    with pytest.raises(ZeroDivisionError):
        write_examples((Example(str(1 // n), "en", ()) for n in (1, 0)), tmp_path / "rows.arrow")
    assert list(ExampleTable(former.path)) == numbered(3)


def read_in_worker(table: ExampleTable, translations: TranslationTable) -> tuple[Example, Example | None]:
    return table[1], translations.get("1", "de")


def test_tables_are_pickled_as_their_paths(tmp_path: Path) -> None:
    table = write_examples(numbered(3000), tmp_path / "rows.arrow")
    translations = write_translations(numbered(3, "de"), tmp_path / "translations")
    assert len(pickle.dumps(table)) < 400
    assert len(pickle.dumps(translations)) < 400
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(read_in_worker, (table, translations)) == (table[1], numbered(3, "de")[1])


def test_translations_are_found_by_id_and_language(tmp_path: Path) -> None:
    rows = [*numbered(5000, "de"), *numbered(100, "zh")]
    table = write_translations(rows, tmp_path / "translations")
    assert len(table) == 5100
    assert table.languages == ("de", "zh")
    assert table.of("99") == ("de", "zh")
    assert table.of("100") == ("de",)
    assert table.of("5000") == ()
    assert table.get("4999", "de") == rows[4999]
    assert table.get("99", "zh") == rows[5099]
    assert table.get("100", "zh") is None


def test_a_table_without_translations_can_be_asked(tmp_path: Path) -> None:
    table = write_translations([], tmp_path / "translations")
    assert (len(table), table.languages, table.of("0"), table.get("0", "de")) == (0, (), (), None)


def test_writing_translations_again_replaces_them(tmp_path: Path) -> None:
    write_translations(numbered(3, "de"), tmp_path / "translations")
    assert write_translations(numbered(2, "fr"), tmp_path / "translations").languages == ("fr",)


def test_ids_that_share_a_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xtune.data.store.hash_key", lambda key: 7)
    monkeypatch.setattr("xtune.data.index.hash_key", lambda key: 7)
    table = write_translations(numbered(3, "de"), tmp_path / "translations")
    assert table.get("2", "de") == numbered(3, "de")[2]
    assert table.of("3") == ()


@given(keys=st.lists(st.sampled_from("abcdefg")))
def test_an_index_finds_every_row_of_a_key_in_order(keys: list[str]) -> None:
    index = KeyIndex.of(keys)
    for key in "abcdefgh":
        assert index.rows(key) == [row for row, other in enumerate(keys) if other == key]
