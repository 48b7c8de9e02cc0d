"""A view as token ids: the tokenizer's own encoding, with the words that a view segments anew spliced in.

The view invariant holds by construction: a view without segmentation has exactly the ids and offsets of
`tokenizer(text, pair)`, or of `tokenizer(words, is_split_into_words=True)`, and one with differs only at its words.
Training and prediction encode by this one function.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from xtune.errors import InputError
from xtune.schema import WORD_START_MARKS, Example, Noise, Piece, Span, Text, View
from xtune.views.tokens import Tokens, WordTokens, range_of, spans_of, words_of

SPECIAL = -1
"""The text, and the word, of a token that belongs to none."""


@dataclass(frozen=True, slots=True)
class EncodedView:
    """One row of a batch, not yet padded.

    Args:
        ids: Token ids, special tokens included: `[length]`.
        type_ids: Segment ids: `[length]`.
        texts: Which text of the example a token belongs to, or `SPECIAL`: `[length]`.
        offsets: Characters of that text (of the word, where the text is pretokenized): `[length]`.
        noise: Noise on the embeddings.
        words: Which word of its text a token belongs to, `SPECIAL` where to none: `[length]`. Only of a view that is
            seen through a window.
        cut: How many tokens did not fit.
    """

    ids: list[int]
    type_ids: list[int]
    texts: list[int]
    offsets: list[Span]
    noise: Noise | None = None
    words: Sequence[int] = ()
    cut: int = 0


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
            does, or seen through windows (`xtune.views.windows`).
        stride: Sub-words from the beginning of a window to that of the next.
        question_length: Longest first text of two where the last is seen through a window.

    Raises:
        InputError: The tokenizer has no fast backend or no pad token, or `max_length` leaves no room for text.
    """

    def __init__(self, tokenizer: Any, max_length: int, stride: int = 128, question_length: int = 64) -> None:
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
        self.stride, self.question_length = stride, question_length
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
        names = ("tokenizer", "max_length", "stride", "question_length")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __call__(self, view: View, window: Span | None = None) -> EncodedView:
        """Encode a view of an example with one text or two.

        Args:
            view: What to encode.
            window: Characters of the last text to see alone; None: all, and both texts are cut if they do not fit.
        """
        texts = view.example.texts
        parts = [self._tokens(text) for text in texts]
        for (which, word), pieces in sorted(view.segmentation.items(), reverse=True):  # from the back: indices hold
            self._splice(parts[which], texts[which], word, pieces)
        template = self._templates[len(texts) - 1]
        if window is not None:
            return self._through(window, texts, parts, template, view.noise)
        lengths = [len(part.ids) for part in parts]
        for part, size in zip(parts, self._sizes(lengths, template), strict=True):
            part.keep(slice(len(part.ids) - size, None) if self._cut_left else slice(size))
        return _assemble(template, parts, view.noise)

    def room(self, example: Example) -> int:
        """How many tokens of an example's last text fit into a window."""
        *others, _ = example.texts
        taken = sum(min(len(self._tokens(text).ids), self.question_length) for text in others)
        return self.max_length - self._templates[len(others)].length - taken

    def layout(self, text: Text) -> tuple[list[Span], list[int]]:
        """The characters and the word of each token of an unaugmented text."""
        tokens = self._tokens(text)
        words = words_of(tokens, text)
        return spans_of(tokens, text), words

    def _through(
        self, window: Span, texts: Sequence[Text], parts: Sequence[Tokens], template: _Template, noise: Noise | None
    ) -> EncodedView:
        *others, seen = parts
        start, end = window
        places = [
            place
            for place, (first, last) in enumerate(spans_of(seen, texts[-1]))
            if start <= first and last <= end and (first < end or end == len(texts[-1].text))
        ]
        seen.keep(slice(places[0], places[-1] + 1) if places else slice(0))
        for part in others:
            part.keep(slice(self.question_length))
        room = self.max_length - template.length - sum(len(part.ids) for part in others)
        cut = max(0, len(seen.ids) - room)
        seen.keep(slice(room))
        return _assemble(
            template, parts, noise, [words_of(part, text) for part, text in zip(parts, texts, strict=True)], cut
        )

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

    def _tokens(self, text: Text) -> Tokens:
        encoding = self._backend.encode(_input(text), is_pretokenized=text.pretokenized, add_special_tokens=False)
        if text.pretokenized:
            # Offsets within a word do not say which word it is.
            words = [SPECIAL if word is None else word for word in encoding.word_ids]
            return self._complete(WordTokens(encoding.ids, encoding.offsets, words), text)
        return Tokens(encoding.ids, encoding.offsets)

    def _complete(self, tokens: WordTokens, text: Text) -> WordTokens:
        """The unknown token for each word of which the tokenizer leaves nothing, so that every word has its site."""
        if self._unknown is not None and len(set(tokens.words)) < len(text.words):
            for word in sorted(set(range(len(text.words))) - set(tokens.words)):
                place = bisect_left(tokens.words, word)
                tokens.ids.insert(place, self._unknown)
                tokens.offsets.insert(place, (0, len(text.word(word))))
                tokens.words.insert(place, word)
        return tokens

    def _splice(self, tokens: Tokens, text: Text, word: int, pieces: Sequence[Piece]) -> None:
        """Exchange a word's tokens for its pieces; a word that shares a token with others is left as it is."""
        found = range_of(tokens, text, word, self._marks)
        if found is None:
            return
        first, last = found
        start = 0 if text.pretokenized else text.words[word][0]
        marked = str(self._backend.id_to_token(tokens.ids[first])).startswith(WORD_START_MARKS)
        if marked != pieces[0].token.startswith(WORD_START_MARKS) or (tokens.offsets[first][0] < start and not marked):
            return  # the tokenizer puts the mark elsewhere here, as Gemma's does in runs of spaces
        tokens.ids[first:last] = [self._vocabulary.get(piece.token, self._unknown) for piece in pieces]
        tokens.offsets[first:last] = [(start + piece.start, start + piece.end) for piece in pieces]
        if isinstance(tokens, WordTokens):
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


def _input(text: Text) -> str | list[str]:
    return [text.word(index) for index in range(len(text.words))] if text.pretokenized else text.text


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


def _assemble(
    template: _Template,
    parts: Sequence[Tokens],
    noise: Noise | None,
    words: Sequence[Sequence[int]] | None = None,
    cut: int = 0,
) -> EncodedView:
    ids, types = list(template.specials[0]), list(template.special_types[0])
    texts, offsets = [SPECIAL] * len(ids), [(0, 0)] * len(ids)
    owners = [SPECIAL] * len(ids)
    for which, part in enumerate(parts):
        specials = template.specials[which + 1]
        ids += [*part.ids, *specials]
        types += [template.text_types[which]] * len(part.ids) + list(template.special_types[which + 1])
        texts += [which] * len(part.ids) + [SPECIAL] * len(specials)
        offsets += [*part.offsets, *[(0, 0)] * len(specials)]
        if words is not None:
            owners += [*words[which], *[SPECIAL] * len(specials)]
    return EncodedView(ids, types, texts, offsets, noise, owners if words is not None else (), cut)
