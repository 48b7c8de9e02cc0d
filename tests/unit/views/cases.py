"""Texts of many scripts, short and long, and strong augmentations: what the properties of views are tried on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampler, SubwordSampling, is_unspaced, sampler_for
from xtune.data import Dictionaries
from xtune.schema import Answer, Augmentation, Example, Span, Text, View
from xtune.views.correspond import Sight
from xtune.views.encode import EncodedView, Encoder
from xtune.views.windows import encode_window, windows

AUGMENTATIONS = ("ss", "cs", "cs+ss", "ss+cs", "gn")

LENGTHS = (24, 32, 48)

SPACES = (" ", "  ", "\n", " \t")


@functools.cache
def encoder(family: str, max_length: int) -> Encoder:
    """With a stride that is sometimes the shorter of the two, sometimes half of what fits."""
    return Encoder(TOKENIZERS[family](), max_length, stride=16, question_length=8)


@functools.cache
def sampler(family: str, alpha: float = 0.1) -> SubwordSampler:
    """One that changes many words."""
    return sampler_for(TOKENIZERS[family](), alpha=alpha, dropout=0.5)


@functools.cache
def augmentation(family: str, name: str, ratio: float = 1.0, only_last: bool = True) -> Augmentation:
    """By its name in `AUGMENTATIONS`; every word of every script has translations."""
    parts: dict[str, Augmentation] = {
        "ss": SubwordSampling(sampler(family), ratio, only_last),
        "cs": CodeSwitch(dictionaries(), 0.5 * ratio, only_last=only_last),
        "gn": GaussianNoise("normal", 0.1),
    }
    return Compose(tuple(parts[part] for part in name.split("+")))


@functools.cache
def dictionaries() -> Dictionaries:
    """Translations that are longer, of several words, shorter, and without spaces."""
    every = {word.strip(".,?!;¿¡$").lower() for lines in SENTENCES.values() for line in lines for word in line.split()}
    made = Dictionaries()
    made.add("de", {word: ["Donaudampfschiff", "zwei Worte"] for word in every if word})
    made.add("zh", {word: ["我们", "a"] for word in every if word})
    return made


def texts(rng: np.random.Generator) -> Iterator[Text]:
    """One of every language, short or long, and five that mix scripts and odd white space."""
    lines = [line for group in SENTENCES.values() for line in group]
    for group in SENTENCES.values():
        yield Text.from_string(" ".join(rng.choice(group, int(rng.integers(1, 5))).tolist()))
    for _ in range(5):
        picked = rng.choice(lines, int(rng.integers(2, 5))).tolist()
        spaces = rng.choice(SPACES, len(picked)).tolist()
        yield Text.from_string("".join(part for pair in zip(picked, spaces, strict=True) for part in pair))


def question(rng: np.random.Generator) -> Text:
    """Short, or longer than what a window has room for."""
    lines = [line for group in SENTENCES.values() for line in group]
    return Text.from_string(" ".join(rng.choice(lines, int(rng.integers(1, 3))).tolist()))


def asked(text: Text, rng: np.random.Generator) -> View:
    """A question and its context; the answer is some words, or a stretch of one without spaces."""
    first = int(rng.integers(len(text.words)))
    last = int(rng.integers(first, min(first + 4, len(text.words))))
    start, end = text.words[first][0], text.words[last][1]
    if is_unspaced(text.text[start:end]) and rng.random() < 0.8:
        start = int(rng.integers(start, text.words[first][1]))
        end = int(rng.integers(max(start, text.words[last][0]) + 1, end + 1))
    return View(Example("0", "en", (question(rng), text), Answer(text.text[start:end], start)))


def tagged(text: Text) -> View:
    """Words as annotated, of at most six characters where there are no spaces."""
    words = [line[at : at + 6] for line in text.text.split() for at in _starts(line)]
    return View(Example("0", "en", (Text.from_words(words),), ("X",) * len(words)))


def _starts(line: str) -> Sequence[int]:
    return range(0, len(line), 6) if is_unspaced(line) else (0,)


def looks(made: Encoder, view: View, source: View) -> list[Sight]:
    """What a model sees of a view, window by window."""
    found = (encode_window(made, view, source, window) for window in windows(made, source.example))
    return [Sight(seen, encoded, window) for seen, window, encoded in found]


def tokens(encoded: EncodedView, which: int) -> list[tuple[int, Span]]:
    """Ids and offsets of those of one text."""
    return [
        (token, span)
        for token, text, span in zip(encoded.ids, encoded.texts, encoded.offsets, strict=True)
        if text == which
    ]
