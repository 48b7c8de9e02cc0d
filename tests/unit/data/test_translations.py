from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.unit.data.conftest import Write
from xtune.data import Columns, ExampleTable, load_translations, write_examples
from xtune.errors import InputError
from xtune.schema import Example, Text


def table(tmp_path: Path, rows: list[tuple[str, ...]], ids: list[str] | None = None) -> ExampleTable:
    """Examples whose rows are texts and label."""
    examples = (
        Example(ids[number] if ids else str(number), "en", tuple(map(Text.from_string, texts)), label)
        for number, (*texts, label) in enumerate(rows)
    )
    return write_examples(examples, tmp_path / "source.arrow")


@pytest.fixture
def pairs(tmp_path: Path) -> ExampleTable:
    return table(tmp_path, [("A  dog.", "A cat.", "x"), ("Two", "Three", "y"), ("Four", "Five", "x")])


def texts(example: Example | None) -> list[str]:
    assert example is not None
    return [text.text for text in example.texts]


def test_translate_train_goes_by_row_and_then_by_the_source_text(
    write: Write, tmp_path: Path, pairs: ExampleTable
) -> None:
    rows = ["A dog.\tA cat.\tEin Hund.\tEine Katze.\tx", "Four\tFive\tVier\tFünf\tx", "Six\tSeven\tSechs\tSieben\tx"]
    write("mt/en-de-translated.tsv.gz", gzip.compress("\n".join(rows).encode()))
    write("mt/readme.txt", "not a translation")
    found, (counts,) = load_translations(f"{tmp_path}/mt", pairs, tmp_path / "out")
    assert found.get("0", "de") == Example(
        "0", "de", (Text.from_string("Ein Hund."), Text.from_string("Eine Katze.")), "x"
    )
    assert texts(found.get("2", "de")) == ["Vier", "Fünf"]
    assert found.get("1", "de") is None
    assert (counts.by_row, counts.by_text, counts.without_source, counts.missing) == (1, 1, 1, 1)
    assert str(counts) == (
        "translations into de: 1 joined by row, 1 joined by source text, 1 without source, "
        "1 examples without translation"
    )


def test_a_source_text_that_is_there_twice_gets_its_translation_twice(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [("new", "x"), ("same", "x"), ("same", "y"), ("same", "x")], ids=["n", "a", "b", "c"])
    path = write("en-de-translated.tsv", "same\tgleich\tx\n")
    found, (counts,) = load_translations(str(path), source, tmp_path / "out")
    assert [found.of(id) for id in "nabc"] == [(), ("de",), (), ("de",)]
    assert (counts.by_text, counts.different_label, counts.missing) == (1, 0, 2)


