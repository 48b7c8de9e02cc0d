from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.submission import FIGURES, squad, write_submission
from xtune.errors import InputError
from xtune.evaluation.scoring import Scoring, overall, score_folders
from xtune.evaluation.xtreme import TASKS


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def score(folder: Path) -> Scoring:
    return score_folders(folder / "predictions", folder / "labels")


def mean(bad: float, good: float, languages: int) -> float:
    return (bad + good * (languages - 1)) / languages


LANGUAGES = {
    "xnli": 15,
    "pawsx": 7,
    "udpos": 33,
    "panx": 40,
    "xquad": 11,
    "mlqa": 7,
    "tydiqa": 9,
    "bucc2018": 4,
    "tatoeba": 36,
}


def test_a_whole_submission_is_scored_by_hand(tmp_path: Path) -> None:
    write_submission(tmp_path)
    scoring = score(tmp_path)
    summary = scoring.summary()
    assert set(summary) == {"scores", "average", "overall"}
    assert {task: len(languages) for task, languages in summary["scores"].items()} == LANGUAGES
    assert not scoring.missing and not scoring.notices
    for task, (bad, good) in FIGURES.items():
        first, *others = summary["scores"][task]
        assert summary["scores"][task][first] == pytest.approx(bad)
        assert all(summary["scores"][task][language] == pytest.approx(good) for language in others)
        average = {metric: mean(bad[metric], good[metric], LANGUAGES[task]) for metric in good}
        assert summary["average"][task] == pytest.approx(average)


def test_an_overall_score_is_the_mean_of_its_tasks_and_a_question_s_that_of_f1_and_exact_match(tmp_path: Path) -> None:
    write_submission(tmp_path)
    found = score(tmp_path).summary()["overall"]
    classification = [mean(25, 75, 15), mean(25, 75, 7)]
    tagging = [mean(200 / 3, 100, 33), mean(50, 100, 40)]
    qa = [mean(100 / 3, 100, count) for count in (11, 7, 9)]  # the mean of 0 and 200 / 3 in the first language
    retrieval = [mean(200 / 3, 100, 4), mean(25, 75, 36)]
    everything = [*classification, *tagging, *qa, *retrieval]
    groups = {"classification": classification, "tagging": tagging, "qa": qa, "retrieval": retrieval}
    groups["all_task"] = everything
    assert found == pytest.approx({group: sum(tasks) / len(tasks) for group, tasks in groups.items()})


def test_an_overall_score_needs_all_its_tasks() -> None:
    assert overall({"xnli": 80.0}) == {}
    assert overall({"bucc2018": 80.0, "tatoeba": 60.0, "panx": 1.0}) == {"retrieval": 70.0}
    assert overall(dict.fromkeys(TASKS, 50.0)).keys() == {"all_task", "classification", "tagging", "qa", "retrieval"}


def test_a_missing_language_is_said_and_keeps_its_task_out_of_the_overall_score(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path, "xnli", "pawsx")
    (predictions / "xnli" / "test-sw.tsv").unlink()
    (labels / "xnli" / "test-ur.tsv").unlink()
    summary = score(tmp_path).summary()
    assert summary["missing"] == {"xnli": {"sw": "no predictions", "ur": "no labels"}}
    assert summary["scores"]["xnli"].keys() == set(TASKS["xnli"].languages) - {"sw", "ur"}
    assert summary["average"]["xnli"] == pytest.approx({"accuracy": mean(25, 75, 13)})
    assert summary["overall"] == {}


def test_what_is_not_xtremes_is_skipped_with_a_notice(tmp_path: Path) -> None:
    predictions, _ = write_submission(tmp_path, "xnli")
    put(predictions / "mewslix" / "test-ar.json", "{}")
    put(predictions / "xnli" / "test-nl.tsv", "neutral\n")
    put(predictions / "notes.txt", "x")
    scoring = score(tmp_path)
    assert [notice.partition(";")[0] for notice in scoring.notices] == [
        "mewslix: not a task of XTREME that is scored here",
        "xnli: nl not among XTREME's languages",
    ]
    assert scoring.scores.keys() == {"xnli"} and not scoring.missing


def test_a_task_without_labels_is_said(tmp_path: Path) -> None:
    _, labels = write_submission(tmp_path, "xnli", "pawsx")
    shutil.rmtree(labels / "pawsx")
    scoring = score(tmp_path)
    assert scoring.scores.keys() == {"xnli"}
    assert set(scoring.missing["pawsx"].values()) == {f"no labels, there is no {labels / 'pawsx'}"}


