"""Code-switch substitution: words of the source text become words of other languages (paper, section 3.2.3).

For each word one language is drawn uniformly, and the word is replaced if that language's dictionary has it; there
is no second draw, as in the published code. So the realised rate is below the asked one; `realised_rate` measures it.
Unlike the published code, punctuation around a word and its case survive, and pairs that change nothing are no
replacements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import regex

from xtune.data.dictionaries import Dictionaries
from xtune.errors import InputError
from xtune.schema import Augmentation, View, WordKey

_CORE = regex.compile(r"^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}\p{M}]*)$", regex.DOTALL)


def split_affixes(word: str) -> tuple[str, str, str]:
    """What stands before, in and behind a word, where what is not letter or digit surrounds it.

    >>> split_affixes('("Dogs!"')
    ('("', 'Dogs', '!"')
    """
    match = _CORE.match(word)
    return (match[1], match[2], match[3]) if match else ("", word, "")


def match_case(translation: str, word: str) -> str:
    """The translation in the case of the word; one that is not written in lower case is left as it is.

    >>> match_case("hunde", "Dogs"), match_case("hunde", "DOGS"), match_case("Hunde", "dogs")
    ('Hunde', 'HUNDE', 'Hunde')
    """
    if word.isupper() and len(word) > 1:
        return translation.upper()
    if word[:1].isupper():
        return translation[:1].upper() + translation[1:]
    return translation


@dataclass(frozen=True)
class CodeSwitch:
    """Replace each word with probability `ratio` through the dictionary of a random language.

    Args:
        dictionaries: From the source language into others.
        ratio: Probability that a word is tried.
        source_language: Only texts in this language are switched; others are returned as they are, because the
            dictionaries are the source language's.
        only_last: Of several texts switch the last alone: the context, not the question.

    Raises:
        InputError: `ratio` is no probability, or there is no dictionary.

    >>> from xtune.schema import Example, Text
    >>> dictionaries = Dictionaries()
    >>> dictionaries.add("de", {"dogs": ["Hunde"]})
    >>> view = View(Example("0", "en", (Text.from_string("I see Dogs!"),)))
    >>> CodeSwitch(dictionaries, ratio=1.0)(view, np.random.default_rng(0)).example.texts[0].text
    'I see Hunde!'
    """

    dictionaries: Dictionaries
    ratio: float = 0.3
    source_language: str = "en"
    only_last: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise InputError("the ratio is a probability", field="code_switch.ratio", remedy="set it between 0 and 1")
        if not self.dictionaries.languages:
            raise InputError(
                "there is no dictionary to switch with",
                field="data.dictionaries",
                remedy="name a folder with en-XX.txt, or use augmentation=ss",
            )

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """Draw anew; the source text's other words, spaces and punctuation stay."""
        if view.example.language != self.source_language:
            return view
        languages = self.dictionaries.languages
        replacements: dict[WordKey, str] = {}
        for which, text in enumerate(view.example.texts):
            if self.only_last and which < len(view.example.texts) - 1:
                continue
            draws, borders = rng.random((3, len(text.words))), view.example.borders(which)
            for index in np.flatnonzero(draws[0] < self.ratio).tolist():
                if any(text.words[index][0] <= border < text.words[index][1] for border in borders):
                    continue
                word, language = text.word(index), languages[int(draws[1, index] * len(languages))]
                new = self._translate(word, language, draws[2, index])
                if new != word:
                    replacements[which, index] = new
        return view.with_words(replacements)

    def _translate(self, word: str, language: str, draw: float) -> str:
        """The word in a language; itself where the dictionary does not know it."""
        before, core, after = split_affixes(word)
        options = self.dictionaries.translations(language, core)
        if not options:
            return word
        return before + match_case(options[int(draw * len(options))], core) + after


def realised_rate(augmentation: Augmentation, views: Iterable[View], rng: np.random.Generator) -> float:
    """The share of words whose surface an augmentation changes, in percent, over some views."""
    words = changed = 0
    for view in views:
        after = augmentation(view, rng).example
        for old, new in zip(view.example.texts, after.texts, strict=True):
            words += len(old.words)
            changed += sum(old.word(i) != new.word(i) for i in range(min(len(old.words), len(new.words))))
    return 100 * changed / max(words, 1)