def test_jsonl_goes_by_id_and_holds_several_languages(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [("a", "b", "x"), ("c", "d", "y")], ids=["k1", "7"])
    lines = [
        {"id": 7, "language": "zh-CN", "fields": {"hypothesis": "丁", "premise": "丙"}},
        {"id": "k1", "language": "de", "fields": {"premise": "ah", "hypothesis": "be"}},
        {"id": "k1", "language": "en", "fields": {"premise": "a", "hypothesis": "b"}},
        {"id": "beyond", "language": "de", "fields": {"premise": "ah", "hypothesis": "be"}},
    ]
    write("mt/all.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    found, counts = load_translations(f"{tmp_path}/mt", source, tmp_path / "out")
    assert found.languages == ("de", "zh")
    assert found.get("7", "zh") == Example("7", "zh", (Text.from_string("丙"), Text.from_string("丁")), "y")
    assert texts(found.get("k1", "de")) == ["ah", "be"]
    assert [(count.language, count.by_id, count.without_source) for count in counts] == [("zh", 1, 0), ("de", 1, 1)]


def test_jsonl_columns_named_by_the_user(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [("a", "b", "x")])
    path = write("mt.jsonl", '{"id": 0, "language": "de", "fields": {"second": "be", "first": "ah", "text": "no"}}\n')
    columns = Columns(text=("first", "second"))
    found, _ = load_translations(str(path), source, tmp_path / "out", columns=columns)
    assert texts(found.get("0", "de")) == ["ah", "be"]


def test_parallel_files_of_xtreme_are_translations_row_by_row(
    write: Write, tmp_path: Path, pairs: ExampleTable
) -> None:
    write("xnli/dev-en.tsv", "A  dog.\tA cat.\tx\nTwo\tThree\ty\nFour\tFive\tx\n")
    write("xnli/dev-de.tsv", "Ein Hund.\tEine Katze.\tx\nZwei\tNS\ty\nVier\tFünf\tx\n")
    write("xnli/dev-fr.tsv.gz", gzip.compress(b"Un chien.\tUn chat.\tx\n"))
    place = f"{tmp_path}/xnli/dev-{{lang}}.tsv"
    found, counts = load_translations(place, pairs, tmp_path / "out", untranslated="NS")
    assert found.languages == ("de", "fr")
    assert [found.of(id) for id in "012"] == [("de", "fr"), (), ("de",)]
    assert [(count.by_row, count.untranslated, count.missing) for count in counts] == [(2, 1, 1), (1, 0, 2)]


def test_parallel_files_of_a_user_go_by_id(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [("a", "x"), ("b", "y")], ids=["k1", "k2"])
    write("train-de.csv", "id,text,label\nk2,be,y\nk1,,x\n")
    found, (counts,) = load_translations(f"{tmp_path}/train-{{lang}}.csv", source, tmp_path / "out")
    assert texts(found.get("k2", "de")) == ["be"]
    assert (counts.by_id, counts.untranslated, counts.missing) == (1, 1, 1)


def test_parallel_files_without_ids_go_by_row(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [("a", "x"), ("b", "y")], ids=["k1", "k2"])
    path = write("train-de.csv", "text,label\nah,x\nbe,y\n")
    found, _ = load_translations(str(path), source, tmp_path / "out")
    assert texts(found.get("k2", "de")) == ["be"]


def test_another_label_is_left_out_and_counted(write: Write, tmp_path: Path) -> None:
    source = table(tmp_path, [(f"text {number}", "x") for number in range(20)])
    labels = ["y", "X", *["x"] * 18]
    path = write("train-de.tsv", "".join(f"Text {number}\t{label}\n" for number, label in enumerate(labels)))
    found, (counts,) = load_translations(str(path), source, tmp_path / "out", aliases={"X": "x"})
    assert (counts.by_row, counts.different_label, counts.missing) == (19, 1, 1)
    assert found.get("0", "de") is None
    assert found.get("1", "de") is not None


def test_only_the_languages_wanted(write: Write, tmp_path: Path, pairs: ExampleTable) -> None:
    write("mt/en-de-translated.tsv", "Two\tThree\tZwei\tDrei\ty\n")
    write("mt/en-fr-translated.tsv", "broken, and never read\n")
    found, counts = load_translations(f"{tmp_path}/mt", pairs, tmp_path / "out", languages=["de-DE", "en"])
    assert (found.languages, [count.language for count in counts]) == (("de",), ["de"])


TRANSLATED = "en-de-translated.tsv"
BAD = {
    "wrong tab count": (TRANSLATED, "Two\tThree\tZwei\tDrei\ty\na\tb\n", "2 columns where tabs should make 4 or 5", 2),
    "empty": (TRANSLATED, "", "the file is empty", None),
    "latin-1": (TRANSLATED, "Two\tThree\tZwölf\tDrei\ty\n".encode("latin-1"), "is not UTF-8", 1),
    "other texts": (TRANSLATED, "a\tb\tc\td\tx\n", "no row translates an example", None),
    "shuffled labels": ("train-de.tsv", "a\tb\ty\nc\td\tx\n", "2 of 2 rows have another label", None),
    "no language in the name": ("translated.tsv", "a\tb\tx\n", "its name does not say which language", None),
    "parallel: tab count": ("train-de.tsv", "a\tb\tx\na\n", "1 columns where tabs should make 2 or 3", 2),
    "parallel: column missing": ("train-de.csv", "text_a,label\na,x\n", "no column looks like the texts", 2),
    "json: id missing": ("mt.jsonl", '{"language": "de", "fields": {}}\n', "the key is missing", 1),
    "json: language missing": ("mt.jsonl", '{"id": 0, "fields": {}}\n', "the key is missing", 1),
    "json: fields is a list": ("mt.jsonl", '{"id": 0, "language": "de", "fields": []}\n', "not of its kind", 1),
    "json: unknown language": (
        "mt.jsonl",
        '{"id": 0, "language": "xx", "fields": {}}\n',
        "there is no language 'xx'",
        1,
    ),
    "json: one text of two": (
        "mt.jsonl",
        '{"id": 0, "language": "de", "fields": {"text_a": "a"}}\n',
        "the columns are text_a",
        1,
    ),
    "json: a text is a number": (
        "mt.jsonl",
        '{"id": 0, "language": "de", "fields": {"text_a": 1, "text_b": "b"}}\n',
        "1 is no text",
        1,
    ),
    "json: an id twice": (
        "mt.jsonl",
        2 * '{"id": 0, "language": "de", "fields": {"text_a": "a", "text_b": "b"}}\n',
        "translation into 'de' already",
        2,
    ),
    "gzip: cut short": (TRANSLATED + ".gz", gzip.compress(b"Two\tThree\tZwei\tDrei\ty\n")[:-9], "ends early", 0),
}


@pytest.mark.parametrize(("name", "content", "problem", "line"), BAD.values(), ids=BAD.keys())
def test_broken_translations_are_one_error_and_leave_nothing(
    write: Write, tmp_path: Path, pairs: ExampleTable, name: str, content: str | bytes, problem: str, line: int | None
) -> None:
    path = write(f"mt/{name}", content)
    with pytest.raises(InputError) as raised:
        load_translations(str(path), pairs, tmp_path / "out")
    error = raised.value
    assert problem in error.problem
    assert (str(error.file), bool(error.remedy)) == (str(path), True)
    assert error.line == line or "ends early" in error.problem
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mt", "source.arrow"]


@pytest.mark.parametrize(
    ("place", "languages", "problem", "remedy"),
    [
        ("mt", ["de", "sw"], "there is no translation into 'sw'", "there are some into: de"),
        ("mt", ["swahili"], "there is no language 'swahili'", "did you mean 'sw'?"),
        ("none", None, "there is no en-{lang}-translated.tsv and no .jsonl file here", "give a pattern with {lang}"),
        ("mt/dev-{lang}.tsv", None, "there is no en-{lang}-translated.tsv", "give a pattern with {lang}"),
        ("mt/en-fr-translated.tsv", None, "there is no such file", "did you mean 'en-de-translated.tsv'?"),
    ],
)
def test_translations_that_are_not_there(
    write: Write,
    tmp_path: Path,
    pairs: ExampleTable,
    place: str,
    languages: list[str] | None,
    problem: str,
    remedy: str,
) -> None:
    write("mt/en-de-translated.tsv", "Two\tThree\tZwei\tDrei\ty\n")
    write("mt/dev-en.tsv", "Two\tThree\ty\n")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError) as raised:
        load_translations(f"{tmp_path}/{place}", pairs, tmp_path / "out", languages=languages)
    assert problem in raised.value.problem
    assert remedy in (raised.value.remedy or "")
    assert not (tmp_path / "out").exists()


