"""Subword sampling: some words of a view are cut into other pieces than the tokenizer would (paper, section 3.2.1).

The samplers are exact and their only randomness is the numpy generator that they are given, whichever process they run
in: Unigram samples from the lattice, BPE and WordPiece drop merges and matches. The `tokenizers` library's own sampling
is not used: it cannot be seeded, is lost by pickling, and is biased on the full lattice.

>>> from tokenizers import Tokenizer, models, pre_tokenizers
>>> from transformers import PreTrainedTokenizerFast
>>> pieces = [("<unk>", 0.0), ("▁", -1.0), ("d", -2.0), ("o", -2.0), ("do", -3.0), ("▁do", -3.5)]
>>> backend = Tokenizer(models.Unigram(pieces, unk_id=0))
>>> backend.pre_tokenizer = pre_tokenizers.Metaspace()
>>> sampler = sampler_for(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>"))
>>> sampler.viterbi("do")
(Piece(token='▁do', start=0, end=2),)
>>> rng = np.random.default_rng(0)
>>> sorted({" ".join(sampler.sample("do", rng)) for _ in range(100)})
['▁ d o', '▁ do', '▁do']
>>> sorted({" ".join(sampler.sample("do", rng, initial=False)) for _ in range(100)})
['d o', 'do']
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xtune.augment.bpe import Bpe
from xtune.augment.pretokens import Model, PreTokenizer
from xtune.augment.sampler import SubwordSampler
from xtune.augment.stretches import is_unspaced, stretches
from xtune.augment.unigram import Unigram
from xtune.augment.wordpiece import WordPiece
from xtune.errors import InputError
from xtune.schema import Piece, View

__all__ = ["SubwordSampler", "SubwordSampling", "is_unspaced", "sampler_for", "stretches"]


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
    _check(alpha, nbest, dropout)
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


def _check(alpha: float, nbest: int | None, dropout: float) -> None:
    if not (alpha > 0 and math.isfinite(alpha)):
        raise InputError(f"{alpha} is not a positive number", field="alpha", remedy="the paper takes 0.3")
    if nbest is not None and nbest < 1:
        raise InputError(f"{nbest} is not positive", field="nbest", remedy="null samples among all segmentations")
    if not 0 <= dropout <= 1:
        raise InputError(f"{dropout} is not a probability", field="dropout", remedy="0.1 is usual")


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
        only_last: Of several texts sample the last alone: the context, not the question.
        keep_all: Note down a word that was sampled even if it comes out as it was. The published code of span
            extraction takes it for changed (`xtune.views.correspond`).

    Raises:
        InputError: `ratio` is no probability.
    """

    sampler: SubwordSampler
    ratio: float = 1.0
    only_last: bool = False
    keep_all: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise InputError(f"{self.ratio} is not a probability", field="ratio", remedy="1 samples every word")

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """A view of the same words."""
        segmentation = dict(view.segmentation)
        for which, text in enumerate(view.example.texts):
            if self.only_last and which < len(view.example.texts) - 1:
                continue
            drawn = (rng.random(len(text.words)) < self.ratio).tolist()
            borders = view.example.borders(which)
            for index in range(len(text.words)):
                word, (first, last) = text.word(index), text.words[index]
                kept = [border - first for border in borders if first <= border < last]
                unspaced = is_unspaced(word)
                if not (drawn[index] or unspaced) or (kept and not unspaced):
                    continue
                initial = self.sampler.is_initial(text, index)
                own = self.sampler.viterbi(word, initial)
                if unspaced:
                    pieces = self._stretch_by_stretch(word, own, kept, rng)
                else:
                    pieces = self.sampler.segment(word, rng, initial)
                if pieces == own and not self.keep_all:
                    segmentation.pop((which, index), None)
                elif pieces is not None:
                    segmentation[which, index] = pieces
        return replace(view, segmentation=segmentation) if segmentation != view.segmentation else view

    def _stretch_by_stretch(
        self, word: str, own: tuple[Piece, ...], kept: Sequence[int], rng: np.random.Generator
    ) -> tuple[Piece, ...] | None:
        """The tokenizer's pieces, some stretches cut anew, but none with a character of `kept`; None if none is."""
        units = stretches(word, own)
        drawn = [unit for unit, hit in zip(units, rng.random(len(units)) < self.ratio, strict=True) if hit]
        if kept:
            drawn = [(a, b) for a, b in drawn if not any(own[a].start <= at < _end(own[a:b]) for at in kept)]
        pieces: list[Piece] = []
        done = 0
        for first, last in drawn:
            start, end = own[first].start, _end(own[first:last])
            cut = self.sampler.segment(word[start:end], rng, initial=self.sampler.starts_word(own[first]))
            pieces += own[done:first]
            pieces += [Piece(piece.token, start + piece.start, start + piece.end) for piece in cut]
            done = last
        return (*pieces, *own[done:]) if drawn else None


def _end(pieces: Sequence[Piece]) -> int:
    return max(piece.end for piece in pieces)
