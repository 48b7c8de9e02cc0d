from __future__ import annotations

import unicodedata
from itertools import combinations

import pytest

from xtune.pocket.dictionary import concept_pairs
from xtune.pocket.grammar import ask, realise
from xtune.pocket.lexicon import LANGUAGES, TOPICS, load_lexicon
from xtune.pocket.phrases import noun_phrase
from xtune.pocket.plan import Clause, Noun

LEXICON = load_lexicon()
ANNA = Noun("first_names/anna", last="last_names/weber")
SCRIPTS = {"ru": "CYRILLIC", "ar": "ARABIC"}


def clauses(language: str) -> list[Clause]:
    """Every concept in every place that a plan can put it."""
    things, people = LEXICON.all("things"), LEXICON.all("people")
    said = []
    for verb in LEXICON.all("verbs"):
        classes = verb.facts("objects")
        for subject in (ANNA, Noun("people/woman", number="pl")):
            for negative in (False, True):
                objects: list[Noun | None] = [Noun(t.key) for t in things if t.fact("class") in classes]
                objects += [Noun("people/doctor"), ANNA] if "person" in classes else []
                objects += [Noun(city.key) for city in LEXICON.all("cities")] if "city" in classes else []
                places = [o.key for o in LEXICON.all("organisations")] if "org" in classes else ["places/park"]
                said += [
                    Clause(subject, verb.id, thing, place=place, negative=negative)
                    for thing in objects or [None]
                    for place in places
                ]
    said += [Clause(Noun(one.key, number=n), "laugh", place="places/park") for one in people for n in ("sg", "pl")]
    said += [Clause(ANNA, "see", Noun(one.key)) for one in people]
    for thing in things:
        if thing.fact("countable") == "1":
            said += [Clause(ANNA, "buy", Noun(thing.key, number=n)) for n in LEXICON.tables["numerals"]]
    for adjective in LEXICON.all("adjectives"):
        fitting = [Noun(t.key) for t in things if t.fact("kind") in adjective.facts("kinds")]
        fitting += [Noun(one.key) for one in people] if "person" in adjective.facts("kinds") else []
        for noun in fitting:
            said.append(Clause(noun, predicate=adjective.id, negative=True))
            said.append(Clause(noun, predicate=adjective.id))
            said.append(Clause(ANNA, "see", Noun(noun.head, adjective=adjective.id)))
    said += [Clause(ANNA, "sleep", place=p.key) for p in (*LEXICON.all("places"), *LEXICON.all("cities"))]
    said += [Clause(ANNA, "sleep", place="places/park", time=t.id, front="time") for t in LEXICON.all("times")]
    return said


def test_there_are_enough_concepts_languages_and_topics() -> None:
    assert len(LEXICON) >= 300
    assert len(LANGUAGES) == 10
    assert len(TOPICS) == 7
    assert {thing.fact("topic") for thing in LEXICON.all("things")} == {*TOPICS, "none"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_has_every_form_that_the_grammar_asks_for(language: str) -> None:
    for clause in clauses(language):
        sentence = realise(LEXICON, clause, language)  # a missing form is a KeyError
        assert sentence.text.strip() == sentence.text
        assert not set("-[]~|") & {word.text for word in sentence.words}
        assert "  " not in sentence.text
    for person in LEXICON.all("first_names"):
        for last in LEXICON.all("last_names"):
            for case in ("nom", "acc"):
                assert noun_phrase(LEXICON, language, Noun(person.key, last=last.key), case)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_a_language_is_in_its_own_script(language: str) -> None:
    for clause in clauses(language):
        for letter in realise(LEXICON, clause, language).text:
            if letter.isalpha():
                assert unicodedata.name(letter).startswith(SCRIPTS[language]), (letter, clause)


@pytest.mark.parametrize("table", ["things", "people", "places", "cities"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_nouns_are_alike(table: str, language: str) -> None:
    rows = [
        tuple(value for column, value in concept.values.items() if column.startswith(f"{language}."))
        for concept in LEXICON.all(table)
    ]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_verbs_of_one_object_are_not_alike(language: str) -> None:
    first = {"en": "3", "tr": "pos", "ja": "pos", "ar": "m", "id": "verb"}.get(language, "sg")
    for one, other in combinations(LEXICON.all("verbs"), 2):
        if {*one.facts("objects")} & {*other.facts("objects")}:
            for form in (first, f"o{first}"):
                if one.has(language, form) and other.has(language, form):
                    assert one.form(language, form) != other.form(language, form), (one.id, other.id)


def test_a_hypernym_is_a_thing() -> None:
    names = {thing.fact("hypernym") for thing in LEXICON.all("things")} - {""}
    assert names == {"fruit", "vegetable", "drink", "vehicle", "instrument"}
    assert names <= set(LEXICON.tables["things"])


def test_a_dictionary_entry_is_one_word() -> None:
    assert concept_pairs(LEXICON, LEXICON["things/apple"], "tr") == [("apple", "elma"), ("apple", "elmayı")]
    assert concept_pairs(LEXICON, LEXICON["places/kitchen"], "ja") == [("kitchen", "台所")]
    assert concept_pairs(LEXICON, LEXICON["places/kitchen"], "ar") == [("kitchen", "المطبخ")]
    assert concept_pairs(LEXICON, LEXICON["things/tent"], "es") == []


def test_questions() -> None:
    clause = Clause(ANNA, "buy", Noun("things/apple", adjective="red"), place="places/market")
    assert ask(LEXICON, clause, "where", "fr").text == "Où est-ce qu'Anna Weber achète la pomme rouge ?"
    assert ask(LEXICON, clause, "who", "ar").text == "من يشتري التفاحة الحمراء في السوق؟"
    assert ask(LEXICON, clause, "what", "ja").text == "アンナ・ウェーバーは市場で何を買いますか。"