def test_a_task_s_own_folder_will_do(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path, "xnli", "pawsx")
    assert score_folders(predictions / "xnli", labels / "xnli").scores == {"xnli": score(tmp_path).scores["xnli"]}


def test_labels_in_a_data_folder_are_those_of_a_submission(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path)
    data = tmp_path / "data"
    for task, place in (
        ("xquad", "xquad.{}.json"),
        ("mlqa", "MLQA_V1/test/test-context-{0}-question-{0}.json"),
        ("tydiqa", "tydiqa-goldp-v1.1-dev/tydiqa.goldp.{}.dev.json"),
        ("bucc2018", "{}-en.test.gold"),
    ):
        for language in TASKS[task].languages:
            file = labels / task / TASKS[task].predictions.format(lang=language)
            put(data / task / place.format(language), file.read_text("utf-8"))
    for task in ("xnli", "pawsx", "udpos", "panx"):
        texts = "a text\tanother\t" if task in ("xnli", "pawsx") else "word\t"
        for file in (labels / task).iterdir():
            lines = [texts + line if line else "" for line in file.read_text("utf-8").splitlines()]
            put(data / task / file.name, "\n".join(lines) + "\n")
    for language in TASKS["tatoeba"].languages:
        put(data / "tatoeba" / f"{language}-en.{language}", "x\ny\nz\nw\n")
        put(data / "tatoeba" / f"{language}-en.en", "the\na\nof\nan\n")
        put(predictions / "tatoeba" / f"test-{language}.tsv", "0\n1\n2\n0\n")
    put(data / "mlqa" / "MLQA_V1" / "test" / "test-context-de-question-en.json", squad({"q": ["another pair"]}))
    found, expected = score_folders(predictions, data), score(tmp_path)
    assert not found.missing
    assert {**found.scores, "tatoeba": {}} == {**expected.scores, "tatoeba": {}}
    assert set(map(str, found.scores["tatoeba"].values())) == {"{'accuracy': 75.0}"}


def test_compressed_files_are_read(tmp_path: Path) -> None:
    write_submission(tmp_path, "xnli", "mlqa")
    expected = score(tmp_path)
    for file in [*tmp_path.rglob("*.tsv"), *tmp_path.rglob("*.json")]:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert score(tmp_path) == expected


@pytest.mark.parametrize("kind", ["predictions", "labels"])
def test_line_ends_and_blanks_of_other_systems_change_nothing(tmp_path: Path, kind: str) -> None:
    write_submission(tmp_path)
    expected = score(tmp_path)
    for file in (tmp_path / kind).rglob("test-*"):
        text = file.read_text("utf-8").replace("\n\n", "\n\n\n").replace("\n", " \r\n")
        file.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert score(tmp_path) == expected


def test_unlabelled_files_are_not_scored(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path, "xnli", "panx", "xquad", "tydiqa", "pawsx", "tatoeba")
    put(labels / "xnli" / "test-de.tsv", "a\tb\n" * 4)
    put(labels / "panx" / "test-de.tsv", "He\nlives\nthere\n\nO\n")
    put(labels / "xquad" / "test-de.json", squad({"q1": []}))
    put(labels / "tydiqa" / "test-fi.json", squad({"q1": [""]}))  # as XTREME leaves it
    rows = [f"{letter}" for letter in "abcdefghijkl"]
    (labels / "tatoeba" / "test-de.tsv").unlink()
    put(labels / "tatoeba" / "de-en.de", "\n".join(rows))
    put(labels / "tatoeba" / "de-en.en", "\n".join(rows))
    missing = score(tmp_path).missing
    assert missing == {
        "xnli": {"de": "no labels, only texts"},
        "panx": {"de": "no tags, only words"},
        "xquad": {"de": "no labels, only questions"},
        "tydiqa": {"fi": "no labels, only questions"},
        "tatoeba": {"de": "no labels: de-en.en is in alphabetical order, not in that of de-en.de"},
    }


def test_questions_without_prediction_count_zero_and_are_counted(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path, "xquad")
    put(labels / "xquad" / "test-de.json", squad({"q1": ["a"], "q2": ["b"], "q3": ["c"], "q4": ["d"]}))
    put(predictions / "xquad" / "test-de.json", json.dumps({"q4": "d", "q7": "x"}))
    scoring = score(tmp_path)
    assert scoring.scores["xquad"]["de"] == {"exact_match": 25.0, "f1": 25.0}
    assert scoring.notices == ["xquad de: 3 of 4 questions have no prediction, which counts 0"]


