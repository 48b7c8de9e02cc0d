"""MaxMatch-Dropout (Hiraoka 2022, https://aclanthology.org/2022.coling-1.430).

WordPiece takes the longest piece that matches, again and again; here each match is rejected with probability p, and the
next shorter one tried. Single characters are never rejected.

One thing is added to the paper's procedure: a match that the rest of the word cannot be spelt behind is no match, and
the shortest that there is is never rejected, be it one character or not. So sampling never makes the unknown token of a
word that the tokenizer can spell. With a vocabulary that has all its characters, both at word starts and within words,
nothing changes by that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xtune.augment.pretokens import Cut, Fixed, PreToken
from xtune.schema import Piece


class WordPiece:
    """A WordPiece vocabulary.

    Args:
        config: The model of a `tokenizer.json`.
        dropout: p.

    >>> vocab = {"vocab": {"a": 0, "##b": 1, "ab": 2}, "unk_token": "[UNK]", "max_input_chars_per_word": 100}
    >>> cut = WordPiece({**vocab, "continuing_subword_prefix": "##"}, dropout=0.5).cut(PreToken("ab", ((0, 1), (1, 2))))
    >>> [piece.token for piece in cut.sample([0.5, 0.0])], [piece.token for piece in cut.sample([0.49, 0.0])]
    (['ab'], ['a', '##b'])
    """

    def __init__(self, config: Mapping[str, Any], dropout: float) -> None:
        self.vocab = frozenset(config["vocab"])
        self.longest = max(map(len, self.vocab))
        self.prefix: str = config["continuing_subword_prefix"]
        self.unknown: str = config["unk_token"]
        self.max_length: int = config["max_input_chars_per_word"]
        self.dropout = dropout

    def cut(self, pretoken: PreToken) -> Cut:
        """The matches in a pre-token."""
        length = len(pretoken.text)
        matches = [self._matches(pretoken, start) for start in range(length)] if length <= self.max_length else []
        path = _longest_matches(matches)
        if path is None:
            return Fixed((pretoken.piece(self.unknown, 0, length),))
        best = tuple(pretoken.piece(token, start, end) for start, end, token in path)
        spellable = [False] * length + [True]
        for start in reversed(range(length)):
            matches[start] = [match for match in matches[start] if spellable[match[0]]]
            spellable[start] = bool(matches[start])
        if self.dropout == 0 or all(len(matching) <= 1 for matching in matches):
            return Fixed(best)
        steps = [
            [(end, pretoken.piece(token, start, end)) for end, token in matching]
            for start, matching in enumerate(matches)
        ]
        return Matches(steps, best, self.dropout)

    def _matches(self, pretoken: PreToken, start: int) -> list[tuple[int, str]]:
        """The pieces that match at a character, as (end, piece), the longest first."""
        prefix = self.prefix if start or pretoken.continues else ""
        ends = range(min(start + self.longest, len(pretoken.text)), start, -1)
        found = ((end, prefix + pretoken.text[start:end]) for end in ends)
        return [(end, token) for end, token in found if token in self.vocab]


class Matches:
    """All that MaxMatch-Dropout can make of a pre-token."""

    __slots__ = ("_dropout", "_steps", "best", "draws")

    def __init__(self, steps: Sequence[Sequence[tuple[int, Piece]]], best: Sequence[Piece], dropout: float) -> None:
        self._steps, self._dropout = steps, dropout
        self.best, self.draws = best, len(steps)

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """Match from left to right, at each character by its own uniform."""
        dropout, start, pieces = self._dropout, 0, []
        while start < self.draws:
            matching = self._steps[start]
            which, limit, uniform = 0, dropout, uniforms[start]
            while uniform < limit and which + 1 < len(matching):  # rejected
                which += 1
                limit *= dropout
            start, piece = matching[which]
            pieces.append(piece)
        return pieces


def _longest_matches(matches: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[int, int, str]] | None:
    """The tokenizer's own way, as (start, end, piece); None if it gets stuck."""
    path, start = [], 0
    while start < len(matches) and matches[start]:
        end, token = matches[start][0]
        path.append((start, end, token))
        start = end
    return path if path and start == len(matches) else None
