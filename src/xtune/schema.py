"""The values that travel through xtune: annotated text, and the views of it that a model sees.

Everything here is immutable and knows nothing of files, tokenizers or tensors. The four augmentations of the
paper (section 3.2) act at three depths, and a `View` has one slot for each: code-switch and machine translation
change `View.example`, subword sampling fills `View.segmentation`, Gaussian noise fills `View.noise`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Span = tuple[int, int]
"""Characters `[start, end)` of a string."""

WordKey = tuple[int, int]
"""(text of the example, word of that text), both counted from 0."""

Reduction = Literal["batchmean", "mean"]
"""How a divergence becomes one number; see `xtune.consistency.divergence`."""

Kind = Literal["classification", "tagging", "span"]
"""One distribution an example; one a word; or one over positions for the start and one for the end of an answer."""

Positions = Literal["unchanged", "untouched"]
"""Which words of two views of a context R1 compares: those that are the same in both, or, as the published code, only
those that no augmentation had a hand in, even if they came out as they were."""

Pooling = Literal["first", "mean", "sum"]
"""Which of a word's sub-words say its tag: the first, or all of them, their logits averaged or added up."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string and where its words are.

    Args:
        text: The string as the source file has it.
        words: One span a word, in order and not overlapping. A word may hold spaces (a multi-word translation).
        pretokenized: The words are the annotation's own (CoNLL), so that the tokenizer is given words, not text.

    >>> Text.from_string("Two  dogs.").words
    ((0, 3), (5, 10))
    """

    text: str
    words: tuple[Span, ...]
    pretokenized: bool = False

    @classmethod
    def from_string(cls, text: str) -> Text:
        """Words are what white space separates."""
        return cls(text, tuple(match.span() for match in re.finditer(r"\S+", text)))

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Text:
        """Words as annotated, joined by single spaces.

        >>> Text.from_words(["Two", "dogs", "."]).text
        'Two dogs .'
        """
        spans, start = [], 0
        for word in words:
            spans.append((start, start + len(word)))
            start += len(word) + 1
        return cls(" ".join(words), tuple(spans), pretokenized=True)

    def word(self, index: int) -> str:
        """The surface of word `index`."""
        start, end = self.words[index]
        return self.text[start:end]

    def replace_words(self, replacements: Mapping[int, str]) -> Text:
        """The same text with some words exchanged; the number of words and all between them is kept.

        >>> Text.from_string("I see  dogs").replace_words({2: "kleine Hunde"})
        Text(text='I see  kleine Hunde', words=((0, 1), (2, 5), (7, 19)), pretokenized=False)
        """
        parts, spans, position, length = [], [], 0, 0
        for index, (start, end) in enumerate(self.words):
            gap, surface = self.text[position:start], replacements.get(index, self.text[start:end])
            parts += [gap, surface]
            spans.append((length + len(gap), length + len(gap) + len(surface)))
            length += len(gap) + len(surface)
            position = end
        return Text("".join([*parts, self.text[position:]]), tuple(spans), self.pretokenized)

    def moved(self, new: Text, position: int) -> int:
        """Where character `position` stands in `new`, this text with some words exchanged; in such a word, its start.

        >>> old = Text.from_string("I see dogs")
        >>> new = old.replace_words({1: "sehe"})
        >>> [old.moved(new, place) for place in (0, 2, 4, 6, 10)]
        [0, 2, 2, 7, 11]
        """
        word = bisect_right(self.words, position, key=lambda span: span[0]) - 1
        if word < 0:
            return position
        (start, end), (new_start, new_end) = self.words[word], new.words[word]
        if position >= end:
            return new_end + position - end
        return new_start + position - start if self.word(word) == new.word(word) else new_start


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of span extraction: `text` stands at character `start` of the context, the example's last text.

    Args:
        text: Not empty.
        start: Of its first character.
        alternatives: Other texts that are right too, for the metrics.
    """

    text: str
    start: int
    alternatives: tuple[str, ...] = ()

    def moved(self, old: Text, new: Text) -> Answer:
        """The answer in a context of which some words were exchanged; the whole word where it began or ended in one."""
        last = self.start + len(self.text) - 1
        word = bisect_right(old.words, last, key=lambda span: span[0]) - 1
        kept = word < 0 or last >= old.words[word][1] or old.word(word) == new.word(word)
        start, end = old.moved(new, self.start), old.moved(new, last) + 1 if kept else new.words[word][1]
        return replace(self, text=new.text[start:end], start=start)