def test_no_examples_to_translate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no examples to translate"):
        load_translations("anywhere", table(tmp_path, []), tmp_path / "out")


# ---- of words to be tagged: the translations have no tags


@pytest.fixture
def tagged(tmp_path: Path) -> ExampleTable:
    sentences = [["Two", "dogs", "."], ["New York", "."], ["Go"], ["Two", "dogs", "."], ["\u200b", "x"]]
    examples = (
        Example(str(number), "en", (Text.from_words(words),), ("X",) * len(words))
        for number, words in enumerate(sentences)
    )
    return write_examples(examples, tmp_path / "source.arrow")


def untagged(id: str, language: str, *words: str) -> Example:
    return Example(id, language, (Text.from_words(words),))


def test_sentences_of_several_languages_go_by_the_source_text(
    write: Write, tmp_path: Path, tagged: ExampleTable
) -> None:
    lines = [
        "Two dogs .\tde\tZwei Hunde .\t0-0 1-1",
        "New York .\tde\tNew York .",
        "Go\tzh-CN\t走吧",
        "Go\ten\tGo",
        "Not there\tde\tNicht da",
        "\u200b x\tth\tเอ็กซ์",
        "Go\tde\t ",
    ]
    write("mt/translate_train.panx.txt.gz", gzip.compress("\n".join(lines).encode()))
    found, counts = load_translations(f"{tmp_path}/mt", tagged, tmp_path / "out", kind="tagging")
    assert found.get("0", "de") == untagged("0", "de", "Zwei", "Hunde", ".")
    assert found.get("3", "de") == untagged("3", "de", "Zwei", "Hunde", ".")  # the same sentence again
    assert found.get("1", "de") == untagged("1", "de", "New", "York", ".")
    assert found.get("2", "zh") == untagged("2", "zh", "走吧")
    assert found.get("4", "th") == untagged("4", "th", "เอ็กซ์")
    assert len(found) == 5
    assert [str(count) for count in counts] == [
        "translations into de: 2 joined by source text, 1 without source, 1 untranslated, "
        "2 examples without translation",
        "translations into zh: 1 joined by source text, 4 examples without translation",
        "translations into th: 1 joined by source text, 4 examples without translation",
    ]


