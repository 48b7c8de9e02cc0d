"""Noun phrases: article, adjective, numeral and case, as each language has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from xtune.pocket.lexicon import Concept, Lexicon
from xtune.pocket.plan import Noun
from xtune.pocket.words import Word, parse

Case = Literal["nom", "acc"]

_GERMAN = {
    "nom": {"m": "der", "f": "die", "n": "das", "pl": "die"},
    "acc": {"m": "den", "f": "die", "n": "das", "pl": "die"},
}
_SPANISH = {"m": "el", "f": "la", "fel": "el", "mpl": "los", "fpl": "las"}
_SWAHILI_PLURAL = {"3": "4", "5": "6", "6": "6", "7": "8", "9": "10", "11": "10"}


@dataclass(frozen=True)
class Parts:
    """A noun phrase taken apart; `say` makes words of a form."""

    noun: Noun
    head: Concept
    adjective: Concept | None
    numeral: Concept | None
    case: Case
    say: Callable[[str, str, str], tuple[Word, ...]]

    def form(self, language: str, name: str) -> list[Word]:
        """A form of the head."""
        return [*self.say(self.head.form(language, name), "NOUN", self.head.key)]

    def quality(self, language: str, name: str) -> list[Word]:
        """A form of the adjective, if there is one."""
        if self.adjective is None:
            return []
        return [*self.say(self.adjective.form(language, name), "ADJ", self.adjective.key)]

    def count(self, language: str, name: str) -> list[Word]:
        """A form of the numeral."""
        assert self.numeral is not None
        return [*self.say(self.numeral.form(language, name), "NUM", self.numeral.key)]

    @property
    def plural(self) -> bool:
        """Whether the plural form stands: a plural, or after a numeral."""
        return self.noun.number != "sg"


def noun_phrase(lexicon: Lexicon, language: str, noun: Noun, case: Case) -> list[Word]:
    """The words of a noun phrase.

    Args:
        lexicon: The lexicon.
        language: ISO 639-1 code.
        noun: What is said.
        case: Nominative or accusative; most languages write them alike.
    """

    def say(form: str, tag: str, concept: str) -> tuple[Word, ...]:
        return parse(lexicon, language, form, tag, concept)

    if noun.table == "first_names":
        return _person(lexicon, language, noun, case)
    head = lexicon[noun.head]
    if noun.table == "cities":
        name = "acc" if case == "acc" and head.has(language, "acc") else "nom"
        return [*parse(lexicon, language, head.form(language, name), "PROPN", head.key, "LOC")]
    adjective = lexicon[f"adjectives/{noun.adjective}"] if noun.adjective else None
    numeral = lexicon[f"numerals/{noun.number}"] if noun.counted else None
    return _LANGUAGES[language](Parts(noun, head, adjective, numeral, case, say))


def gender(lexicon: Lexicon, language: str, noun: Noun) -> str:
    """The gender of the head: of a person by its own table, else by language."""
    head = lexicon[noun.head]
    return head.fact("gender") if noun.table == "first_names" else head.form(language, "gender")


def _person(lexicon: Lexicon, language: str, noun: Noun, case: Case) -> list[Word]:
    first, last = lexicon[noun.head], lexicon[noun.last] if noun.last else None
    declined = case == "acc" and language in ("ru", "tr")
    own = "acc" if declined and (language == "ru" or last is None) else "nom"
    names = [(first, own)]
    if last is not None:
        suffix = first.fact("gender") if language == "ru" else ""
        names.append((last, f"acc{suffix}" if declined else "nom"))
    words = [Word(names[0][0].form(language, own), "PROPN", "B-PER", first.key)]
    for concept, name in names[1:]:
        words += [Word("・", "PUNCT", "I-PER")] if language == "ja" else []
        words.append(Word(concept.form(language, name), "PROPN", "I-PER", concept.key))
    return [Word("a", "ADP"), *words] if language == "es" and case == "acc" else words


def _english(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("en", "num"), *parts.form("en", "pl")]
    number = "pl" if parts.plural else "sg"
    return [Word("the", "DET"), *parts.quality("en", "adj"), *parts.form("en", number)]


def _german(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("de", "num"), *parts.form("de", "pl")]
    gender = parts.head.form("de", "gender")
    article = _GERMAN[parts.case]["pl" if parts.plural else gender]
    weak = "obl" if parts.case == "acc" and gender == "m" else "nom"
    declined = "acc" if parts.case == "acc" and parts.head.has("de", "acc") else "sg"
    noun = parts.form("de", "pl" if parts.plural else declined)
    return [Word(article, "DET"), *parts.quality("de", weak), *noun]


def _spanish(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("es", "num"), *parts.form("es", "pl")]
    gender = parts.head.form("es", "gender")
    article = Word(_SPANISH[f"{gender}pl" if parts.plural else gender], "DET")
    noun = [*parts.form("es", "pl" if parts.plural else "sg"), *parts.quality("es", gender[0])]
    personal = parts.case == "acc" and (parts.noun.person or parts.head.fact("class") == "team")
    if personal and article.text == "el":
        return [Word("al", "ADP"), *noun]
    return [*([Word("a", "ADP")] if personal else []), article, *noun]


def _french(parts: Parts) -> list[Word]:
    """Without elision, which depends on the next word and is done last."""
    if parts.noun.counted:
        return [*parts.count("fr", "num"), *parts.form("fr", "pl")]
    if parts.plural:
        return [Word("les", "DET"), *parts.form("fr", "pl")]
    gender = parts.head.form("fr", "gender")
    article, noun = Word("le" if gender == "m" else "la", "DET"), parts.form("fr", "sg")
    if parts.adjective is None or parts.adjective.form("fr", "before") == "0":
        return [article, *noun, *parts.quality("fr", gender)]
    before_vowel = gender == "m" and vowel_first(noun[0].text)
    return [article, *parts.quality("fr", "vowel" if before_vowel else gender), *noun]


def vowel_first(word: str) -> bool:
    """Whether a French word makes the one before it elide; `h` is mute in our nouns, not in our names."""
    return word[0].lower() in "aàâeéèêiîoôuœ" or word[:2] in ("ho", "hô")


def _russian(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        assert parts.numeral is not None
        return [*parts.count("ru", "num"), *parts.form("ru", parts.numeral.form("ru", "governs"))]
    if parts.plural:
        return parts.form("ru", "pl")
    gender, animate = parts.head.form("ru", "gender"), parts.noun.person
    accusative = parts.case == "acc" and (gender == "f" or (gender == "m" and animate))
    noun = parts.form("ru", "acc" if parts.case == "acc" else "sg")
    return [*parts.quality("ru", f"acc{gender}" if accusative else gender), *noun]


def _turkish(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("tr", "num"), *parts.form("tr", "sg")]
    name = "pl" if parts.plural else "acc" if parts.case == "acc" else "sg"
    return [*parts.quality("tr", "adj"), *parts.form("tr", name)]


def _japanese(parts: Parts) -> list[Word]:
    """Without particle and numeral, which follow in the clause."""
    if parts.noun.number == "pl":
        return parts.form("ja", "pl")
    return [*parts.quality("ja", "attr"), *parts.form("ja", "sg")]


def _arabic(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("ar", parts.head.form("ar", "gender")), *parts.form("ar", "count")]
    noun = parts.form("ar", "pl" if parts.plural else "sg")
    if parts.adjective is None:
        return noun
    quality = parts.adjective.form("ar", parts.head.form("ar", "gender"))
    return [*noun, Word(f"ال{quality}", "ADJ", concept=parts.adjective.key)]


def _indonesian(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        return [*parts.count("id", "num"), *parts.form("id", "sg")]
    noun = [*parts.form("id", "sg"), *parts.quality("id", "adj")]
    return [Word("para", "DET"), *noun] if parts.plural else noun


def _swahili(parts: Parts) -> list[Word]:
    if parts.noun.counted:
        numeral = _SWAHILI_PLURAL[parts.head.form("sw", "class")]
        return [*parts.form("sw", "pl"), *parts.count("sw", numeral)]
    if parts.plural:
        return parts.form("sw", "pl")
    concord = "1" if parts.noun.person else parts.head.form("sw", "class")
    return [*parts.form("sw", "sg"), *parts.quality("sw", concord)]


_LANGUAGES: dict[str, Callable[[Parts], list[Word]]] = {
    "en": _english,
    "de": _german,
    "es": _spanish,
    "fr": _french,
    "ru": _russian,
    "tr": _turkish,
    "ja": _japanese,
    "ar": _arabic,
    "id": _indonesian,
    "sw": _swahili,
}
