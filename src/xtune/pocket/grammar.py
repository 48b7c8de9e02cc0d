"""From a plan to a sentence in each language: verb forms, negation, word order.

The orders stand in `lexicon/orders.tsv`. In a template, S, V, O, P and T are subject, verb, object, place and time
(empty where the plan has none), D and B the English auxiliary and the bare verb, N German `nicht`, A the predicative
adjective, C the copula where it varies, K the Japanese particle of the object; all else is written as it stands.
"""

from __future__ import annotations

from dataclasses import replace

from xtune.pocket.lexicon import Lexicon
from xtune.pocket.phrases import gender, noun_phrase, vowel_first
from xtune.pocket.plan import Asked, Clause, Noun
from xtune.pocket.words import Sentence, Word, capitalise, parse

_ROLES = {"S": "subject", "O": "object", "P": "place", "T": "time"}
_PUNCTUATION = {",", "、", ".", "?", "¿", "؟", "。"}
_ELIDED = {"le": "l'", "la": "l'", "ne": "n'", "que": "qu'"}
_ENTITIES = {"cities": "LOC", "organisations": "ORG"}


def realise(lexicon: Lexicon, clause: Clause, language: str) -> Sentence:
    """Say a clause.

    Args:
        lexicon: The lexicon.
        clause: What is said.
        language: ISO 639-1 code.
    """
    order = ("negative" if clause.negative else "copula") if clause.predicate else clause.front or "clause"
    template = f"{lexicon.orders[language, order]} {lexicon.orders[language, 'end']}"
    return _fill(lexicon, clause, language, template)


def ask(lexicon: Lexicon, clause: Clause, asked: Asked, language: str) -> Sentence:
    """Ask for the subject, the place or the object of a positive clause.

    Args:
        lexicon: The lexicon.
        clause: What is true.
        asked: `who`, `where` or `what`.
        language: ISO 639-1 code.
    """
    template = lexicon.orders[language, asked] + (" 。" if language == "ja" else "")
    plain = replace(clause, subject=Noun("people/doctor")) if asked == "who" else clause
    return _fill(lexicon, plain, language, template)


def _fill(lexicon: Lexicon, clause: Clause, language: str, template: str) -> Sentence:
    words: list[Word] = []
    roles: dict[str, tuple[int, int]] = {}
    for item in template.split():
        if len(item) == 1 and item.isascii() and item.isupper():
            phrase = _slot(lexicon, clause, language, item)
        elif item in _PUNCTUATION:
            phrase = [Word(item, "PUNCT")]
        else:
            phrase = [*parse(lexicon, language, item, "X")]
        if item in _ROLES and phrase:
            roles[_ROLES[item]] = _bare(phrase, len(words), language, item)
        words += phrase
    if language == "fr":
        words = _elide(words)
    return Sentence(language, capitalise(words, language), roles)


def _bare(phrase: list[Word], start: int, language: str, item: str) -> tuple[int, int]:
    """Where a role stands, without the particle and the numeral after it in Japanese and `a` before it in Spanish."""
    end = start + len(phrase)
    if language == "ja":
        particles = [index for index, word in enumerate(phrase) if word.tag == "ADP"] if item in "OP" else []
        return start, start + particles[-1] if particles else end
    return start + (language == "es" and item == "O" and phrase[0].text == "a"), end


def _slot(lexicon: Lexicon, clause: Clause, language: str, slot: str) -> list[Word]:
    if slot == "S":
        return _subject(lexicon, clause, language)
    if slot == "O":
        return _object(lexicon, clause, language)
    if slot == "P" and clause.place:
        table = clause.place.partition("/")[0]
        form = lexicon[clause.place].form(language, "loc")
        return [*parse(lexicon, language, form, "NOUN", clause.place, _ENTITIES.get(table, ""))]
    if slot == "T" and clause.time:
        key = f"times/{clause.time}"
        return [*parse(lexicon, language, lexicon[key].form(language, "adv"), "NOUN", key)]
    if slot == "K":
        return [Word(lexicon[f"verbs/{clause.verb}"].form("ja", "particle"), "ADP")]
    if slot in "AC":
        return _predicate(lexicon, clause, language, slot)
    if slot == "N":
        return [Word("nicht", "PART")] if clause.negative else []
    return _verb(lexicon, clause, language, slot) if slot in "VDB" else []


