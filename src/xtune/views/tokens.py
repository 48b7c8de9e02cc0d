"""The tokens of one text, and which characters and words they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter

from xtune.schema import Span, Text


@dataclass(slots=True)
class Tokens:
    """Tokens of one text, without special ones."""

    ids: list[int]
    offsets: list[Span]

    def keep(self, part: slice) -> None:
        """Drop what is not in a part."""
        self.ids, self.offsets = self.ids[part], self.offsets[part]


@dataclass(slots=True)
class WordTokens(Tokens):
    """Tokens of a pretokenized text, each with its word."""

    words: list[int]

    def keep(self, part: slice) -> None:
        """Drop what is not in a part."""
        Tokens.keep(self, part)
        self.words = self.words[part]


def words_of(tokens: Tokens, text: Text) -> list[int]:
    """The word of each token: the first that ends behind the token's beginning, so that marks and spaces go ahead."""
    if isinstance(tokens, WordTokens):
        return tokens.words
    last = len(text.words) - 1
    return [min(bisect_right(text.words, start, key=itemgetter(1)), last) for start, _ in tokens.offsets]


def spans_of(tokens: Tokens, text: Text) -> list[Span]:
    """The characters of the text that each token covers."""
    if not isinstance(tokens, WordTokens):
        return tokens.offsets
    starts = [text.words[word][0] for word in tokens.words]
    return [(at + start, at + end) for at, (start, end) in zip(starts, tokens.offsets, strict=True)]


def range_of(tokens: Tokens, text: Text, word: int, marks: Collection[int]) -> tuple[int, int] | None:
    """The tokens `[first, last)` that are this word's alone, its word-start mark among them; None if there are none.

    `marks` are the ids of bare marks.
    """
    if isinstance(tokens, WordTokens):
        own = [index for index, owner in enumerate(tokens.words) if owner == word]
        return (own[0], own[-1] + 1) if own else None
    start, end = text.words[word]
    first = bisect_right(tokens.offsets, start, key=itemgetter(1))
    last = bisect_left(tokens.offsets, end, key=itemgetter(0))
    if first >= last or tokens.offsets[last - 1][1] > end or tokens.offsets[first][0] < start - 1:
        return None
    # A bare mark ("▁" before a piece that has none) covers the one space before the word, or nothing at its start.
    if (
        first
        and tokens.ids[first - 1] in marks
        and tokens.offsets[first][0] == start
        and tokens.offsets[first - 1] in ((start - 1, start), (start, start))
    ):
        first -= 1
    return first, last
