from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.data.conftest import Write
from xtune.data import (
    Columns,
    ExampleTable,
    Source,
    has_split,
    languages_of,
    load_file,
    load_pair,
    load_split,
    load_translations,
    pairs_of,
    write_examples,
)
from xtune.errors import InputError
from xtune.schema import Answer, Example, Text
from xtune.tasks.datasets import dataset

CONTEXT = "Ärger im Café: der Hund 🐕 bellt, der Hund schläft."
DOG = CONTEXT.index("Hund")


def read(path: Path, columns: Columns | None = None, *, labelled: bool = True) -> list[Example]:
    """The questions of a training file in English."""
    source = Source(kind="span", files={"train": str(path)}, columns=columns or Columns(), texts=2)
    return list(load_split(source, "train", "en", labelled=labelled))


def squad(*paragraphs: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"data": [{"title": "t", "paragraphs": [{"context": c, "qas": qas} for c, qas in paragraphs]}]}


def asked(id: str, *answers: tuple[str, int | None], question: str = "Wer bellt?") -> dict[str, Any]:
    return {"id": id, "question": question, "answers": [{"text": t, "answer_start": s} for t, s in answers]}


def example(id: str, target: Answer | None, context: str = CONTEXT, question: str = "Wer bellt?") -> Example:
    return Example(id, "en", (Text.from_string(question), Text.from_string(context)), target)


TWO = squad(
    (CONTEXT, [asked("a", ("Hund", DOG)), asked("b", ("Hund 🐕", DOG), ("der Hund 🐕", DOG - 4), ("Hund 🐕", DOG))]),
    ("Eins.\nZwei.", [asked("c", ("Zwei", 6))]),
)
TWO_READ = [
    example("a", Answer("Hund", DOG)),
    example("b", Answer("Hund 🐕", DOG, ("der Hund 🐕",))),
    example("c", Answer("Zwei", 6), "Eins.\nZwei."),
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(TWO)),
        ("a.json", json.dumps(TWO, ensure_ascii=False, indent=2).replace("\n", "\r\n")),
        ("a.json", "\ufeff" + json.dumps(TWO, ensure_ascii=False, separators=(",", ":"))),
        ("a.json.gz", gzip.compress(json.dumps(TWO).encode())),
    ],
    ids=["escaped", "pretty", "compact", "gz"],
)
def test_squad_json(write: Write, tmp_path: Path, name: str, content: str | bytes) -> None:
    """Several answers are one with its place and alternatives; also through the table on disk."""
    path = write(name, content)
    assert read(path) == TWO_READ
    table = write_examples(read(path), tmp_path / "table.arrow")
    assert list(table) == TWO_READ and table[1] == TWO_READ[1] and table.annotated


def test_questions_without_answers_are_read_where_none_is_needed(write: Write, tmp_path: Path) -> None:
    path = write("a.json", json.dumps(squad((CONTEXT, [asked("a"), {"id": "b", "question": "Wer bellt?"}]))))
    found = read(path, labelled=False)
    assert found == [example("a", None), example("b", None)]
    table = write_examples(found, tmp_path / "table.arrow")
    assert list(table) == found and not table.annotated
    assert list(load_file(path, columns=Columns(), texts=2, language="en", kind="span")) == found


ROWS: dict[str, tuple[str, dict[str, Any], Columns]] = {
    "hf": ("a.jsonl", {"answers": {"text": ["Hund 🐕", "der Hund 🐕"], "answer_start": [DOG, DOG - 4]}}, Columns()),
    "a list": ("a.jsonl", {"answers": asked("", ("Hund 🐕", DOG), ("der Hund 🐕", DOG - 4))["answers"]}, Columns()),
    "a text": ("a.jsonl", {"answers": "Hund 🐕", "answer_start": DOG}, Columns()),
    "a text, found once": ("a.jsonl", {"answer": "Hund 🐕"}, Columns()),
    "a list, found once": ("a.jsonl", {"answers": [{"text": "Hund 🐕"}]}, Columns()),
    "csv": ("a.csv", {"answer": "Hund 🐕", "answer_start": DOG}, Columns()),
    "csv, found once": ("a.csv", {"answers": "Hund 🐕", "answer_start": ""}, Columns()),
    "tsv, named": ("a.tsv", {"richtig": "Hund 🐕", "answer": "no"}, Columns(label="richtig")),
}


