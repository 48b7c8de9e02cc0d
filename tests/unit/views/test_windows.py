"""Long texts through windows, and what of two views of one text is the same: properties over many texts and scripts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.data import Dictionaries
from xtune.schema import Answer, Augmentation, Example, Text, View
from xtune.tasks.task import Reading
from xtune.views.correspond import Sight, answer_tokens, partner_sites, same_positions, sites
from xtune.views.encode import EncodedView, Encoder
from xtune.views.windows import encode_window, windows

FAMILIES = ("unigram", "deberta", "wordpiece", "bpe", "bytelevel")
QUESTION = Text.from_string("Where is it?")


@functools.cache
def encoder(family: str, max_length: int = 40) -> Encoder:
    return Encoder(TOKENIZERS[family](), max_length, stride=16, question_length=8)


@functools.cache
def augmentations(family: str) -> dict[str, Augmentation]:
    """All four that keep words, and two compositions, as strong as they go; words of any script are switched."""
    dictionaries = Dictionaries()
    every = {word.strip(".,?!").lower() for lines in SENTENCES.values() for line in lines for word in line.split()}
    dictionaries.add("de", {word: ["Donaudampfschiff", "zwei Worte"] for word in every if word})
    switch = CodeSwitch(dictionaries, 0.5, only_last=True)
    sample = SubwordSampling(sampler_for(TOKENIZERS[family](), alpha=0.1, dropout=0.5), 1.0, only_last=True)
    return {
        "ss": sample,
        "cs": switch,
        "cs+ss": Compose((switch, sample)),
        "ss+cs": Compose((sample, switch)),
        "gn": GaussianNoise("normal", 0.1),
    }


def contexts(rng: np.random.Generator, count: int = 2) -> Iterator[Text]:
    """Short and long texts in each script, and mixed ones."""
    lines = [line for group in SENTENCES.values() for line in group]
    for group in SENTENCES.values():
        for size in range(1, 2 * count, 2):
            yield Text.from_string(" ".join(rng.choice(group, size)))
    for _ in range(count):
        yield Text.from_string("  ".join(rng.choice(lines, 4)))


def asked(text: Text, rng: np.random.Generator) -> View:
    """A question whose answer is some words, or a stretch of a long run without spaces."""
    first = int(rng.integers(len(text.words)))
    last = int(rng.integers(first, min(first + 3, len(text.words))))
    start, end = text.words[first][0], text.words[last][1]
    if end - start > 12:
        start = int(rng.integers(start, end - 8))
        end = start + int(rng.integers(1, 8))
    answer = text.text[start:end]  # without blanks around it, as annotators mark answers
    if not answer.strip():
        return asked(text, rng)
    start, end = start + len(answer) - len(answer.lstrip()), end - len(answer) + len(answer.rstrip())
    return View(Example("0", "en", (QUESTION, text), Answer(text.text[start:end], start)))


def looks(family: str, view: View, source: View) -> list[Sight]:
    made = encoder(family)
    found = [encode_window(made, view, source, window) for window in windows(made, source.example)]
    return [Sight(seen, encoded, window) for seen, window, encoded in found]


def tokens_of(encoded: EncodedView, which: int) -> list[tuple[int, tuple[int, int]]]:
    return [
        (token, span)
        for token, text, span in zip(encoded.ids, encoded.texts, encoded.offsets, strict=True)
        if text == which
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_show_every_token_and_answer_for_each_character_once(family: str) -> None:
    rng, made, many = np.random.default_rng(0), encoder(family), 0
    for text in contexts(rng):
        view = asked(text, rng)
        spans, _ = made.layout(text)
        seen = looks(family, view, view)
        many += len(seen) > 1
        shown = {span for sight in seen for _, span in tokens_of(sight.encoded, 1)}
        assert shown == set(spans)
        assert all(not sight.encoded.cut and len(sight.encoded.ids) <= made.max_length for sight in seen)
        own = [sight.window.own for sight in seen if sight.window]
        assert own[0][0] == 0 and own[-1][1] == len(text.text)
        assert all(before[1] == after[0] for before, after in pairwise(own))
        for sight in seen:  # what a window answers for, it shows
            assert sight.window and sight.window.start <= sight.window.own[0] <= sight.window.own[1] <= sight.window.end
        if len(seen) == 1:
            assert (seen[0].encoded.ids, seen[0].encoded.offsets) == (made(view).ids, made(view).offsets)
    assert many > 10


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sentence_of_given_words_keeps_them_whole(family: str) -> None:
    rng, made = np.random.default_rng(1), encoder(family, 24)
    reading = Reading("tagging", "mean")
    for text in contexts(rng):
        words = [word for line in text.text.split() for word in (line[i : i + 6] for i in range(0, len(line), 6))]
        source = View(Example("0", "en", (Text.from_words(words),), ("X",) * len(words)))
        for name in ("ss", "cs", "cs+ss"):
            view = augmentations(family)[name](source, rng)
            read = 0
            for window in windows(made, source.example):
                seen, moved, encoded = encode_window(made, view, source, window)
                clean = Sight(source, made(source, (window.start, window.end)), window)
                assert not encoded.cut and not clean.encoded.cut
                here, there = sites(reading, clean), partner_sites(reading, clean, Sight(seen, encoded, moved))
                assert len(here) == len(there) and all(here) and all(there)  # no word is lost in either
                read += len(here)
            assert read == len(words)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["ss", "cs", "cs+ss", "ss+cs", "gn"])
def test_answers_survive_and_positions_correspond(family: str, name: str) -> None:
    rng, changed, shown = np.random.default_rng(2), 0, 0
    augment = augmentations(family)[name]
    for text in contexts(rng):
        source = asked(text, rng)
        view, other = augment(source, rng), augment(source, rng)
        for one in (view, other):
            _check_answer(source, one, name)
        changed += view != other
        for a, b in zip(looks(family, view, source), looks(family, other, source), strict=True):
            assert not a.encoded.cut and not b.encoded.cut
            _check_positions(a, b)
            first, last = answer_tokens(a)
            if first:
                shown += 1
                target = a.view.example.target
                assert isinstance(target, Answer)
                spans = a.encoded.offsets[first], a.encoded.offsets[last]
                assert spans[0][0] <= target.start and target.start + len(target.text) <= spans[1][1]
    assert changed > 20 and shown > 20  # enough of what is looked for was there


def _check_answer(source: View, view: View, name: str) -> None:
    before, after = source.example, view.example
    assert isinstance(before.target, Answer) and isinstance(after.target, Answer)
    new, old = after.target, before.target
    assert after.texts[1].text[new.start : new.start + len(new.text)] == new.text
    assert (new.text[0], new.text[-1]) == (old.text[0], old.text[-1])
    assert after.texts[0] == before.texts[0] and not any(which == 0 for which, _ in view.segmentation)
    assert len(after.texts[1].words) == len(before.texts[1].words)
    if name in ("ss", "gn"):
        assert (after.texts, new) == (before.texts, old)


def _check_positions(a: Sight, b: Sight) -> None:
    pairs = same_positions(a, b)
    assert pairs[0] == (0, 0)
    assert [(y, x) for x, y in pairs] == same_positions(b, a)
    assert all(x < z and y < w for (x, y), (z, w) in pairwise(pairs))
    text, other = a.view.example.texts[1].text, b.view.example.texts[1].text
    for x, y in pairs[1:]:
        assert a.encoded.ids[x] == b.encoded.ids[y] and a.encoded.texts[x] == b.encoded.texts[y] == 1
        # Some tokenizers count the blank before a word to its first token; sampled pieces never do.
        assert text[slice(*a.encoded.offsets[x])].lstrip() == other[slice(*b.encoded.offsets[y])].lstrip()
    assert len(same_positions(a, a)) == 1 + len(tokens_of(a.encoded, 1))


@pytest.mark.parametrize("family", ["unigram", "wordpiece", "bpe"])
def test_never_fewer_positions_than_the_published_code(family: str) -> None:
    """It leaves out every word that was sampled, whether it came out as it was or not."""
    tokenizer = TOKENIZERS[family]()
    make: Callable[..., Any] = functools.partial(sampler_for, tokenizer, alpha=0.3)
    rng, gained = np.random.default_rng(3), 0
    ours = SubwordSampling(make(), 0.3, only_last=True)
    theirs = SubwordSampling(make(), 0.3, only_last=True, keep_all=True)
    for number, text in enumerate(contexts(rng)):
        source = asked(text, rng)
        one, two = (augment(source, np.random.default_rng(number)) for augment in (ours, theirs))
        for a, b, clean in zip(
            looks(family, one, source), looks(family, two, source), looks(family, source, source), strict=True
        ):
            assert a.encoded.ids == b.encoded.ids  # the same draws
            wide, narrow = same_positions(clean, a), same_positions(clean, b, "untouched")
            assert set(narrow) <= set(wide)
            sampled = {word for _, word in b.view.segmentation}
            whole = [word for word in set(clean.encoded.words) - {-1} if word not in sampled]
            expected = [
                position
                for position, word in enumerate(clean.encoded.words)
                if word in whole and clean.encoded.texts[position] == 1
            ]
            assert [position for position, _ in narrow[1:]] == expected
            gained += len(wide) - len(narrow)
    assert gained > 50
