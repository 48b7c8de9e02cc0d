"""A word as the tokenizer's model gets to see it: normalised, cut into pre-tokens, each character with its origin.

Everything here is the tokenizer's own normalizer, pre-tokenizer and added tokens; the models that cut pre-tokens into
pieces are `unigram`, `bpe` and `wordpiece`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from tokenizers import NormalizedString, PreTokenizedString, Regex, Tokenizer, pre_tokenizers

from xtune.schema import Piece, Span

ANCHOR = "q"
"""Stands before a word that gets no word-start mark. No accent composes with it, alone of all ASCII letters."""


@dataclass(frozen=True, slots=True)
class PreToken:
    """A stretch of normalised text that the model cuts by itself.

    Args:
        text: Its characters, a word-start mark among them where it has one: `[length]`.
        spans: For each character those of the word that it comes from: `[length]`.
        continues: It goes on where other letters ended, so that WordPiece has no word start in it.
        spaces: Where the word has spaces that the tokenizer trims off its offsets.
    """

    text: str
    spans: tuple[Span, ...]
    continues: bool = False
    spaces: Collection[int] = ()

    def piece(self, token: str, first: int, last: int) -> Piece:
        """The piece made of characters `[first, last)` of the pre-token.

        >>> PreToken("▁fi", ((0, 1), (0, 1), (0, 1))).piece("▁fi", 0, 3)
        Piece(token='▁fi', start=0, end=1)
        """
        start, end = self.spans[first][0], self.spans[last - 1][1]
        while start < end and start in self.spaces:
            start += 1
        while start < end and end - 1 in self.spaces:
            end -= 1
        return Piece(sys.intern(token), start, end)


class Cut(Protocol):
    """The ways to cut one pre-token into pieces."""

    @property
    def best(self) -> Sequence[Piece]:
        """The tokenizer's own way."""

    @property
    def draws(self) -> int:
        """How many uniforms `sample` reads."""

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """One way, a function of numbers in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A pre-token that can be cut in one way only."""

    best: Sequence[Piece]
    draws: int = 0

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """That way."""
        return self.best


class Model(Protocol):
    """A tokenizer's model."""

    def cut(self, pretoken: PreToken) -> Cut:
        """The ways to cut a pre-token."""


_TO_CHARACTERS = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")

_Characters = list[tuple[str, Span]]
"""Normalised characters, each with the characters of the original text that it comes from."""