Target = str | tuple[str, ...] | Answer
"""What the annotation says: a label (classification), a tag for each word (tagging), or an answer (span)."""


@dataclass(frozen=True, slots=True)
class Example:
    """Annotated text in one language.

    Args:
        id: The source file's id, else its row counted from 0. Translations of an example carry its id.
        language: ISO 639-1 code.
        texts: One text, or two (a pair; for span extraction question and context).
        target: The annotation; None where there is none.
    """

    id: str
    language: str
    texts: tuple[Text, ...]
    target: Target | None = None

    def borders(self, which: int) -> tuple[int, ...]:
        """The characters of a text that no augmentation of words may touch: an answer's first and last.

        The published code keeps the words they stand in, so that an answer remains one (paper, section 3.3.2).

        >>> Example("0", "en", (Text.from_string("who?"), Text.from_string("a dog")), Answer("dog", 2)).borders(1)
        (2, 4)
        """
        if isinstance(self.target, Answer) and which == len(self.texts) - 1:
            return self.target.start, self.target.start + len(self.target.text) - 1
        return ()


@dataclass(frozen=True, slots=True)
class Piece:
    """One sub-word as the tokenizer writes it, and the characters `[start, end)` of its word that it covers."""

    token: str
    start: int
    end: int


WORD_START_MARKS = ("▁", "Ġ")
"""What pieces of SentencePiece and byte-level tokenizers begin with where a word does."""

Segmentation = Mapping[WordKey, tuple[Piece, ...]]
"""How some words are cut; words without an entry are left to the tokenizer."""

NoiseKind = Literal["normal", "uniform"]


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise on the input embeddings, by its recipe: the array is drawn from `seed` where the embeddings are.

    `normal` has standard deviation `eps`; `uniform` is U(-eps, eps), which the published code used by default.
    """

    kind: NoiseKind
    eps: float
    seed: int


@dataclass(frozen=True, slots=True)
class View:
    """What one forward pass sees of an example.

    >>> view = View(Example("0", "en", (Text.from_string("a dog"),), "animal"))
    >>> view.segmentation, view.noise
    ({}, None)
    """

    example: Example
    segmentation: Segmentation = field(default_factory=dict)
    noise: Noise | None = None

    def with_words(self, replacements: Mapping[WordKey, str]) -> View:
        """Exchange words; how they had been segmented is forgotten, how their neighbours are is kept.

        An answer moves with its words.
        """
        if not replacements:
            return self
        texts = tuple(
            text.replace_words({word: new for (which, word), new in replacements.items() if which == index})
            for index, text in enumerate(self.example.texts)
        )
        kept = {key: pieces for key, pieces in self.segmentation.items() if key not in replacements}
        target = self.example.target
        if isinstance(target, Answer):
            target = target.moved(self.example.texts[-1], texts[-1])
        return replace(self, example=replace(self.example, texts=texts, target=target), segmentation=kept)

    def with_segmentation(self, pieces: Mapping[WordKey, tuple[Piece, ...]]) -> View:
        """Segment some words anew."""
        return replace(self, segmentation={**self.segmentation, **pieces}) if pieces else self


Augmentation = Callable[[View, np.random.Generator], View]
"""A label-preserving change of a view: pure, total, and therefore free to compose (paper, section 3.2)."""