@pytest.mark.parametrize(("name", "fields", "columns"), ROWS.values(), ids=ROWS.keys())
def test_rows(write: Write, name: str, fields: dict[str, Any], columns: Columns) -> None:
    row = {"id": "b", "question": "Wer bellt?", "context": CONTEXT, **fields}
    if name.endswith(".jsonl"):
        content = json.dumps(row) + "\n"
    else:
        sheet = io.StringIO()
        writer = csv.writer(sheet, delimiter="\t" if name.endswith(".tsv") else ",")
        writer.writerows([row.keys(), row.values()])
        content = sheet.getvalue()
    (found,) = read(write(name, content), columns)
    others = ("der Hund 🐕",) if "der Hund" in str(fields) else ()
    assert found == example("b", Answer("Hund 🐕", DOG, others))


@pytest.mark.parametrize("start", [DOG - 1, None])
def test_blanks_at_the_ends_of_an_answer_belong_to_none(write: Write, start: int | None) -> None:
    """Nor do two answers differ by them."""
    context = CONTEXT.replace("🐕 bellt", "🐕\u3000bellt")
    path = write("a.json", json.dumps(squad((context, [asked("a", (" Hund 🐕\u3000", start), ("Hund 🐕", DOG))]))))
    (found,) = read(path)
    assert found == example("a", Answer("Hund 🐕", DOG), context)


def test_columns_of_questions_and_contexts_may_be_named(write: Write) -> None:
    path = write("a.csv", "frage,text,answer\nWer?,ein Hund bellt,Hund\n")
    (found,) = read(path, Columns(text=("frage", "text")))
    assert [text.text for text in found.texts] == ["Wer?", "ein Hund bellt"]
    assert (found.id, found.target) == ("0", Answer("Hund", 4))


def test_what_is_predicted_may_have_any_answers_or_none(write: Write) -> None:
    """Of all that training refuses only the texts count."""
    answers: list[dict[str, Any]] = [
        {"answers": [{"text": "Katze", "answer_start": 99}]},
        {"answers": 5},
        {"answers": [], "is_impossible": True},
        {},
    ]
    questions = [{"id": str(number), "question": "q", **each} for number, each in enumerate(answers)]
    path = write("a.json", json.dumps(squad((CONTEXT, questions))))
    lines = "".join(json.dumps({**each, "context": CONTEXT}) + "\n" for each in questions)
    for file in (
        path,
        write("a.jsonl", lines),
        write("a.csv", f'question,context,answer,answer_start\nq,"{CONTEXT}",x,9z\n'),
    ):
        found = list(load_file(file, columns=Columns(), texts=2, language="en", kind="span"))
        assert found == [example(each.id, None, question="q") for each in found] and len(found) in (4, 1)
    with pytest.raises(InputError, match="'Katze' is not at character 99"):
        read(path, labelled=False)


# ---- what is wrong with a file


def one(**question: Any) -> dict[str, Any]:
    return squad(("ein Hund, ein Hund", [{**asked("a", ("Hund", 4)), **question}]))


@dataclass(frozen=True)
class Case:
    content: Any
    problem: str
    remedy: str
    line: int | None = None
    field: str | None = None
    name: str = "a.json"
    columns: Columns = Columns()


