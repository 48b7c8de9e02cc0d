"""Sentences that a reader of the language wrote down, not the grammar."""

from __future__ import annotations

import pytest

from xtune.pocket.grammar import realise
from xtune.pocket.lexicon import load_lexicon
from xtune.pocket.plan import Clause, Noun

LEXICON = load_lexicon()
DOCTOR = Noun("people/doctor", adjective="famous")
ANNA = Noun("first_names/anna", last="last_names/weber")
WOMEN = Noun("people/woman", number="pl")


@pytest.mark.parametrize(
    ("language", "clause", "text"),
    [
        ("en", Clause(WOMEN, "see", DOCTOR, negative=True), "The women do not see the famous doctor."),
        ("de", Clause(DOCTOR, "see", Noun("people/boy")), "Der berühmte Arzt sieht den Jungen."),
        (
            "de",
            Clause(ANNA, "buy", Noun("things/hat"), place="cities/rome", time="today", front="time"),
            "Heute kauft Anna Weber den Hut in Rom.",
        ),
        ("de", Clause(ANNA, "work", place="organisations/solara_bank", negative=True),
         "Anna Weber arbeitet nicht bei der Solara Bank."),
        ("es", Clause(ANNA, "see", DOCTOR), "Anna Weber ve al médico famoso."),
        ("es", Clause(ANNA, "train", Noun("things/team")), "Anna Weber entrena al equipo."),
        ("es", Clause(Noun("things/water"), predicate="cold"), "El agua está fría."),
        ("fr", Clause(Noun("people/man"), "love", Noun("things/egg"), negative=True), "L'homme n'aime pas l'œuf."),
        ("fr", Clause(ANNA, "buy", Noun("things/plane", adjective="ancient")), "Anna Weber achète le vieil avion."),
        ("ru", Clause(WOMEN, "see", ANNA), "Женщины видят Анну Вебер."),
        ("ru", Clause(ANNA, "buy", Noun("things/apple", number="3")), "Анна Вебер покупает три яблока."),
        ("ru", Clause(ANNA, "buy", Noun("things/apple", number="5")), "Анна Вебер покупает пять яблок."),
        ("tr", Clause(DOCTOR, "see", ANNA, negative=True), "Ünlü doktor Anna Weber'i görmüyor."),
        ("ja", Clause(ANNA, "buy", Noun("things/book", number="3")), "アンナ・ウェーバーは本を三冊買います。"),
        ("ja", Clause(ANNA, "sign", Noun("things/contract", number="3")),
         "アンナ・ウェーバーは三枚の契約書に署名します。"),
        ("ja", Clause(WOMEN, "love", Noun("things/tea"), negative=True), "女性たちはお茶が好きではありません。"),
        ("ar", Clause(ANNA, "read", Noun("things/book", adjective="new")), "تقرأ آنا فيبر الكتاب الجديد."),
        ("ar", Clause(Noun("people/man"), "buy", Noun("things/book", number="3")), "يشتري الرجل ثلاثة كتب."),
        ("ar", Clause(Noun("things/door"), predicate="new", negative=True), "الباب ليس جديدًا."),
        ("id", Clause(Noun("people/teacher", number="pl"), "read", Noun("things/book")), "Para guru membaca buku."),
        ("id", Clause(DOCTOR, "see", ANNA), "Dokter terkenal itu melihat Anna Weber."),
        ("id", Clause(Noun("things/car"), predicate="red", negative=True), "Mobil itu tidak merah."),
        ("sw", Clause(Noun("people/teacher", number="pl"), "read", Noun("things/book", number="3")),
         "Walimu wanasoma vitabu vitatu."),
        ("sw", Clause(DOCTOR, "see", ANNA, negative=True), "Daktari maarufu hamwoni Anna Weber."),
    ],
)  # fmt: skip
def test_sentences(language: str, clause: Clause, text: str) -> None:
    assert realise(LEXICON, clause, language).text == text


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("en", ["B-PER", "I-PER", "O", "O", "B-ORG", "I-ORG", "O"]),
        ("es", ["B-PER", "I-PER", "O", "O", "O", "B-ORG", "I-ORG", "O"]),
        ("ja", ["B-PER", "I-PER", "I-PER", "O", "B-ORG", "I-ORG", "O", "O", "O", "O"]),
        ("sw", ["B-PER", "I-PER", "O", "O", "O", "B-ORG", "I-ORG", "I-ORG", "O"]),
    ],
)
def test_entities(language: str, tags: list[str]) -> None:
    words = realise(LEXICON, Clause(ANNA, "work", place="organisations/solara_bank"), language).words
    entities = [word.entity for word in words]
    assert entities[: len(tags)] == tags[: len(entities)]


def test_a_function_word_without_case_is_known_where_it_comes_first() -> None:
    clause = Clause(ANNA, "swim", place="places/park", time="today", front="place")
    tags = [word.tag for word in realise(LEXICON, clause, "ar").words]
    assert tags == ["ADP", "NOUN", "VERB", "PROPN", "PROPN", "ADV", "PUNCT"]


def test_parts_of_speech() -> None:
    clause = Clause(ANNA, "buy", Noun("things/hat", adjective="red"), place="places/market", negative=True)
    tags = [word.tag for word in realise(LEXICON, clause, "en").words]
    assert tags == ["PROPN", "PROPN", "AUX", "PART", "VERB", "DET", "ADJ", "NOUN", "ADP", "DET", "NOUN", "PUNCT"]


def test_the_noun_of_a_swahili_verb_phrase_is_a_noun() -> None:
    words = realise(LEXICON, Clause(ANNA, "photograph", DOCTOR), "sw").words
    assert [(word.text, word.tag) for word in words[2:4]] == [("anampiga", "VERB"), ("picha", "NOUN")]
