from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xtune.metrics import entities, entity_scores, tag_accuracy

UPOS = ("ADJ", "ADP", "INTJ", "NOUN", "PROPN", "SCONJ", "SYM", "VERB", "X")
BIO = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def sentences(tags: tuple[str, ...]) -> st.SearchStrategy[list[list[str]]]:
    return st.lists(st.lists(st.sampled_from(tags), min_size=1, max_size=6), min_size=1, max_size=4)


def test_an_entity_has_a_type_and_two_ends() -> None:
    assert entities([["O", "B-PER", "I-PER", "O"]]) == {("PER", 1, 2)}
    assert entities([["B-PER", "B-PER"]]) == {("PER", 0, 0), ("PER", 1, 1)}
    assert entities([["I-PER", "I-LOC"]]) == {("PER", 0, 0), ("LOC", 1, 1)}
    assert entities([["S-PER", "B-LOC", "E-LOC", "E-LOC"]]) == {("PER", 0, 0), ("LOC", 1, 2), ("LOC", 3, 3)}
    assert entities([["B-WORK-OF-ART", "I-WORK-OF-ART"]]) == {("ART", 0, 1)}


def test_an_entity_ends_with_its_sentence() -> None:
    assert entities([["O", "B-PER"], ["I-PER"]]) == {("PER", 1, 1), ("PER", 3, 3)}
    assert entities([["NOUN"], ["NOUN"]]) == {("NOUN", 0, 0), ("NOUN", 2, 2)}


def test_runs_of_a_bare_tag_are_one_entity_unless_it_begins_with_s() -> None:
    assert entities([["NOUN", "NOUN", "VERB"]]) == {("NOUN", 0, 1), ("VERB", 2, 2)}
    assert entities([["SYM", "SYM"]]) == {("SYM", 0, 0), ("SYM", 1, 1)}
    assert entities([["ADP", "SCONJ", "SCONJ", "ADP"]]) == {
        ("ADP", 0, 0),
        ("SCONJ", 1, 1),
        ("SCONJ", 2, 2),
        ("ADP", 3, 3),
    }


def test_half_a_run_of_nouns_counts_as_nothing_and_half_its_words_as_half() -> None:
    gold, predicted = [["NOUN", "NOUN"]], [["NOUN", "VERB"]]
    assert entity_scores(gold, predicted) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert tag_accuracy(gold, predicted) == 50.0


def test_precision_counts_what_was_found_and_recall_what_is_there() -> None:
    gold = [["B-PER", "I-PER", "O"], ["B-LOC", "O", "B-ORG"]]
    predicted = [["B-PER", "I-PER", "O"], ["O", "O", "B-LOC"]]
    assert entity_scores(gold, predicted) == pytest.approx({"f1": 40, "precision": 50, "recall": 100 / 3})


def test_nothing_found_is_zero_and_nothing_there_is_zero() -> None:
    assert entity_scores([["B-PER"]], [["O"]]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert entity_scores([["O"]], [["B-PER"]]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


def test_sentences_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="sentence 2 has 1 words and 2 predicted tags"):
        entity_scores([["O"], ["O"]], [["O"], ["O", "O"]])
    with pytest.raises(ValueError):
        tag_accuracy([["O"], ["O"]], [["O"]])
    with pytest.raises(ValueError, match="no word"):
        entity_scores([[]], [[]])


@given(sentences(UPOS + BIO))
def test_what_is_equal_scores_a_hundred(gold: list[list[str]]) -> None:
    assert tag_accuracy(gold, gold) == 100
    if entities(gold):
        assert entity_scores(gold, gold) == pytest.approx({"f1": 100, "precision": 100, "recall": 100})


@given(sentences(UPOS + BIO), st.data())
def test_gold_and_prediction_exchanged_exchange_precision_and_recall(
    gold: list[list[str]], data: st.DataObject
) -> None:
    predicted = [data.draw(st.lists(st.sampled_from(UPOS + BIO), min_size=len(s), max_size=len(s))) for s in gold]
    there, back = entity_scores(gold, predicted), entity_scores(predicted, gold)
    assert (there["precision"], there["recall"]) == (back["recall"], back["precision"])
    assert there["f1"] == pytest.approx(back["f1"])
    assert 0 <= there["f1"] <= 100 and min(there.values()) <= there["f1"] <= max(there.values()) + 1e-9


@given(sentences(UPOS))
def test_every_word_with_a_bare_tag_is_in_one_entity_of_its_tag(gold: list[list[str]]) -> None:
    words = {place: tag for place, tag in enumerate(tag for s in gold for tag in (*s, "")) if tag}
    found = [(place, type) for type, first, last in entities(gold) for place in range(first, last + 1)]
    assert sorted(found) == sorted(words.items())
