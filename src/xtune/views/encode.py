"""A view as token ids: the tokenizer's own encoding, with the words that a view segments anew spliced in.

The view invariant holds by construction: a view without segmentation has exactly the ids and offsets of
`tokenizer(text, pair)`, or of `tokenizer(words, is_split_into_words=True)`, and one with differs only at its words.
Training and prediction encode by this one function.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tokenizers import Tokenizer

from xtune.errors import InputError
from xtune.schema import WORD_START_MARKS, Example, Noise, Piece, Span, Text, View

SPECIAL = -1
"""The text index of a token that belongs to no text."""


@dataclass(frozen=True, slots=True)
class EncodedView:
    """One row of a batch, not yet padded.

    Args:
        ids: Token ids, special tokens included: `[length]`.
        type_ids: Segment ids: `[length]`.
        texts: Which text of the example a token belongs to, or `SPECIAL`: `[length]`.
        offsets: Characters of that text (of the word, where the text is pretokenized): `[length]`.
        noise: Noise on the embeddings.
    """

    ids: list[int]
    type_ids: list[int]
    texts: list[int]
    offsets: list[Span]
    noise: Noise | None = None


@dataclass(slots=True)
class _Tokens:
    """Tokens of one text, without special ones."""

    ids: list[int]
    offsets: list[Span]


@dataclass(frozen=True, slots=True)
class _Template:
    """The special tokens before, between and behind the texts, and each part's segment id."""

    specials: tuple[tuple[int, ...], ...]
    special_types: tuple[tuple[int, ...], ...]
    text_types: tuple[int, ...]

    @property
    def length(self) -> int:
        return sum(len(part) for part in self.specials)


class Encoder:
    """Encodes views with a fast tokenizer, cut to a length.

    Args:
        tokenizer: A `PreTrainedTokenizerFast` of any family.
        max_length: Longest result, special tokens included; longer texts are cut as the tokenizer's `longest_first`
            does.

    Raises:
        InputError: The tokenizer has no fast backend or no pad token, or `max_length` leaves no room for text.
    """

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise InputError(
                f"{type(tokenizer).__name__} is a tokenizer without character offsets",
                field="model",
                remedy="use a model with a fast tokenizer (tokenizer.json)",
            )
        if tokenizer.pad_token_id is None:
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path} has no pad token",
                field="model",
                remedy="use an encoder, or give its tokenizer one: tokenizer.pad_token = tokenizer.eos_token",
            )
        self.tokenizer, self.max_length = tokenizer, max_length
        # A copy: calling the tokenizer elsewhere sets truncation and padding on its backend for good.
        self._backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._backend.no_truncation()
        self._backend.no_padding()
        self._vocabulary: dict[str, int] = self._backend.get_vocab(with_added_tokens=True)
        self._marks = {self._vocabulary[mark] for mark in WORD_START_MARKS if mark in self._vocabulary}
        self._unknown = tokenizer.unk_token_id
        self._cut_left = tokenizer.truncation_side == "left"
        self._templates = (_template(self._backend, 1), _template(self._backend, 2))
        if max_length <= self._templates[1].length + 1:
            raise InputError("leaves no room for text", field="max_length", remedy="set max_length=128 or more")

    def __getstate__(self) -> dict[str, Any]:
        """Data workers build the rest anew."""
        return {"tokenizer": self.tokenizer, "max_length": self.max_length}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __call__(self, view: View) -> EncodedView:
        """Encode a view of an example with one text or two."""
        texts = view.example.texts
        parts = [self._tokens(text) for text in texts]
        for (which, word), pieces in sorted(view.segmentation.items(), reverse=True):  # from the back: indices hold
            self._splice(parts[which], texts[which], word, pieces)
        template = self._templates[len(texts) - 1]
        for part, size in zip(parts, self._sizes([len(part.ids) for part in parts], template), strict=True):
            cut = slice(len(part.ids) - size, None) if self._cut_left else slice(size)
            part.ids, part.offsets = part.ids[cut], part.offsets[cut]
        return _assemble(template, parts, view.noise)

    def lengths(self, examples: Sequence[Example]) -> list[int]:
        """The lengths of the examples' unaugmented encodings, computed in one batch."""
        flat = [text for example in examples for text in example.texts]
        batches = [
            self._backend.encode_batch_fast(
                [_input(text) for text in flat if text.pretokenized == split],
                is_pretokenized=split,
                add_special_tokens=False,
            )
            for split in (False, True)
        ]
        sizes = [iter([len(encoding) for encoding in batch]) for batch in batches]
        result = []
        for example in examples:
            total = sum(next(sizes[text.pretokenized]) for text in example.texts)
            result.append(min(total + self._templates[len(example.texts) - 1].length, self.max_length))
        return result

    def _tokens(self, text: Text) -> _Tokens:
        encoding = self._backend.encode(_input(text), is_pretokenized=text.pretokenized, add_special_tokens=False)
        if text.pretokenized:
            # Offsets within a word do not say which word it is.
            return _WordTokens(
                encoding.ids, encoding.offsets, [-1 if word is None else word for word in encoding.word_ids]
            )
        return _Tokens(encoding.ids, encoding.offsets)

    def _splice(self, tokens: _Tokens, text: Text, word: int, pieces: Sequence[Piece]) -> None:
        """Exchange a word's tokens for its pieces; a word that shares a token with others is left as it is."""
        found = _range_of(tokens, text, word, self._marks)
        if found is None:
            return
        first, last = found
        start = 0 if text.pretokenized else text.words[word][0]
        marked = str(self._backend.id_to_token(tokens.ids[first])).startswith(WORD_START_MARKS)
        if marked != pieces[0].token.startswith(WORD_START_MARKS) or (tokens.offsets[first][0] < start and not marked):
            return  # the tokenizer puts the mark elsewhere here, as Gemma's does in runs of spaces
        tokens.ids[first:last] = [self._vocabulary.get(piece.token, self._unknown) for piece in pieces]
        tokens.offsets[first:last] = [(start + piece.start, start + piece.end) for piece in pieces]
        if isinstance(tokens, _WordTokens):
            tokens.words[first:last] = [word] * len(pieces)

    def _sizes(self, sizes: list[int], template: _Template) -> list[int]:
        """How many tokens of each text stay: the longer text gives first, as tokenizers' `longest_first`."""
        room = self.max_length - template.length
        if sum(sizes) <= room:
            return sizes
        if len(sizes) == 1:
            return [room]
        shorter = min(sizes)
        longer = max(shorter, room - shorter)
        if shorter + longer > room:
            shorter, longer = room // 2, room // 2 + room % 2
        return [shorter, longer] if sizes[0] <= sizes[1] else [longer, shorter]


