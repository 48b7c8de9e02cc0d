"""The other half of the view invariant: an augmented view differs only at the words that were changed."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import SENTENCES, TOKENIZERS
from tests.unit.views.test_encode import ODD, TEXTS
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.data import Dictionaries
from xtune.schema import Augmentation, Example, Text, View
from xtune.views.encode import SPECIAL, EncodedView, Encoder

Token = tuple[int, tuple[int, int]]
"""An id and its characters."""

Words = dict[tuple[int, int], list[Token]]
"""By (text, word): its tokens."""

NOTHING_TO_SAMPLE = {("bpe", "km"), ("bpe", "lo"), ("bpe", "my"), ("wordpiece", "zh")}
"""Bytes without merges, and a pre-token for each character."""


@functools.cache
def made(family: str, max_length: int = 256) -> tuple[Any, Encoder, SubwordSampling]:
    """A tokenizer to call, an encoder, and subword sampling that changes many words."""
    sampler = sampler_for(TOKENIZERS[family](), alpha=0.1, dropout=0.5)
    encoder = Encoder(TOKENIZERS[family](), max_length)
    return copy.deepcopy(TOKENIZERS[family]()), encoder, SubwordSampling(sampler, 0.5)


@functools.cache
def dictionaries() -> Dictionaries:
    """Every word of the English sentences, into German by position (any words do), and two into Thai."""
    words = dict.fromkeys(word.strip(".,?!").lower() for line in SENTENCES["en"] for word in line.split())
    german = [word for line in SENTENCES["de"] for word in line.split()] * 3
    made = Dictionaries()
    made.add("de", {word: [other, f"{other} {word}"] for word, other in zip(words, german, strict=False)})
    made.add("th", {"the": ["สุนัข"], "is": ["เรา"]})
    return made


def by_word(view: View, tokens: Iterable[tuple[int, int, tuple[int, int]]]) -> Words:
    """Tokens (id, text, characters) by the word that they stand in, a mark in the space before a word with it.

    Tokens of a gap, which the words around it do not own, stand under -1 - word.
    """
    found: Words = {}
    for token, which, span in tokens:
        if which != SPECIAL:
            words = view.example.texts[which].words
            word = next((index for index, (_, end) in enumerate(words) if span[0] < end), len(words))
            start = words[word][0] if word < len(words) else len(view.example.texts[which].text)
            text = view.example.texts[which].text
            mark = (start - 1, start) if text[start - 1 : start] == " " else (start, start)
            in_gap = span[1] <= start and span not in (mark, (start, start))
            found.setdefault((which, -1 - word if in_gap else word), []).append((token, span))
    return found


def ours(view: View, encoded: EncodedView) -> Words:
    return by_word(view, zip(encoded.ids, encoded.texts, encoded.offsets, strict=True))


def tokenizers_own(tokenizer: Any, view: View) -> Words:
    """What the tokenizer makes of the view's texts."""
    batch = tokenizer(*([text.text] for text in view.example.texts), return_offsets_mapping=True)
    sequences = [SPECIAL if which is None else which for which in batch.sequence_ids(0)]
    return by_word(view, zip(batch["input_ids"][0], sequences, batch["offset_mapping"][0], strict=True))


def spliced(tokenizer: Any, view: View) -> Words:
    """The tokenizer's own tokens, and the pieces of the words that the view segments."""
    words = tokenizers_own(tokenizer, view)
    for (which, word), pieces in view.segmentation.items():
        start = view.example.texts[which].words[word][0]
        ids = tokenizer.convert_tokens_to_ids([piece.token for piece in pieces])
        spans = [(start + piece.start, start + piece.end) for piece in pieces]
        words[which, word] = list(zip(ids, spans, strict=True))
    return words


def pairs(language: str) -> list[View]:
    lines = SENTENCES[language]
    return [
        View(Example(str(n), language, (Text.from_string(first), Text.from_string(second))))
        for n, (first, second) in enumerate(zip(lines, lines[1:] + lines[:1], strict=True))
    ]


@pytest.mark.parametrize("family", TOKENIZERS)
def test_subword_sampling_exchanges_the_tokens_of_its_words(family: str) -> None:
    tokenizer, encoder, augment = made(family)
    rng = np.random.default_rng(1)
    for language in SENTENCES:
        changed = 0
        for view in pairs(language):
            after = augment(view, rng)
            encoded = encoder(after)
            assert ours(after, encoded) == spliced(tokenizer, after)
            changed += ours(after, encoded) != tokenizers_own(tokenizer, view)
            specials = [token for token, which in zip(encoded.ids, encoded.texts, strict=True) if which == SPECIAL]
            own = encoder(view)
            assert specials == [token for token, which in zip(own.ids, own.texts, strict=True) if which == SPECIAL]
        if (family, language) not in NOTHING_TO_SAMPLE:
            assert changed, language


@pytest.mark.parametrize("family", TOKENIZERS)
def test_sampled_pieces_stay_within_their_word(family: str) -> None:
    _, encoder, augment = made(family)
    rng = np.random.default_rng(2)
    for language in ("en", "de", "ar", "hi", "th", "ko"):
        for view in pairs(language):
            after = augment(view, rng)
            tokens = ours(after, encoder(after))
            for which, word in after.segmentation:
                start, end = after.example.texts[which].words[word]
                assert all(start <= first <= last <= end for _, (first, last) in tokens[which, word])
                assert max(last for _, (_, last) in tokens[which, word]) == end


