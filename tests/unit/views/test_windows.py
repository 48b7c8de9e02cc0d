"""Windows show all of a text, cut no word that fits, and show the same words of an augmented view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.tiny import TOKENIZERS
from tests.unit.views.cases import AUGMENTATIONS, LENGTHS, asked, augmentation, encoder, looks, tagged, texts, tokens
from xtune.schema import Example, Span, Text, View
from xtune.views.correspond import own_words
from xtune.views.encode import EncodedView
from xtune.views.windows import LONG_WORD, Window, encode_window, windows

Token = tuple[int, Span]


def alone(text: Text, rng: np.random.Generator) -> View:
    return View(Example("0", "en", (text,)))


KINDS: dict[str, Callable[[Text, np.random.Generator], View]] = {
    "alone": alone,
    "asked": asked,
    "tagged": lambda text, rng: tagged(text),
}
"""One text, question and context, and words as annotated."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_windows_show_all_and_own_each_character_once(family: str, kind: str) -> None:
    rng, several, whole = np.random.default_rng(1), 0, encoder(family, 10_000)
    for number, text in enumerate(texts(rng)):
        source, made = KINDS[kind](text, rng), encoder(family, LENGTHS[number % len(LENGTHS)])
        context, which = source.example.texts[-1], len(source.example.texts) - 1
        seen = looks(made, source, source)
        own = [sight.window.own for sight in seen if sight.window]
        assert own[0][0] == 0 and own[-1][1] == len(context.text)
        assert all(before[1] == after[0] for before, after in pairwise(own))
        assert [word for sight in seen for word in own_words(sight)] == list(range(len(context.words)))
        for sight in seen:
            assert sight.view == source and sight.encoded.cut == 0 and len(sight.encoded.ids) <= made.max_length
            assert sight.window and sight.window.start <= sight.window.own[0] <= sight.window.own[1] <= sight.window.end
        assert_stretches([tokens(sight.encoded, which) for sight in seen], tokens(whole(source), which))
        if len(seen) == 1 and len(source.example.texts) == 1:
            plain = made(source)
            assert (seen[0].encoded.ids, seen[0].encoded.offsets) == (plain.ids, plain.offsets)
            assert (seen[0].encoded.type_ids, seen[0].encoded.texts) == (plain.type_ids, plain.texts)
        several += len(seen) > 1
    assert several > 5


def assert_stretches(parts: Sequence[Sequence[Token]], whole: Sequence[Token]) -> None:
    """Each part is a stretch of the whole, the next begins behind where it does and not behind where it ends."""
    first, end = -1, 0
    for part in parts:
        first = next(at for at in range(first + 1, end + 1) if whole[at : at + len(part)] == part)
        end = first + len(part)
    assert end == len(whole)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_no_word_that_fits_is_cut(family: str, kind: str) -> None:
    rng, cuts, whole = np.random.default_rng(2), 0, 0
    for number, text in enumerate(texts(rng)):
        source, made = KINDS[kind](text, rng), encoder(family, LENGTHS[number % len(LENGTHS)])
        context, room = source.example.texts[-1], made.room(source.example)
        sizes = np.bincount(made.layout(context)[1], minlength=len(context.words))
        for window in windows(made, source.example):
            for place in {window.start, window.end, *window.own}:
                word = next((i for i, (start, end) in enumerate(context.words) if start < place < end), None)
                if word is not None:
                    long = not context.pretokenized and len(context.word(word)) > LONG_WORD
                    assert long or sizes[word] > room, (context.word(word), window)
                cuts += word is not None
                whole += word is None
    assert whole > 75
    assert cuts == 0 or kind != "tagged" or family in ("bpe", "bytelevel")


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_augmented_views_keep_every_word_of_a_window(family: str, name: str) -> None:
    rng, undone = np.random.default_rng(3), 0
    for number, text in enumerate(texts(rng)):
        source, made = list(KINDS.values())[number % 3](text, rng), encoder(family, LENGTHS[number // 3 % 3])
        view = augmentation(family, name, only_last=number % 2 == 0)(source, rng)
        for window in windows(made, source.example):
            clean = encode_window(made, source, source, window)
            assert clean == (source, window, made(source, (window.start, window.end)))
            seen, moved, encoded = encode_window(made, view, source, window)
            assert encoded == made(seen, (moved.start, moved.end)) and encoded.noise == view.noise
            assert encoded.cut == 0 and len(encoded.ids) <= made.max_length
            assert whole_words(source, window) <= words_shown(source, encoded)
            assert_undone_from_the_end(seen, view, source)
            undone += seen != view
    assert undone > 10 or name == "gn"


def whole_words(source: View, window: Window) -> set[int]:
    words = source.example.texts[-1].words
    return {word for word, (start, end) in enumerate(words) if window.start <= start < end <= window.end}


def words_shown(source: View, encoded: EncodedView) -> set[int]:
    which = len(source.example.texts) - 1
    return {word for word, text in zip(encoded.words, encoded.texts, strict=True) if text == which}


def assert_undone_from_the_end(seen: View, view: View, source: View) -> None:
    """Word for word as in the view, then as in the source; a word between may begin as in one and end as in the other.

    All is undone where a question grew.
    """
    if seen.example.texts[:-1] != view.example.texts[:-1] or not view.segmentation.keys() >= seen.segmentation.keys():
        assert seen == replace(source, noise=view.noise)
    which, words = len(source.example.texts) - 1, range(len(source.example.texts[-1].words))
    kept, own, got = (
        [(each.example.texts[-1].word(word), each.segmentation.get((which, word))) for word in words]
        for each in (view, source, seen)
    )
    first = next((word for word in words if got[word] != kept[word]), len(words))
    assert got[first + 1 :] == own[first + 1 :]
    if first < len(words) and got[first] != own[first]:
        assert got[first][0] == own[first][0] and got[first][1] and kept[first][1]
        assert got[first][1][0] == kept[first][1][0]


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_nothing_is_undone_where_there_is_room(family: str, name: str) -> None:
    rng, made = np.random.default_rng(4), encoder(family, 10_000)
    for number, text in enumerate(texts(rng)):
        source = list(KINDS.values())[number % 3](text, rng)
        view, which = augmentation(family, name)(source, rng), len(source.example.texts) - 1
        [window] = windows(made, source.example)
        seen, moved, encoded = encode_window(made, view, source, window)
        assert seen is view and (moved.start, moved.end) == (0, len(view.example.texts[-1].text)) == moved.own
        assert tokens(encoded, which) == tokens(made(view), which)
