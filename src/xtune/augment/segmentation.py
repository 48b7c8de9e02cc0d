"""Subword sampling: some words of a view are cut into other pieces than the tokenizer would (paper, section 3.2.1).

The samplers are exact and their only randomness is the numpy generator that they are given, whichever process they run
in: Unigram samples from the lattice, BPE and WordPiece drop merges and matches. The `tokenizers` library's own sampling
is not used: it cannot be seeded, is lost by pickling, and is biased on the full lattice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from xtune.augment.bpe import Bpe
from xtune.augment.pretokens import ANCHOR, Cut, Fixed, Model, PreToken, PreTokenizer
from xtune.augment.stretches import is_unspaced, stretches
from xtune.augment.unigram import Unigram
from xtune.augment.wordpiece import WordPiece
from xtune.errors import InputError
from xtune.schema import Piece, Text, View

CACHED_WORDS = 2**14
"""So many words are remembered, the last used ones: a few kilobytes each."""

CACHED_LENGTH = 32
"""Longer words are not remembered. They are rare, or paragraphs without spaces, which are sampled by stretches."""


@dataclass(frozen=True, slots=True)
class _Word:
    """All that can become of a word: its pre-tokens' cuts, and the tokenizer's own pieces."""

    cuts: tuple[Cut, ...]
    best: tuple[Piece, ...]
    draws: int


class SubwordSampler:
    """Samples how a word is cut into pieces; made by `sampler_for`.

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


def sampler_for(tokenizer: Any, alpha: float = 0.3, nbest: int | None = None, dropout: float = 0.1) -> SubwordSampler:
    """The sampler that fits a tokenizer.

    Args:
        tokenizer: A fast tokenizer of transformers with a Unigram, BPE or WordPiece model. Later changes to it are not
            seen.
        alpha: Unigram: a segmentation's probability is ∝ exp(alpha · sum of its pieces' scores). The paper takes 0.3.
        nbest: Unigram: sample among the n best segmentations of each pre-token; None: among all.
        dropout: BPE: each merge that could be made is dropped with this probability (Provilkov et al. 2020);
            WordPiece: so is each match (Hiraoka 2022).

    Raises:
        InputError: The tokenizer cannot be sampled from, or an option is out of range.
    """
    if not (alpha > 0 and math.isfinite(alpha)):
        raise InputError(f"{alpha} is not a positive number", field="alpha", remedy="the paper takes 0.3")
    if nbest is not None and nbest < 1:
        raise InputError(f"{nbest} is not positive", field="nbest", remedy="null samples among all segmentations")
    if not 0 <= dropout <= 1:
        raise InputError(f"{dropout} is not a probability", field="dropout", remedy="0.1 is usual")
    config = _config_of(tokenizer)
    make: Mapping[str, Callable[[], Model]] = {
        "Unigram": lambda: Unigram(config["model"], alpha, nbest),
        "BPE": lambda: Bpe(config["model"], dropout),
        "WordPiece": lambda: WordPiece(config["model"], dropout),
    }
    kind = config["model"]["type"]
    if kind not in make:
        raise InputError(
            f"subword sampling does not know the tokenizer model {kind}",
            field="model",
            remedy=f"use an encoder with one of {', '.join(make)}, or another augmentation",
        )
    added = frozenset(token["content"] for token in config["added_tokens"])
    return SubwordSampler(PreTokenizer(config), make[kind](), added, tokenizer.unk_token)


def _config_of(tokenizer: Any) -> dict[str, Any]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise InputError(
            f"{type(tokenizer).__name__} has no fast backend to read pieces and scores from",
            field="model",
            remedy="use a model with a fast tokenizer (tokenizer.json)",
        )
    try:
        config: dict[str, Any] = json.loads(backend.to_str())
    except Exception as error:  # the library raises nothing narrower for parts written in Python
        raise InputError(f"the tokenizer cannot be read: {error}", field="model", remedy="use its own parts") from error
    return config


@dataclass(frozen=True)
class SubwordSampling:
    """Cut words of a view anew, each with probability `ratio`; in text without spaces, local stretches of words.

    A word that comes out as the tokenizer cuts it gets no entry in the view's segmentation: it is unchanged.

    Args:
        sampler: From `sampler_for`.
        ratio: In [0, 1]. The published code samples every word.

    Raises:
        InputError: `ratio` is no probability.
    """

    sampler: SubwordSampler
    ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise InputError(f"{self.ratio} is not a probability", field="ratio", remedy="1 samples every word")

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """A view of the same words."""
        segmentation = dict(view.segmentation)
        for which, text in enumerate(view.example.texts):
            drawn = (rng.random(len(text.words)) < self.ratio).tolist()
            for index in range(len(text.words)):
                word, initial = text.word(index), self.sampler.is_initial(text, index)
                own = self.sampler.viterbi(word, initial)
                if is_unspaced(word):
                    pieces = self._stretch_by_stretch(word, own, rng)
                else:
                    pieces = self.sampler.segment(word, rng, initial) if drawn[index] else None
                if pieces == own:
                    segmentation.pop((which, index), None)
                elif pieces is not None:
                    segmentation[which, index] = pieces
        return replace(view, segmentation=segmentation) if segmentation != view.segmentation else view

    def _stretch_by_stretch(
        self, word: str, own: tuple[Piece, ...], rng: np.random.Generator
    ) -> tuple[Piece, ...] | None:
        """The tokenizer's pieces, some stretches cut anew; None if none was drawn."""
        units = stretches(word, own)
        drawn = [unit for unit, hit in zip(units, rng.random(len(units)) < self.ratio, strict=True) if hit]
        pieces: list[Piece] = []
        done = 0
        for first, last in drawn:
            start, end = own[first].start, max(piece.end for piece in own[first:last])
            cut = self.sampler.segment(word[start:end], rng, initial=self.sampler.starts_word(own[first]))
            pieces += own[done:first]
            pieces += [Piece(piece.token, start + piece.start, start + piece.end) for piece in cut]
            done = last
        return (*pieces, *own[done:]) if drawn else None
