from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xtune.metrics import answer_scores, normalise_mlqa, normalise_squad

MLQA = ("ar", "de", "en", "es", "hi", "vi", "zh")


def test_the_reference_that_fits_best_counts_for_each_score() -> None:
    gold = [("q", ["a long bridge over the river", "the bridge"])]
    assert answer_scores(gold, {"q": "Bridge!"}, normalise_squad) == {"exact_match": 100.0, "f1": 100.0}
    # long bridge over river: 3 of 3 words, of 4
    scores = answer_scores(gold, {"q": "long bridge river"}, normalise_squad)
    assert scores == pytest.approx({"exact_match": 0, "f1": 100 * 6 / 7})


def test_words_count_as_often_as_they_stand_in_both() -> None:
    scores = answer_scores([("q", ["no no"])], {"q": "no no no no"}, normalise_squad)
    assert scores["f1"] == pytest.approx(100 * 2 / 3)  # 2 of 4, of 2


def test_the_mean_is_over_the_questions_and_one_without_prediction_counts_zero() -> None:
    gold = [(str(number), ["yes"]) for number in range(4)]
    predicted = {"0": "yes", "1": "yes", "2": "no", "another": "yes"}
    assert answer_scores(gold, predicted, normalise_squad) == {"exact_match": 50.0, "f1": 50.0}


def test_nothing_left_of_both_is_an_exact_match_without_a_common_word() -> None:
    assert answer_scores([("q", ["The"])], {"q": "..."}, normalise_squad) == {"exact_match": 100.0, "f1": 0.0}


def test_no_question_and_no_reference_are_errors() -> None:
    with pytest.raises(ValueError, match="no question"):
        answer_scores([], {}, normalise_squad)
    with pytest.raises(ValueError, match="question q2 has no reference"):
        answer_scores([("q1", ["x"]), ("q2", [])], {}, normalise_squad)


def test_squad_knows_english_articles_and_ascii_punctuation_alone() -> None:
    assert normalise_squad("An  apple, the U.S.\n«a»") == "apple us « »"
    assert normalise_squad("Die Brücke。") == "die brücke。"
    assert normalise_squad("banana theatre") == "banana theatre"


@pytest.mark.parametrize(
    ("language", "text", "normalised"),
    [
        ("en", "The “U.S.” a dollar: $5", "us dollar 5"),
        ("de", "Einem der Flüsse – dem »Rhein«", "flüsse rhein"),
        ("es", "¿Los Andes? Una LA", "andes"),
        ("vi", "Những chiếc thuyền của làng", "thuyền làng"),
        ("hi", "the लाल किला।", "the लाल किला"),
        ("ar", "في القاهرة القديمة؟", "في قاهرة قديمة"),
        ("zh", "《红楼梦》共 120 回 in English", "红 楼 梦 共 120 回 in english"),
    ],
)
def test_mlqa_has_articles_of_each_language_and_all_punctuation(language: str, text: str, normalised: str) -> None:
    assert normalise_mlqa(language)(text) == normalised


def test_mlqa_takes_the_arabic_article_out_of_the_middle_of_a_word() -> None:
    assert normalise_mlqa("ar")("مالك") == "م ك"


def test_mlqa_has_seven_languages() -> None:
    with pytest.raises(ValueError, match="no language 'fr', only ar, de"):
        normalise_mlqa("fr")


@given(st.text(), st.sampled_from(MLQA))
def test_case_and_what_stands_around_change_nothing(text: str, language: str) -> None:
    for normalise in (normalise_squad, normalise_mlqa(language)):
        assert normalise(f" \t({text}). ") == normalise(text)
        assert normalise(text) == " ".join(normalise(text).split())


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4), st.sampled_from(MLQA))
def test_an_exact_match_with_a_word_in_it_has_an_f1_of_a_hundred(pairs: list[tuple[str, str]], language: str) -> None:
    normalise = normalise_mlqa(language)
    for reference, answer in pairs:
        scores = answer_scores([("q", [reference])], {"q": answer}, normalise)
        assert 0 <= scores["f1"] <= 100
        same = normalise(reference) == normalise(answer)
        assert scores["exact_match"] == 100 * same
        assert not (same and normalise(answer)) or scores["f1"] == 100