def test_sentences_in_json_lines_are_words_or_a_text(write: Write, tmp_path: Path, tagged: ExampleTable) -> None:
    lines = [
        {"id": 1, "language": "de", "fields": {"tokens": ["New York", "."]}},
        {"id": "2", "language": "de", "fields": {"text": "Los geht's"}},
        {"id": "0", "language": "de", "fields": {"words": []}},
    ]
    write("mt/train-de.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    found, (counts,) = load_translations(f"{tmp_path}/mt", tagged, tmp_path / "out", kind="tagging")
    assert found.get("1", "de") == untagged("1", "de", "New York", ".")
    assert found.get("2", "de") == untagged("2", "de", "Los", "geht's")
    assert (counts.by_id, counts.untranslated, counts.missing) == (2, 1, 3)


def test_parallel_columns_go_by_row_and_their_tags_are_not_looked_at(
    write: Write, tmp_path: Path, tagged: ExampleTable
) -> None:
    write("train-de.conll", "Zwei A\nHunde B\n\nNew C\nYork D\n")
    found, (counts,) = load_translations(
        f"{tmp_path}/train-{{lang}}.conll", tagged, tmp_path / "out", columns=Columns(text=("1",)), kind="tagging"
    )
    assert found.get("1", "de") == untagged("1", "de", "New", "York")
    assert (counts.by_row, counts.missing) == (2, 3)


@pytest.mark.parametrize(
    ("name", "content", "problem", "line"),
    [
        ("t.txt", "Go\tde\tLos\nGo\tLos\n", "there are 2 columns where tabs should make 3 or 4", 2),
        ("t.txt", "Go\tgerman\tLos\n", "there is no language 'german'", 1),
        ("t.txt", "Stop\tde\tHalt\n", "no row translates an example", None),
        ("t.jsonl", '{"id": 0, "language": "de", "fields": {"label": "x"}}\n', "there are no words", 1),
        ("t.jsonl", '{"id": 0, "language": "de", "fields": {"tokens": ["a", 1]}}\n', "are no words", 1),
        ("t.jsonl", '{"id": 0, "language": "de", "fields": {"tokens": ["a", ""]}}\n', "are no words", 1),
    ],
)
def test_broken_translations_of_sentences(
    write: Write, tmp_path: Path, tagged: ExampleTable, name: str, content: str, problem: str, line: int | None
) -> None:
    path = write(name, content)
    with pytest.raises(InputError) as raised:
        load_translations(str(path), tagged, tmp_path / "out", kind="tagging")
    assert problem in raised.value.problem
    assert (str(raised.value.file), raised.value.line) == (str(path), line)
    assert not (tmp_path / "out").exists()