@dataclass(slots=True)
class _WordTokens(_Tokens):
    """Tokens of a pretokenized text, each with its word."""

    words: list[int]


def _input(text: Text) -> str | list[str]:
    return [text.word(index) for index in range(len(text.words))] if text.pretokenized else text.text


def _range_of(tokens: _Tokens, text: Text, word: int, marks: Collection[int]) -> tuple[int, int] | None:
    """The tokens `[first, last)` that are this word's alone, its word-start mark among them; None if there are none.

    `marks` are the ids of bare marks.
    """
    if isinstance(tokens, _WordTokens):
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


def _template(backend: Tokenizer, texts: int) -> _Template:
    """Read the special tokens off an encoding of short texts."""
    encoding = backend.encode("a", "a" if texts == 2 else None)
    specials: list[list[int]] = [[] for _ in range(texts + 1)]
    types: list[list[int]] = [[] for _ in range(texts + 1)]
    text_types = [0] * texts
    seen = 0
    for token, kind, sequence in zip(encoding.ids, encoding.type_ids, encoding.sequence_ids, strict=True):
        if sequence is None:
            specials[seen].append(token)
            types[seen].append(kind)
        else:
            seen, text_types[sequence] = sequence + 1, kind
    return _Template(tuple(map(tuple, specials)), tuple(map(tuple, types)), tuple(text_types))


def _assemble(template: _Template, parts: Sequence[_Tokens], noise: Noise | None) -> EncodedView:
    ids, types = list(template.specials[0]), list(template.special_types[0])
    texts, offsets = [SPECIAL] * len(ids), [(0, 0)] * len(ids)
    for which, part in enumerate(parts):
        specials = template.specials[which + 1]
        ids += [*part.ids, *specials]
        types += [template.text_types[which]] * len(part.ids) + list(template.special_types[which + 1])
        texts += [which] * len(part.ids) + [SPECIAL] * len(specials)
        offsets += [*part.offsets, *[(0, 0)] * len(specials)]
    return EncodedView(ids, types, texts, offsets, noise)
