"""Sites of words, and the positions of two views that are the same, against the published alignment by brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.tiny import SENTENCES, TOKENIZERS
from tests.unit.views.cases import (
    AUGMENTATIONS,
    LENGTHS,
    asked,
    augmentation,
    dictionaries,
    encoder,
    looks,
    sampler,
    tagged,
    texts,
    tokens,
)
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.segmentation import SubwordSampling, is_unspaced
from xtune.schema import Text, View
from xtune.tasks.task import Reading
from xtune.views.correspond import NO_ANSWER, Sight, own_words, partner_sites, same_positions, sites

FIRST, MEAN, SUM = (Reading("tagging", pooling) for pooling in ("first", "mean", "sum"))


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_same_positions_are_symmetric_ordered_and_the_same(family: str, name: str) -> None:
    rng, found = np.random.default_rng(9), 0
    augment = augmentation(family, name, ratio=0.6)
    for number, text in enumerate(texts(rng)):
        source, made = asked(text, rng), encoder(family, LENGTHS[number % 3])
        views = source, augment(source, rng), augment(source, rng)
        for clean, one, two in zip(*(looks(made, view, source) for view in views), strict=True):
            for a, b in ((clean, one), (one, two)):
                pairs = same_positions(a, b)
                assert_same(a, b, pairs)
                assert same_positions(b, a) == [(there, here) for here, there in pairs]
                narrow = same_positions(a, b, "untouched")
                assert set(narrow) <= set(pairs) and narrow == sorted(narrow)
                found += len(pairs)
            every = [at for at, which in enumerate(one.encoded.texts) if which == 1]
            assert same_positions(one, one) == [(at, at) for at in (NO_ANSWER, *every)]
    assert found > 1000


def assert_same(a: Sight, b: Sight, pairs: list[tuple[int, int]]) -> None:
    assert pairs[0] == (NO_ANSWER, NO_ANSWER)
    assert all(x < z and y < w for (x, y), (z, w) in pairwise(pairs))
    text, other = a.view.example.texts[1], b.view.example.texts[1]
    for x, y in pairs[1:]:
        assert a.encoded.texts[x] == b.encoded.texts[y] == 1
        assert a.encoded.ids[x] == b.encoded.ids[y] and a.encoded.words[x] == b.encoded.words[y]
        assert text.word(a.encoded.words[x]) == other.word(b.encoded.words[y])
        # Some tokenizers count the blank before a word to its first token; sampled pieces never do.
        here, there = text.text[slice(*a.encoded.offsets[x])], other.text[slice(*b.encoded.offsets[y])]
        assert here.lstrip() == there.lstrip()


@pytest.mark.parametrize("name", ["ss", "cs", "cs+ss", "ss ss"])
@pytest.mark.parametrize("family", TOKENIZERS)
def test_never_fewer_positions_than_the_published_alignment(family: str, name: str) -> None:
    """That one leaves out the words that were sampled or switched, whatever came out: in one view, or in one of two."""
    rng, gained, compared = np.random.default_rng(10), 0, 0
    for number, text in enumerate(texts(rng)):
        source, made = asked(text, rng), encoder(family, 64)
        seeds = (2 * number, 2 * number + 1) if name == "ss ss" else (2 * number,)
        sampled = {word for seed in seeds for word in words_sampled(name, source, seed)}
        ours, theirs = (
            [source, *(drawn(family, name, source, seed, keep_all) for seed in seeds)][-2:]
            for keep_all in (False, True)
        )
        for a, b, c, d in zip(*(looks(made, view, source) for view in (*ours, *theirs)), strict=True):
            if [a.view, b.view, c.view, d.view] != [*ours, *theirs]:
                continue  # undone in part
            assert (a.encoded.ids, b.encoded.ids) == (c.encoded.ids, d.encoded.ids)
            wide, narrow = same_positions(a, b), same_positions(c, d, "untouched")
            published = aligned(a, b, source.example.texts[1], sampled)
            assert [pair for pair in narrow if pair not in unspaced(a, wide)] == published
            assert set(narrow) <= set(wide)
            gained, compared = gained + len(wide) - len(narrow), compared + len(published) - 1
    assert compared > 50 and (gained > 30 or name == "cs")


def drawn(family: str, name: str, source: View, seed: int, keep_all: bool) -> View:
    rng, view = np.random.default_rng(seed), source
    if "cs" in name:
        view = CodeSwitch(dictionaries(), 0.3, only_last=True)(view, rng)
    if "ss" in name:
        view = SubwordSampling(sampler(family, 0.3), 0.3, only_last=True, keep_all=keep_all)(view, rng)
    return view


def words_sampled(name: str, source: View, seed: int) -> set[int]:
    """The words that a generator of this seed samples: it begins with one number a word; those of borders are kept."""
    rng, words = np.random.default_rng(seed), source.example.texts[1].words
    if "cs" in name:
        rng.random((3, len(words)))
    hit = set(np.flatnonzero(rng.random(len(words)) < 0.3).tolist()) if "ss" in name else set()
    return {word for word in hit if not any(words[word][0] <= at < words[word][1] for at in source.example.borders(1))}


def aligned(a: Sight, b: Sight, clean: Text, sampled: set[int]) -> list[tuple[int, int]]:
    """Word by word, over those that stand in both contexts as in the clean one and were sampled in neither."""
    pairs = [(0, 0)]
    for word, (start, end) in enumerate(clean.words):
        surface = clean.text[start:end]
        if word in sampled or is_unspaced(surface):
            continue
        places = [tokens_in(sight, word) for sight in (a, b) if sight.view.example.texts[1].word(word) == surface]
        if len(places) == 2:
            pairs += zip(*places, strict=True)
    return pairs


def tokens_in(sight: Sight, word: int) -> list[int]:
    """The positions that lie in a word or in the white space before it, behind the last word in that."""
    words = sight.view.example.texts[1].words
    begin = words[word - 1][1] if word else 0
    end = words[word][1] if word < len(words) - 1 else len(sight.view.example.texts[1].text)
    inside = (
        begin <= first and last <= end and (first < words[word][1] or word == len(words) - 1)
        for first, last in sight.encoded.offsets
    )
    return [at for at, there in enumerate(inside) if there and sight.encoded.texts[at] == 1]


def unspaced(sight: Sight, pairs: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those in words without spaces, of which the published code knows nothing but that they are words."""
    text = sight.view.example.texts[1]
    return {pair for pair in pairs[1:] if is_unspaced(text.word(sight.encoded.words[pair[0]]))}


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_every_word_has_its_site_in_both_views(family: str, name: str) -> None:
    rng, count = np.random.default_rng(11), 0
    for number, text in enumerate(texts(rng)):
        source, made = tagged(text), encoder(family, LENGTHS[number % 3] + 16)
        view = augmentation(family, name)(source, rng)
        words: list[int] = []
        for clean, seen in zip(looks(made, source, source), looks(made, view, source), strict=True):
            assert list(own_words(clean)) == list(own_words(seen))
            for sight in (clean, seen):
                every = [
                    [at for at, owner in enumerate(sight.encoded.words) if owner == word] for word in own_words(sight)
                ]
                assert sites(MEAN, sight) == sites(SUM, sight) == [tuple(places) for places in every]
                assert sites(FIRST, sight) == [tuple(places[:1]) for places in every]
                assert all(every)
            assert partner_sites(MEAN, clean, seen) == sites(MEAN, seen)
            words += own_words(clean)
        assert words == list(range(len(source.example.texts[0].words)))
        count += len(words)
    assert count > 200


@pytest.mark.parametrize("family", TOKENIZERS)
def test_translations_have_sites_and_no_correspondence(family: str) -> None:
    made = encoder(family, 64)
    for language, lines in SENTENCES.items():
        for line, other in zip(SENTENCES["en"], lines, strict=False):
            source = tagged(Text.from_string(line))
            translation = View(replace(tagged(Text.from_string(other)).example, language=language, target=None))
            for clean in looks(made, source, source):
                for seen in looks(made, translation, translation):
                    assert tokens(seen.encoded, 0)
                    expected = sites(FIRST, seen) if language == "en" and words_of(seen) == words_of(clean) else None
                    found = partner_sites(FIRST, clean, seen)
                    assert found == (expected or [()] * len(sites(FIRST, clean)))


def words_of(sight: Sight) -> int:
    return len(sight.view.example.texts[0].words)