@pytest.mark.parametrize("family", TOKENIZERS)
def test_pretokenized_words_are_exchanged_too(family: str) -> None:
    tokenizer, encoder, augment = made(family)
    rng = np.random.default_rng(3)
    changed = 0
    for language in ("en", "fr", "ru", "zh"):
        for line in SENTENCES[language]:
            words = line.split()
            view = View(Example("0", language, (Text.from_words(words),)))
            after = augment(view, rng)
            encoded = encoder(after)
            batch = tokenizer([words], is_split_into_words=True, return_offsets_mapping=True)
            expected: list[Token] = []
            done = set()
            own = zip(batch["input_ids"][0], batch.word_ids(0), batch["offset_mapping"][0], strict=True)
            for token, word, span in own:
                pieces = after.segmentation.get((0, word if word is not None else -1))
                if pieces is None:
                    expected.append((token, span))
                elif word not in done:
                    ids = tokenizer.convert_tokens_to_ids([piece.token for piece in pieces])
                    expected += [(id_, (p.start, p.end)) for id_, p in zip(ids, pieces, strict=True)]
                    done.add(word)
            assert list(zip(encoded.ids, encoded.offsets, strict=True)) == expected
            changed += bool(done)
    assert changed > 20


@pytest.mark.parametrize("family", TOKENIZERS)
def test_code_switch_gives_the_tokens_of_the_new_text(family: str) -> None:
    tokenizer, encoder, _ = made(family)
    switch = CodeSwitch(dictionaries(), ratio=0.4)
    rng = np.random.default_rng(4)
    for view in pairs("en"):
        after = switch(view, rng)
        tokens, before = ours(after, encoder(after)), ours(view, encoder(view))
        assert tokens == tokenizers_own(tokenizer, after)
        switched = 0
        for (which, word), own in before.items():
            old, new = view.example.texts[which], after.example.texts[which]
            if old.word(word) == new.word(word):
                assert [token for token, _ in tokens[which, word]] == [token for token, _ in own]
                moved = new.words[word][0] - old.words[word][0]
                assert [span for _, span in tokens[which, word]] == [(s + moved, e + moved) for _, (s, e) in own]
            else:
                switched += 1
        assert switched


@pytest.mark.parametrize("order", ["cs+ss", "ss+cs"])
@pytest.mark.parametrize("family", TOKENIZERS)
def test_both_orders_of_code_switch_and_sampling(family: str, order: str) -> None:
    tokenizer, encoder, sample = made(family)
    parts: dict[str, Augmentation] = {"cs": CodeSwitch(dictionaries(), ratio=0.4), "ss": sample}
    augment = Compose(tuple(parts[name] for name in order.split("+")))
    rng = np.random.default_rng(5)
    switched_and_sampled = 0
    for view in pairs("en") * 2:
        after = augment(view, rng)
        assert ours(after, encoder(after)) == spliced(tokenizer, after)
        for which, word in after.segmentation:
            switched_and_sampled += view.example.texts[which].word(word) != after.example.texts[which].word(word)
    assert (switched_and_sampled > 0) == (order == "cs+ss")


@pytest.mark.parametrize("family", TOKENIZERS)
def test_augmented_views_are_cut_like_any_other(family: str) -> None:
    _, whole, augment = made(family)
    _, short, _ = made(family, 16)
    rng = np.random.default_rng(6)
    for view in pairs("en"):
        after = augment(view, rng)
        long, cut = whole(after), short(after)
        assert len(cut.ids) == 16
        for which in (0, 1):
            kept = [token for token, text in zip(cut.ids, cut.texts, strict=True) if text == which]
            all_of_it = [token for token, text in zip(long.ids, long.texts, strict=True) if text == which]
            assert kept == all_of_it[: len(kept)]
            assert len(kept) >= min(len(all_of_it), 6)


@pytest.mark.parametrize("family", TOKENIZERS)
@settings(max_examples=80, deadline=None, derandomize=True)
@given(first=TEXTS, second=TEXTS, seed=st.integers(0, 2**32))
def test_in_any_text_only_the_words_segmented_differ(family: str, first: str, second: str, seed: int) -> None:
    tokenizer, encoder, augment = made(family)
    view = View(Example("0", "en", (Text.from_string(first), Text.from_string(second))))
    after = augment(view, np.random.default_rng(seed))
    assert after.example == view.example
    own, found, wanted = tokenizers_own(tokenizer, view), ours(after, encoder(after)), spliced(tokenizer, after)
    for key in {*own, *found, *wanted}:
        if key in after.segmentation:  # the pieces, unless the tokenizer gives the word no tokens of its own
            assert found.get(key) in (wanted.get(key), own.get(key))
        else:
            assert found.get(key) == own.get(key)


def test_odd_characters_are_sampled_too() -> None:
    """The test above would pass if nothing were ever segmented."""
    for family in TOKENIZERS:
        _, encoder, augment = made(family)
        view = View(Example("0", "en", (Text.from_string("".join(ODD)), Text.from_string("ﬁnding x"))))
        changes = [augment(view, np.random.default_rng(seed)) for seed in range(20)]
        assert any(encoder(after).ids != encoder(view).ids for after in changes), family
