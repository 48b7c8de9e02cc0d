"""A tokenizer's pieces for a word, sampled: its pre-tokens one by one, from one generator, with a bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from xtune.augment.pretokens import ANCHOR, Cut, Fixed, Model, PreToken, PreTokenizer
from xtune.augment.wordpiece import WordPiece
from xtune.schema import Piece, Text

CACHED_WORDS = 2**14
"""So many words are remembered, the last used ones, at five kilobytes or so each."""

CACHED_LENGTH = 32
"""Longer words are not remembered. They are rare, or paragraphs without spaces, which are sampled by stretches."""


@dataclass(frozen=True, slots=True)
class _Word:
    """All that can become of a word: its pre-tokens' cuts, and the tokenizer's own pieces."""

    cuts: tuple[Cut, ...]
    best: tuple[Piece, ...]
    draws: int


class SubwordSampler:
    """Samples how a word is cut into pieces; made by `xtune.augment.segmentation.sampler_for`.

    It survives pickling and copying; what it remembers of words does not, and never changes a result.
    """

    def __init__(self, pretokenize: PreTokenizer, model: Model, added: frozenset[str], unknown: str | None) -> None:
        self._parts = (pretokenize, model, added, unknown)
        self._pretokenize, self._model, self._added, self._unknown = self._parts
        self._remembered = lru_cache(CACHED_WORDS)(self._read)
        self._starts_word_after = lru_cache(256)(self._look_after)
        # Most tokenizers treat a text's first word like the others. Some need a space before it.
        self._mark = self._mark_after("") or self._mark_after(" ")
        self._lead = "" if self._mark_after("") or not self._mark else " "

    def __reduce__(self) -> tuple[type[SubwordSampler], tuple[Any, ...]]:
        return type(self), self._parts

    def sample(self, word: str, rng: np.random.Generator, initial: bool = True) -> list[str]:
        """One segmentation of a word.

        Args:
            word: The word, without the space before it; spaces within are allowed.
            rng: The only source of randomness; how much is drawn from it depends on `word` alone.
            initial: The word follows white space. Otherwise it follows other letters and gets no word-start mark:
                no "▁" or "Ġ", and only "##" pieces in WordPiece.

        Returns:
            Pieces as `tokenizer.tokenize` prints them; the unknown token if the tokenizer leaves nothing of the word.
        """
        return [piece.token for piece in self.segment(word, rng, initial)]

    def segment(self, word: str, rng: np.random.Generator, initial: bool = True) -> tuple[Piece, ...]:
        """As `sample`, with the characters of `word` that each piece covers."""
        ways = self._ways(word, self._lead if initial else ANCHOR)
        if not ways.draws:
            return ways.best
        uniforms = rng.random(ways.draws).tolist()
        if len(ways.cuts) == 1:
            return tuple(ways.cuts[0].sample(uniforms))
        pieces: list[Piece] = []
        start = 0
        for cut in ways.cuts:
            pieces += cut.sample(uniforms[start : start + cut.draws])
            start += cut.draws
        return tuple(pieces)

    def viterbi(self, word: str, initial: bool = True) -> tuple[Piece, ...]:
        """The tokenizer's own segmentation: the best path, and no dropout."""
        return self._ways(word, self._lead if initial else ANCHOR).best

    def starts_word(self, piece: Piece) -> bool:
        """Whether a piece has the form that pieces have at the start of a word."""
        if isinstance(self._model, WordPiece):
            return not piece.token.startswith(self._model.prefix)
        return bool(self._mark) and piece.token.startswith(self._mark)

    def is_initial(self, text: Text, index: int) -> bool:
        """Whether the tokenizer marks the start of word `index` of a text, given what stands before it there."""
        if text.pretokenized:
            return self._starts_word_after("")  # each word is tokenized by itself
        start = text.words[index][0]
        if index == 0:
            return self._starts_word_after(text.text[:start])
        return self._starts_word_after("x" + text.text[text.words[index - 1][1] : start])

    def _ways(self, word: str, lead: str) -> _Word:
        return self._remembered(word, lead) if len(word) <= CACHED_LENGTH else self._read(word, lead)

    def _read(self, word: str, lead: str) -> _Word:
        parts = self._pretokenize(word, lead)
        cuts = tuple(self._cut(part) for part in parts)
        if any(isinstance(part, Piece) for part in parts):  # an added token: left as the tokenizer cuts it
            cuts = tuple(Fixed(cut.best) for cut in cuts)
        best = tuple(piece for cut in cuts for piece in cut.best)
        if not best and self._unknown is not None:
            best = (Piece(self._unknown, 0, len(word)),)
        return _Word(cuts, best, sum(cut.draws for cut in cuts))

    def _cut(self, part: PreToken | Piece) -> Cut:
        if isinstance(part, Piece):
            return Fixed((part,))
        cut = self._model.cut(part)
        # Normalisation can make an added token's text ("＜ｓ＞"); the model takes it for the token, so do not sample.
        return Fixed(cut.best) if any(token in part.text for token in self._added) else cut

    def _mark_after(self, before: str) -> str:
        return "".join(part.text for part in self._pretokenize(before + "x") if isinstance(part, PreToken))[:-1]

    def _look_after(self, before: str) -> bool:
        marked = [piece.token for piece in self.viterbi("x")]
        found = [piece.token for piece in self._read(before + "x", "").best]
        return found[-len(marked) :] == marked