class PreTokenizer:
    """The stages of a tokenizer before its model.

    Args:
        config: A `tokenizer.json`; nothing of its model is kept.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        # With a model that knows no word, what is not the unknown token (id 0) in an encoding is an added token.
        added = [{**token, "id": index} for index, token in enumerate(config["added_tokens"], start=1)]
        unknowing = {"type": "WordLevel", "vocab": {"\0": 0}, "unk_token": "\0"}
        kept = {"normalizer": config["normalizer"], "pre_tokenizer": config["pre_tokenizer"], "added_tokens": added}
        none = dict.fromkeys(("truncation", "padding", "post_processor", "decoder"))
        self._json = json.dumps({"version": "1.0", **none, **kept, "model": unknowing})
        self._trim = _trims_offsets(config["post_processor"])
        self._load()

    def _load(self) -> None:
        self._tokenizer = Tokenizer.from_str(self._json)
        self._normalizer, self._pre_tokenizer = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer

    def __getstate__(self) -> tuple[str, bool]:
        return self._json, self._trim

    def __setstate__(self, state: tuple[str, bool]) -> None:
        self._json, self._trim = state
        self._load()

    def __call__(self, word: str, lead: str = "") -> list[PreToken | Piece]:
        """Pre-tokens of a word and, as they are, the added tokens whose text stands in it.

        Args:
            word: Any string.
            lead: What stands before it: nothing, a space, or `ANCHOR`, which is then taken off again.
        """
        text = lead + word
        added = self._added_tokens(text)
        found: list[tuple[int, PreToken | Piece]] = []
        for group in self._characters(text, added):
            own = [(char, span) for char, span in group if lead != ANCHOR or span[1] > len(ANCHOR)]
            if own:
                found.append((own[0][1][0], self._pretoken(own, word, len(lead), len(own) < len(group))))
        found += [(start, Piece(token, *_shift((start, end), len(lead)))) for token, (start, end) in added]
        return [part for _, part in sorted(found, key=lambda pair: pair[0])]

    def _pretoken(self, characters: _Characters, word: str, lead: int, continues: bool) -> PreToken:
        text = "".join(char for char, _ in characters)
        spans = tuple(_shift(span, lead) for _, span in characters)
        if not self._trim or "Ġ" not in text:
            return PreToken(text, spans, continues)
        # A space is no part of a piece's characters, and a mark without a space has none.
        spaces = frozenset(at for at, char in enumerate(word) if char == " ")
        marks = (char == "Ġ" and span[0] not in spaces for char, span in zip(text, spans, strict=True))
        spans = tuple((span[0], span[0]) if mark else span for mark, span in zip(marks, spans, strict=True))
        return PreToken(text, spans, continues, spaces)

    def _added_tokens(self, text: str) -> list[tuple[str, Span]]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        if not any(encoding.ids):
            return []
        return [
            (token, span)
            for id_, token, span in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True)
            if id_
        ]

    def _characters(self, text: str, added: Iterable[tuple[str, Span]]) -> list[_Characters]:
        """The characters of each pre-token between the added tokens, with their places in `text`."""
        whole = PreTokenizedString(text)
        holes = [span for _, span in added]
        if holes:
            edges = sorted({0, len(text), *(edge for span in holes for edge in span)})
            whole.split(lambda _, string: _slices(string, edges))
        if self._normalizer is not None:
            whole.normalize(self._normalizer.normalize)
        if self._pre_tokenizer is not None:
            self._pre_tokenizer.pre_tokenize(whole)
        splits = [(part, span) for part, span, _ in whole.get_splits("original", "char")]
        groups = [_verbatim(part, text, span) for part, span in splits]
        if not all(groups):
            # The library says where characters come from only for a split as a whole, so each becomes one.
            _TO_CHARACTERS.pre_tokenize(whole)
            characters = iter([(char, span) for char, span, _ in whole.get_splits("original", "char")])
            groups = [[next(characters) for _ in part] for part, _ in splits]
        return [
            group
            for group, (_, span) in zip(groups, splits, strict=True)
            if not any(start <= span[0] < end for start, end in holes)
        ]


def _verbatim(part: str, text: str, span: Span) -> _Characters:
    """The characters of a pre-token that is its text as it was, a word-start mark aside, as many are; else none.

    A mark that is put before a word comes from the word's first character.
    """
    start, end = span
    original = text[start:end]
    body = part[1:] if part[:1] == "▁" and len(part) == len(original) + 1 else part
    if body != original and body.replace("▁", " ") != original:
        return []
    characters = [(char, (at, at + 1)) for at, char in enumerate(body, start)]
    return characters if body is part else [("▁", (start, start + 1)), *characters]


def _slices(string: NormalizedString, edges: Iterable[int]) -> list[NormalizedString]:
    """The parts of a string between positions."""
    parts = (string[start:end] for start, end in pairwise(edges))
    return [part for part in parts if part is not None]


def _shift(span: Span, lead: int) -> Span:
    """From text with a lead to the word behind it; what the lead covers is cut off."""
    return max(span[0] - lead, 0), max(span[1] - lead, 0)


def _trims_offsets(post_processor: Mapping[str, Any] | None) -> bool:
    """Byte-level tokenizers have a post-processor that takes spaces off the offsets."""
    if post_processor is None:
        return False
    parts = post_processor.get("processors", [post_processor])
    return any(part.get("trim_offsets", False) for part in parts)