BAD = {
    "no json": Case('{"data": [\n{]}', "this is no JSON", "paragraphs", 2),
    "cut short": Case('{"data": [\n', "this is no JSON", "paragraphs", 2),
    "deeper than anyone can read": Case("[" * 100_000, "this is no JSON: maximum recursion depth", "paragraphs"),
    "a number of 5000 digits": Case("[" + "1" * 5000 + "]", "this is no JSON: Exceeds the limit", "paragraphs"),
    "half a character in a question": Case(
        json.dumps(squad(("ein \U0001f415", [asked("a", ("ein", 0)), asked("b", question="\ud83d?")])), indent=1),
        "half a character",
        "UTF-8",
        20,
    ),
    "half a character in a context": Case(
        squad(("ein Hund \udc15", [asked("a", ("Hund", 4))])), "half a character", "UTF-8", 1
    ),
    "jsonl: half a character in an answer": Case(
        json.dumps({"question": "x", "context": "y", "answers": [{"text": "\ud83d"}]}),
        "half a character",
        "UTF-8",
        1,
        name="a.jsonl",
    ),
    "csv: half a character": Case(
        b"question,context,answer\nx,y \xed\xa0\x80,y\n".decode("utf-8", "surrogatepass"),
        "0xed, is not UTF-8",
        "iconv",
        2,
        name="a.csv",
    ),
    "a list": Case([], "there is no such list", '{"data"', field="data"),
    "no paragraphs": Case({"data": [{"paragraphs": []}, {}]}, "no such list", '{"data"', field="data[1].paragraphs"),
    "no questions": Case(
        {"data": [{"paragraphs": [{"context": ""}]}]}, "no such list", '{"data"', field="data[0].paragraphs[0].qas"
    ),
    "no question": Case(squad(("x", ["y"])), "'y' is no question", '{"data"', field="data[0].paragraphs[0].qas[0]"),  # type: ignore[list-item]
    "squad 2": Case(one(is_impossible=True), "has no answer (SQuAD 2) (question a)", "leave such", 1, "is_impossible"),
    "no context": Case(
        squad((None, [asked("a", ("x", 0))])),  # type: ignore[arg-type]
        "the context is missing",
        "write a text, or delete the question (question a)",
        1,
        "context",
    ),
    "an empty question": Case(one(question=" "), "the question is empty", "write a text", 1, "question"),
    "no answers": Case(one(answers=[]), "there is no answer (question a)", "give one", 1, "answers"),
    "out of place": Case(
        one(answers=[{"text": "Hund", "answer_start": 5}]),
        "the answer 'Hund' is not at character 5 of its context; it is there 2 times (question a)",
        "counted in characters from 0",
        1,
        "answers",
    ),
    "before the context": Case(
        one(answers=[{"text": "d", "answer_start": -1}]), "not at character -1 of", "mend", 1, "answers"
    ),
    "behind the context": Case(
        one(answers=[{"text": "Hund, ein", "answer_start": 99}]), "it is at 4", "mend", 1, "answers"
    ),
    "the second is out of place": Case(
        one(answers=[{"text": "Hund", "answer_start": 4}, {"text": "ein", "answer_start": 1}]),
        "the answer 'ein' is not at character 1",
        "mend",
        1,
        "answers",
    ),
    "without a place, there twice": Case(
        one(answers=[{"text": "Hund"}]), "is without a place of its context; it is there 2", "mend", 1, "answers"
    ),
    "without a place, nowhere": Case(one(answers="Katze"), "it is there 0 times", "mend", 1, "answers"),
    "answers are a number": Case(one(answers=5), "5 are no answers", "mend", 1, "answers"),
    "an answer is a text": Case(one(answers=["Hund"]), "'Hund' is no answer", "mend", 1, "answers"),
    "an empty answer": Case(one(answers=[{"text": "", "answer_start": 0}]), "is no answer with", "mend", 1, "answers"),
    "a place is a text": Case(
        one(answers=[{"text": "Hund", "answer_start": [4]}]),
        "is no answer with a text and its place",
        "mend",
        1,
        "answers",
    ),
    "more texts than places": Case(
        one(answers={"text": ["ein", "Hund"], "answer_start": [0]}), "2 texts and 1 places", "mend", 1, "answers"
    ),
    "a text where a list belongs": Case(
        one(answers={"text": "Hund", "answer_start": 4}), "are no answers", "mend", 1, "answers"
    ),
    "an id twice": Case(
        json.dumps(squad(("Hund", [asked("a", ("Hund", 0)), asked("a", ("Hund", 0))])), indent=1),
        "the id 'a' is there already, in line 10",
        "its own",
        20,
        "id",
    ),
    "csv: no answers": Case("question,context\nx,y\n", "there is no such column", "known", 2, "answers", "a.csv"),
    "csv: no context": Case("question,answer\nx,y\n", "there is no such column", "known", 2, "context", "a.csv"),
    "csv: an empty answer": Case(
        "question,context,answer\nx,y,y\nx,y,\n", "there is no answer", "give one", 3, "answer", "a.csv"
    ),
    "csv: out of place": Case(
        "id,question,context,answers,answer_start\n7,x,a b,b,1\n", "not at character 1", "mend", 2, "answers", "a.csv"
    ),
    **{
        f"csv: the place {place}": Case(
            f"id,question,context,answers,answer_start\n7,x,a b,b,2\n8,x,a b,b,{place}\n",
            f"the place '{place}' of an answer is no whole number (question 8)",
            "counted in characters from 0",
            3,
            "answers",
            "a.csv",
        )
        for place in ("12a", "-3", "2.0")
    },
    "another format": Case("x", "'.xml' is no format that can be read", "known: .json, .csv", name="a.xml"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_one_error_with_its_place(write: Write, case: Case) -> None:
    content = case.content if isinstance(case.content, str) else json.dumps(case.content)
    path = write(case.name, content.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as raised:
        read(path, case.columns)
    error = raised.value
    assert case.problem in error.problem
    assert case.remedy in (error.remedy or "")
    assert (str(error.file), error.line, error.field) == (str(path), case.line, case.field)


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_an_error_names_the_line_of_its_question(write: Write, ensure_ascii: bool) -> None:
    """Ids that need escapes, and texts that look like an id, do not lead to another."""
    questions = [asked("ä1", ("ein", 0)), asked("ä2", ("ä3", 4), question='"ä3"'), asked("ä3", ("ein", 1))]
    text = json.dumps(squad(("ein ä3", questions)), indent=1, ensure_ascii=ensure_ascii)
    with pytest.raises(InputError) as raised:
        read(write("a.json", text))
    lines = text.split("\n")
    assert raised.value.line is not None and lines[raised.value.line - 1].strip().startswith('"id"')
    assert json.loads("{" + lines[raised.value.line - 1].strip().rstrip(",") + "}") == {"id": "ä3"}


# ---- which files there are

ONE = json.dumps(squad(("ein Hund", [asked("a", ("Hund", 4))])))


def located(task: str, folder: Path) -> Source:
    return dataset(task).locate(folder=folder)


@pytest.mark.parametrize("own", [False, True])
def test_xquad_takes_its_other_splits_from_its_neighbours(write: Write, tmp_path: Path, own: bool) -> None:
    write("xquad/xquad.de.json", ONE)
    write("xquad/xquad.zh.json.gz", gzip.compress(ONE.encode()))
    source = located("xquad", tmp_path / "xquad" if own else tmp_path)
    assert [has_split(source, split) for split in ("train", "dev", "test")] == [False, False, True]
    write("squad/train-v1.1.json.gz", gzip.compress(ONE.encode()))
    write("squad/dev-v1.1.json", ONE)
    assert languages_of(source, "dev") == ["en"]
    for pair in ("de-question-de", "de-question-zh", "en-question-en"):
        write(f"mlqa/MLQA_V1/dev/dev-context-{pair}.json", ONE)
    assert [languages_of(source, split) for split in ("train", "dev", "test")] == [["en"], ["de", "en"], ["de", "zh"]]
    (found,) = load_split(source, "test", "zh", labelled=True)
    assert (found.language, found.target) == ("zh", Answer("Hund", 4))


@pytest.mark.parametrize("own", [False, True])
def test_mlqa_has_pairs(write: Write, tmp_path: Path, own: bool) -> None:
    for pair in ("de-question-de", "de-question-en", "en-question-de", "en-question-fr"):
        write(f"mlqa/MLQA_V1/test/test-context-{pair}.json", ONE)
    source = located("mlqa", tmp_path / "mlqa" if own else tmp_path)
    assert languages_of(source, "test") == ["de"]
    assert pairs_of(source, "test") == ["de-en", "en-de"]
    assert pairs_of(source, "dev") == pairs_of(located("xquad", tmp_path), "test") == []
    assert [each.language for each in load_pair(source, "test", "de-en")] == ["de"]
    assert pairs_of(Source(kind="span", files={"test": "x"}, folder=tmp_path, pairs=source.pairs), "test") == []


@pytest.mark.parametrize("own", [False, True])
def test_tydiqa_is_selected_on_the_english_part_of_its_test(write: Write, tmp_path: Path, own: bool) -> None:
    for language in ("en", "fi"):
        write(f"tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{language}.train.json", ONE)
        write(f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json", ONE)
    source = located("tydiqa", tmp_path / "tydiqa" if own else tmp_path)
    found = {split: languages_of(source, split) for split in ("train", "dev", "test")}
    assert found == {"train": ["en", "fi"], "dev": ["en"], "test": ["en", "fi"]}


def test_files_of_a_user_in_the_task_s_folder(write: Write, tmp_path: Path) -> None:
    write("xquad/test-de.jsonl", json.dumps({"question": "q", "context": "ein Hund", "answer": "Hund"}))
    source = located("xquad", tmp_path)
    assert languages_of(source, "test") == ["de"]
    assert [each.target for each in load_split(source, "test", "de")] == [Answer("Hund", 4)]


def test_a_split_that_is_not_there_is_said_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "xquad").mkdir()
    with pytest.raises(InputError) as raised:
        languages_of(located("xquad", tmp_path), "train")
    assert raised.value.problem == "no file is called squad/train-v1.1.json"


# ---- translations


@pytest.fixture
def source(tmp_path: Path) -> ExampleTable:
    examples = [example(id, Answer("dog", 2), "a dog barks", "who?") for id in "abc"]
    return write_examples(examples, tmp_path / "source.arrow")


GERMAN = squad(
    ("ein Hund bellt", [asked("b", ("Hund", 0), question="wer?"), asked("x", ("Hund", 4), question="wer?")]),
    ("ein Hund, der Hund", [asked("a", ("Hund", 3), question="wer?"), asked("c", ("Hund", 14), question="wer?")]),
)


def check_german(found: Any, counts: Any) -> None:
    """c has its place, b is there once, and nobody knows which of two is meant in a."""
    contexts = {"a": "ein Hund, der Hund", "b": "ein Hund bellt", "c": "ein Hund, der Hund"}
    for id, target in (("a", None), ("b", Answer("Hund", 4)), ("c", Answer("Hund", 14))):
        texts = (Text.from_string("wer?"), Text.from_string(contexts[id]))
        assert found.get(id, "de") == Example(id, "de", texts, target)
    assert (counts.by_id, counts.without_source, counts.unknown_answer, counts.missing) == (3, 1, 1, 0)
    assert counts.searched_answer == 1
    assert "1 with an answer found by search, 1 with an unknown answer" in str(counts)


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("given", ["the folder", "the file", "a pattern"])
def test_xtreme_s_translations_have_answers_of_their_own(
    write: Write, tmp_path: Path, source: ExampleTable, end: str, given: str
) -> None:
    content = json.dumps(GERMAN).encode()
    path = write(f"mt/squad.translate.train.en-de.json{end}", gzip.compress(content) if end else content)
    place = {"the folder": path.parent, "the file": path, "a pattern": str(path).replace("en-de", "en-{lang}")}[given]
    place = str(place).removesuffix(".gz") if given == "a pattern" else str(place)
    found, (counts,) = load_translations(place, source, tmp_path / "out", kind="span")
    assert found.languages == ("de",)
    check_german(found, counts)


def test_translations_in_json_lines(write: Write, tmp_path: Path, source: ExampleTable) -> None:
    lines = [
        {
            "id": question["id"],
            "language": "de",
            "fields": {"question": question["question"], "context": paragraph["context"]},
            "answers": question["answers"],
        }
        for paragraph in GERMAN["data"][0]["paragraphs"]
        for question in paragraph["qas"]
    ]
    path = write("mt.jsonl", "\n".join(map(json.dumps, lines)))
    check_german(*_only(load_translations(str(path), source, tmp_path / "out", kind="span")))
    fields = {"question": "wer?", "context": "ein Hund"}
    write("mt.jsonl", json.dumps({"id": "a", "language": "de", "fields": fields}))
    found, (counts,) = load_translations(str(path), source, tmp_path / "out", kind="span")
    translated = found.get("a", "de")
    assert translated is not None and translated.target is None and counts.unknown_answer == 1


def _only(loaded: Any) -> tuple[Any, Any]:
    table, (counts,) = loaded
    return table, counts


@pytest.mark.parametrize("column", ["answers", "answer", "richtig"])
def test_translations_in_a_user_s_columns(write: Write, tmp_path: Path, source: ExampleTable, column: str) -> None:
    path = write("train-de.csv", f"id,question,context,{column}\nb,wer?,ein Hund bellt,Hund\na,wer?,,x\n")
    columns = Columns(label=column) if column == "richtig" else Columns()
    found, (counts,) = load_translations(str(path), source, tmp_path / "out", kind="span", columns=columns)
    translated = found.get("b", "de")
    assert translated is not None and translated.target == Answer("Hund", 4)
    assert (counts.by_id, counts.untranslated, counts.unknown_answer, counts.missing) == (1, 1, 0, 2)
    assert counts.searched_answer == 1


@pytest.mark.parametrize("start", [3, None, 9])
def test_a_translated_answer_has_no_blanks_at_its_ends(
    write: Write, tmp_path: Path, source: ExampleTable, start: int | None
) -> None:
    path = write("x-de.json", json.dumps(squad(("ein Hund bellt", [asked("b", (" Hund ", start))]))))
    found, _ = load_translations(str(path), source, tmp_path / "out", kind="span")
    translated = found.get("b", "de")
    assert translated is not None and translated.target == Answer("Hund", 4)


def test_broken_answers_of_translations_are_errors(write: Write, tmp_path: Path, source: ExampleTable) -> None:
    path = write("x-de.json", json.dumps(one(answers=[5]), indent=1))
    with pytest.raises(InputError) as raised:
        load_translations(str(path), source, tmp_path / "out", kind="span")
    error = raised.value
    assert (error.problem, str(error.file)) == ("5 is no answer with a text and its place", str(path))
    assert error.line is not None and error.field == "answers" and "answer_start" in (error.remedy or "")


def test_a_folder_without_translations_says_what_they_are_called(tmp_path: Path, source: ExampleTable) -> None:
    (tmp_path / "mt").mkdir()
    with pytest.raises(InputError) as raised:
        load_translations(f"{tmp_path}/mt", source, tmp_path / "out", kind="span")
    assert "*.translate.train.en-{lang}.json" in raised.value.problem
