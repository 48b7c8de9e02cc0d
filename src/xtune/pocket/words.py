"""Words with their annotation, and how they become text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from xtune.pocket.lexicon import Lexicon

_UNSPACED = {"ja"}
_UNCASED = {"ja", "ar"}
_CLOSING = {".", ",", "?", "؟"}
_MARK = re.compile(r"(.+)/([A-Z]+)$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Args:
        text: As it is written.
        tag: Its universal part of speech.
        entity: BIO tag.
        concept: Key of the concept that it stands for; empty for function words.
        glue: No blank follows.
    """

    text: str
    tag: str
    entity: str = "O"
    concept: str = ""
    glue: bool = False


@dataclass(frozen=True)
class Sentence:
    """Words of one language, and which of them play a role.

    Args:
        language: ISO 639-1 code.
        words: In their order, with punctuation.
        roles: Words `[start, end)` of `subject`, `object`, `place` and `time`, as far as there are any.
    """

    language: str
    words: tuple[Word, ...]
    roles: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence as it is written."""
        return join(self.words, self.language)

    def span(self, role: str) -> tuple[int, int]:
        """Characters `[start, end)` of a role in `text`."""
        first, last = self.roles[role]
        spans = offsets(self.words, self.language)
        return spans[first][0], spans[last - 1][1]


@cache
def parse(
    lexicon: Lexicon, language: str, form: str, tag: str, concept: str = "", entity: str = ""
) -> tuple[Word, ...]:
    """The words of a form of the lexicon.

    Args:
        lexicon: For the parts of speech of function words.
        language: Language of the form.
        form: As `xtune.pocket.lexicon` describes it.
        tag: Part of speech of what is no function word.
        concept: Key of the concept.
        entity: Type of what stands in brackets: `PER`, `LOC` or `ORG`.
    """
    words: list[Word] = []
    inside = False
    for token in form.split():
        opens, closes = token.startswith("["), token.endswith("]")
        label = "O" if not (opens or inside) else f"{'B' if opens else 'I'}-{entity}"
        inside = (opens or inside) and not closes
        token = token.removeprefix("[").removesuffix("]")
        glue, token = token.endswith("~"), token.removesuffix("~")
        mark = _MARK.match(token)
        # a capital first marks a noun or a name, not a function word; scripts without case have none
        is_function = not concept or bool(words) or not token[0].isupper()
        function = lexicon.function_words.get((language, token)) if is_function else None
        text, own = (mark[1], mark[2]) if mark else (token, function)
        known = own or ("PROPN" if label != "O" else tag)
        words.append(Word(text, known, label, "" if own else concept, glue))
    return tuple(words)


def is_spaced(language: str) -> bool:
    """Whether a language has blanks between words.

    >>> is_spaced("ja")
    False
    """
    return language not in _UNSPACED


def join(words: Sequence[Word], language: str) -> str:
    """Words to text, with blanks where the language has them."""
    spans = offsets(words, language)
    text, position = [], 0
    for word, (start, end) in zip(words, spans, strict=True):
        text.append(" " * (start - position) + word.text)
        position = end
    return "".join(text)


def offsets(words: Sequence[Word], language: str) -> list[tuple[int, int]]:
    """Characters `[start, end)` of each word in `join(words, language)`."""
    spans: list[tuple[int, int]] = []
    for index, word in enumerate(words):
        start = spans[-1][1] if spans else 0
        start += bool(spans) and _blank_between(words[index - 1], word, language)
        spans.append((start, start + len(word.text)))
    return spans


def _blank_between(left: Word, right: Word, language: str) -> bool:
    if language in _UNSPACED or left.glue or left.text == "¿":
        return False
    if right.text == "?" and language == "fr":
        return True
    return not (right.tag == "PUNCT" and right.text in _CLOSING)


def capitalise(words: Sequence[Word], language: str) -> tuple[Word, ...]:
    """The first letter of a sentence in upper case; it stays one character, in Turkish with its dot."""
    first = next((index for index, word in enumerate(words) if word.tag != "PUNCT"), None)
    if first is None or language in _UNCASED:
        return tuple(words)
    text = words[first].text
    initial = "İ" if language == "tr" and text[0] == "i" else text[0].upper()
    return (*words[:first], replace(words[first], text=initial + text[1:]), *words[first + 1 :])


def paragraph(sentences: Iterable[Sentence]) -> tuple[str, list[int]]:
    """Sentences as one text, and the character that each begins at."""
    text, starts = "", []
    for sentence in sentences:
        text += " " if text and sentence.language not in _UNSPACED else ""
        starts.append(len(text))
        text += sentence.text
    return text, starts
