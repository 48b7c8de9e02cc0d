"""Text of one language for pre-training: no document of one language translates one of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xtune.pocket.dictionary import Dictionary
from xtune.pocket.draw import Drawer
from xtune.pocket.grammar import ask, realise
from xtune.pocket.items import ASKED_ROLES, document, question
from xtune.pocket.lexicon import TOPICS, WITHOUT_DICTIONARY, Lexicon
from xtune.pocket.plan import Asked, Clause
from xtune.pocket.words import Sentence, is_spaced, paragraph

_SWITCHED = 0.5  # of the words that have a translation, in a document with anchors
_ASKED: tuple[Asked, ...] = tuple(ASKED_ROLES)
_Said = tuple[Clause, Asked | None]


@dataclass(frozen=True)
class Anchors:
    """What code-switched documents are made with.

    Args:
        share: Of the documents; 0: none.
        dictionaries: By language; nothing else than these is used, and languages without have no anchors.
    """

    share: float
    dictionaries: Mapping[str, Dictionary]


@dataclass(frozen=True)
class Document:
    """Sentences, and whether words of them were switched."""

    sentences: tuple[Sentence, ...]
    switched: bool

    @property
    def text(self) -> str:
        """The document as it is written, on one line."""
        return paragraph(self.sentences)[0]


def documents(
    lexicon: Lexicon, language: str, rng: np.random.Generator, count: int, anchors: Anchors
) -> Iterator[Document]:
    """Documents of one to five sentences: on a topic, on the same people and things, with a question, or on nothing.

    Args:
        lexicon: The lexicon.
        language: ISO 639-1 code.
        rng: Where the randomness comes from; each language has its own.
        count: How many documents.
        anchors: Which of them are code-switched, and with what.
    """
    draw = Drawer(lexicon, rng, None)
    for _ in range(count):
        sentences = [
            ask(lexicon, clause, asked, language) if asked else realise(lexicon, clause, language)
            for clause, asked in _told(draw)
        ]
        pairs = _table(draw, language, anchors) if draw.chance(anchors.share) else {}
        switched = [switch(sentence, pairs, draw) for sentence in sentences]
        yield Document(tuple(switched), switched != sentences)


def _told(draw: Drawer) -> Sequence[_Said]:
    """What a document says and asks."""
    kind = int(draw.rng.choice(4, p=(0.45, 0.3, 0.15, 0.1)))
    if kind == 2:
        asked = question(draw, draw.pick(_ASKED))
        clauses: list[_Said] = [(clause, None) for clause in asked.context]
        clauses.insert(draw.pick((0, asked.about)), (asked.context[asked.about], asked.asked))
        return clauses
    if kind == 0:
        return [(clause, None) for clause in document(draw, draw.pick(TOPICS))]
    if kind == 1:
        return [(clause, None) for clause in _story(draw)]
    return [(draw.any(), None) for _ in range(int(draw.rng.integers(1, 6)))]


def _story(draw: Drawer) -> list[Clause]:
    """Two to four sentences in which people and things come again, as they do in real texts."""
    told = [draw.dressed(draw.meeting() if draw.chance(0.3) else draw.doing())]
    while len(told) < 2 or (len(told) < 4 and draw.chance(0.5)):
        clause = _again(draw, draw.pick(told))
        told += [clause] if clause not in told else []
    return told


def _again(draw: Drawer, clause: Clause) -> Clause:
    """A sentence after another one: the same in other words, of the same person, or of the same act."""
    kind = int(draw.rng.integers(4))
    if kind == 0:
        return draw.fronted(replace(clause, front=None))
    if kind == 1:
        return replace(clause, place="", time="", front=None)
    if kind == 2:
        return draw.dressed(replace(draw.doing(), subject=clause.subject))
    people = [noun for noun in (clause.subject, clause.object) if noun is not None and noun.person]
    return replace(clause, subject=draw.other_person(*people))


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
    blank = "" if is_spaced(sentence.language) else " "  # a foreign word is set apart, so that it can be read
    words = []
    for word in sentence.words:
        options = pairs.get(word.text.lower(), []) if word.entity == "O" else []
        drawn = options and draw.chance(_SWITCHED)
        words.append(replace(word, text=f"{blank}{draw.pick(options)}{blank}") if drawn else word)
    return replace(sentence, words=tuple(words))