def test_bucc_may_find_nothing(tmp_path: Path) -> None:
    predictions, _ = write_submission(tmp_path, "bucc2018")
    put(predictions / "bucc2018" / "test-ru.tsv", "")
    assert score(tmp_path).scores["bucc2018"]["ru"] == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("predictions/xnli/test-de.tsv", "neutral\n" * 3, "test-de.tsv, line 3: there are 3 predictions for the 4"),
        ("predictions/xnli/test-de.tsv", "neutral\n" * 6, "test-de.tsv, line 5: there are 6 predictions for the 4"),
        ("predictions/xnli/test-de.tsv", "neutral\n\nneutral\n", "test-de.tsv, line 2: the line is empty"),
        ("predictions/xnli/test-de.tsv", "", "test-de.tsv: the file is empty"),
        ("predictions/xnli/test-de.tsv", "a\tb\n", "line 1: there are 2 columns where tabs should make 1"),
        ("labels/xnli/test-de.tsv", "a\tb\tneutral\na\tneutral\n", "line 2: there are 2 columns, and 3 in line 1"),
        ("labels/xnli/test-de.tsv", "a\tb\tneutral\na\tb\t\n", "line 2: the label is empty"),
        ("labels/xnli/test-xx.tsv", "neutral\n", "there is no language 'xx'"),
        ("predictions/panx/test-de.tsv", "O\nO\nO\n\nO\nO\n", "line 5: sentence 2 has 2 tags for 1 words"),
        ("predictions/panx/test-de.tsv", "O\nO\nO\n", "line 1: there are 1 sentences for the 2 of"),
        ("predictions/panx/test-de.tsv", "O\nO\nO\n\nO\n\nO\n", "line 7: there are 3 sentences for the 2 of"),
        ("predictions/panx/test-de.tsv", "\n\n", "the file is empty"),
        ("predictions/panx/test-de.tsv", "a\tb\tO\n", "line 1: there are 3 columns where tabs should make 1 or 2"),
        ("predictions/bucc2018/test-de.tsv", "x-1 en-1\n", "line 1: there are 1 columns where tabs should make 2"),
        ("labels/bucc2018/test-de.tsv", "", "the file is empty"),
        ("predictions/xquad/test-de.json", "{", "line 1: this is not JSON"),
        ("predictions/xquad/test-de.json", "[]", "this is a JSON list, not an object"),
        ("predictions/xquad/test-de.json", '{"q1": ["a"]}', "field 'q1': the answer is no text"),
        ("predictions/xquad/test-de.json", '{"p1": "a"}', "none of its questions (p1 …) is one of"),
        ("labels/xquad/test-de.json", '{"data": [{"title": "t"}]}', "field 'paragraphs': this is not SQuAD's format"),
        ("labels/xquad/test-de.json", '{"q1": "answer"}', "field 'data': this is not SQuAD's format"),
        ("labels/xquad/test-de.json", "7", "this is not SQuAD's format"),
        ("labels/xquad/test-de.json", '{"data": []}', "there is no question in it"),
        ("labels/xquad/test-de.json", squad({"q1": ["x"], "q2": []}), "question q2 has no answer, and others do"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place_and_remedy(
    tmp_path: Path, file: str, text: str, said: str
) -> None:
    write_submission(tmp_path, "xnli", "panx", "bucc2018", "xquad")
    put(tmp_path / file, text)
    with pytest.raises(InputError) as failure:
        score(tmp_path)
    assert said in str(failure.value)
    assert str(failure.value.file) == str(tmp_path / file)
    assert failure.value.remedy


def test_tatoeba_s_two_sides_have_to_be_as_long(tmp_path: Path) -> None:
    _, labels = write_submission(tmp_path, "tatoeba")
    (labels / "tatoeba" / "test-de.tsv").unlink()
    put(labels / "tatoeba" / "de-en.de", "a\nb\n")
    put(labels / "tatoeba" / "de-en.en", "b\n")
    with pytest.raises(InputError, match="de-en.en, line 2: there are 1 sentences, and 2 in de-en.de"):
        score(tmp_path)


def test_nothing_to_score_is_an_error(tmp_path: Path) -> None:
    predictions, labels = write_submission(tmp_path, "xnli")
    with pytest.raises(InputError, match="there is no such folder"):
        score_folders(tmp_path / "nowhere", labels)
    with pytest.raises(InputError, match="this is a file, not a folder"):
        score_folders(predictions, labels / "xnli" / "test-de.tsv")
    with pytest.raises(InputError, match="there is no task of XTREME in it"):
        score_folders(tmp_path, labels)
    shutil.rmtree(labels / "xnli")
    with pytest.raises(InputError, match="nothing can be scored: xnli has no labels, there is no"):
        score_folders(predictions, labels)