def _subject(lexicon: Lexicon, clause: Clause, language: str) -> list[Word]:
    """With Indonesian `itu`, without which one person who acts would be anyone; the copula has its own."""
    words = noun_phrase(lexicon, language, clause.subject, "nom")
    one = clause.subject.table == "people" and clause.subject.number == "sg"
    return [*words, Word("itu", "DET")] if language == "id" and one and not clause.predicate else words


def _object(lexicon: Lexicon, clause: Clause, language: str) -> list[Word]:
    if clause.object is None:
        return []
    words = noun_phrase(lexicon, language, clause.object, "acc")
    if language != "ja":
        return words
    particle = Word(lexicon[f"verbs/{clause.verb}"].form("ja", "particle"), "ADP")
    if not clause.object.counted:
        return [*words, particle]
    numeral, head = lexicon[f"numerals/{clause.object.number}"], lexicon[clause.object.head]
    count = [Word(numeral.form("ja", "num"), "NUM", concept=numeral.key), Word(head.form("ja", "counter"), "NOUN")]
    if particle.text == "を":
        return [*words, particle, *count]
    return [*count, Word("の", "ADP"), *words, particle]  # only what is counted after を can come behind it


def _verb(lexicon: Lexicon, clause: Clause, language: str, slot: str) -> list[Word]:
    concept, plural = lexicon[f"verbs/{clause.verb}"], clause.subject.number == "pl"

    def say(form: str) -> list[Word]:
        return [*parse(lexicon, language, concept.form(language, form), "VERB", concept.key)]

    number = "pl" if plural else "sg"
    if language == "en":
        auxiliary, bare = [Word("do" if plural else "does", "AUX")], say("base")
        finite = say("base" if plural else "3")
        negated = [*auxiliary, Word("not", "PART"), *bare]
        return {"D": auxiliary, "B": bare, "V": negated if clause.negative else finite}[slot]
    if language in ("tr", "ja"):
        return say("neg" if clause.negative else "pos")
    if language == "sw":
        someone = clause.object is not None and clause.object.person
        return say(f"{'o' if someone else ''}{'n' if clause.negative else ''}{number}")
    form = gender(lexicon, "ar", clause.subject) if language == "ar" else "verb" if language == "id" else number
    before, after = _NEGATION[language] if clause.negative else ("", "")
    literal = [parse(lexicon, language, side, "PART") for side in (before, after)]
    return [*literal[0], *say(form), *literal[1]]


_NEGATION = {
    "de": ("", ""),
    "es": ("no", ""),
    "fr": ("ne", "pas"),
    "ru": ("не", ""),
    "ar": ("لا", ""),
    "id": ("tidak", ""),
}


def _predicate(lexicon: Lexicon, clause: Clause, language: str, slot: str) -> list[Word]:
    """The predicative adjective, or the copula where it depends on subject or adjective."""
    concept, subject = lexicon[f"adjectives/{clause.predicate}"], clause.subject
    if slot == "C":
        if language == "id":
            return [] if subject.table == "first_names" else [Word("itu", "DET")]
        if language == "es":
            return [Word(concept.form("es", "copula"), "AUX")]
        return [Word("ليست" if gender(lexicon, "ar", subject) == "f" else "ليس", "AUX")]
    if language in ("es", "fr", "ru", "ar"):
        name = gender(lexicon, language, subject)[0]
        name = "accm" if language == "ar" and clause.negative and name == "m" else name
    elif language == "sw":
        name = "1" if subject.person else lexicon[subject.head].form("sw", "class")
    else:
        name = {"de": "pred", "ja": "neg" if clause.negative else "pred"}.get(language, "adj")
    return [*parse(lexicon, language, concept.form(language, name), "ADJ", concept.key)]


def _elide(words: list[Word]) -> list[Word]:
    elided = list(words)
    for index, (word, following) in enumerate(zip(words, words[1:], strict=False)):
        if word.text in _ELIDED and vowel_first(following.text):
            elided[index] = replace(word, text=_ELIDED[word.text], glue=True)
    return elided
