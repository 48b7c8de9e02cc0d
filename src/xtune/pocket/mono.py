"""Text of one language for pre-training: no document of one language translates one of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xtune.pocket.dictionary import Dictionary
from xtune.pocket.draw import Drawer
from xtune.pocket.grammar import realise
from xtune.pocket.items import document
from xtune.pocket.lexicon import TOPICS, WITHOUT_DICTIONARY, Lexicon
from xtune.pocket.plan import Clause
from xtune.pocket.words import Sentence, paragraph

_SWITCHED = 0.3  # of the words that have a translation, in a document with anchors


@dataclass(frozen=True)
class Anchors:
    """What code-switched documents are made with.

    Args:
        share: Of the documents; 0: none.
        dictionaries: By language; nothing else than these is used, and languages without have no anchors.
    """

    share: float
    dictionaries: Mapping[str, Dictionary]


def documents(
    lexicon: Lexicon, language: str, rng: np.random.Generator, count: int, anchors: Anchors
) -> Iterator[tuple[str, bool]]:
    """Documents of one to five sentences, each with whether words of it were switched.

    Args:
        lexicon: The lexicon.
        language: ISO 639-1 code.
        rng: Where the randomness comes from; each language has its own.
        count: How many documents.
        anchors: Which of them are code-switched, and with what.
    """
    draw = Drawer(lexicon, rng, None)
    for _ in range(count):
        clauses = _clauses(draw)
        sentences = [realise(lexicon, clause, language) for clause in clauses]
        pairs = _table(draw, language, anchors) if draw.chance(anchors.share) else {}
        switched = [switch(sentence, pairs, draw) for sentence in sentences]
        yield paragraph(switched)[0], switched != sentences


def _clauses(draw: Drawer) -> Sequence[Clause]:
    if draw.chance(0.6):
        return document(draw, draw.pick(TOPICS))
    return [draw.any() for _ in range(int(draw.rng.integers(1, 6)))]


def _table(draw: Drawer, language: str, anchors: Anchors) -> Mapping[str, list[str]]:
    """The translations to switch with: out of English into one language, or back into English."""
    there = [code for code in anchors.dictionaries if code not in WITHOUT_DICTIONARY]
    table: defaultdict[str, list[str]] = defaultdict(list)
    if language == "en" and there:
        for source, target in anchors.dictionaries[draw.pick(there)].pairs:
            table[source].append(target)
    elif language in there:
        for source, target in anchors.dictionaries[language].pairs:
            table[target.lower()].append(source)
    return table


def switch(sentence: Sentence, pairs: Mapping[str, list[str]], draw: Drawer) -> Sentence:
    """The sentence with some words in another language."""
    words = []
    for word in sentence.words:
        options = pairs.get(word.text.lower(), []) if word.entity == "O" else []
        words.append(replace(word, text=draw.pick(options)) if options and draw.chance(_SWITCHED) else word)
    return replace(sentence, words=tuple(words))
