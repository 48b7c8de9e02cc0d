"""The view invariant: without augmentation, exactly what the tokenizer itself makes of the text."""

from __future__ import annotations

import copy
import functools
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.errors import InputError
from xtune.schema import Example, Noise, Text, View
from xtune.views.encode import SPECIAL, EncodedView, Encoder

# Spaces of many kinds, combining marks, joiners, pairs of surrogates, what NFKC expands, special tokens' texts.
ODD = [*" \t\n\u00a0\u200b\u200d\u3000\ufeff\u0301\u0e31ｆﬁ①…½▁Ġ#😀👩é한글ไทย中文العربيةहिंदी🇩🇪'\".,-_aAzZ09"]
ODD += ["</s>", "[SEP]", "<mask>", "<0x0A>", "  ", " the ", "dog"]
CHARACTERS = st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"]))
TEXTS = st.lists(CHARACTERS, max_size=40).map("".join)
LENGTHS = st.sampled_from([10, 13, 22, 40])
WORDS = st.lists(st.lists(CHARACTERS, min_size=1, max_size=8).map("".join), min_size=1, max_size=6)


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return copy.deepcopy(TOKENIZERS[request.param]())  # calling it sets truncation on its backend for good


@functools.cache
def made(family: str, max_length: int) -> tuple[Any, Encoder]:
    """A tokenizer to call, and an encoder with one that is not called."""
    return copy.deepcopy(TOKENIZERS[family]()), Encoder(TOKENIZERS[family](), max_length)


def view_of(*texts: Text, noise: Noise | None = None) -> View:
    return View(Example("0", "en", texts), noise=noise)


def strings(*texts: str) -> View:
    return view_of(*map(Text.from_string, texts))


def by_tokenizer(tokenizer: Any, texts: tuple[str | list[str], ...], max_length: int) -> tuple[Any, ...]:
    """Ids, segment ids, offsets and text of each token; asked for in a batch, where an empty second text counts."""
    found = tokenizer(
        *([text] for text in texts),
        truncation=True,
        max_length=max_length,
        return_offsets_mapping=True,
        return_token_type_ids=True,
        is_split_into_words=not isinstance(texts[0], str),
    )
    sequences = [SPECIAL if which is None else which for which in found.sequence_ids(0)]
    types = found["token_type_ids"][0] if "token_type_ids" in tokenizer.model_input_names else None
    return found["input_ids"][0], types, found["offset_mapping"][0], sequences


def assert_same(encoded: EncodedView, expected: tuple[Any, ...]) -> None:
    ids, types, offsets, sequences = expected
    assert encoded.ids == ids
    assert encoded.offsets == offsets
    assert encoded.texts == sequences
    assert types is None or encoded.type_ids == types


def test_sentences_of_every_script(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer, 128)
    lines = [line for sentences in SENTENCES.values() for line in sentences[:4]]
    for first, second in zip(lines, lines[1:] + lines[:1], strict=True):
        assert_same(encoder(strings(first)), by_tokenizer(tokenizer, (first,), 128))
        assert_same(encoder(strings(first, second)), by_tokenizer(tokenizer, (first, second), 128))
        words, more = first.split(), second.split()
        assert_same(encoder(view_of(Text.from_words(words))), by_tokenizer(tokenizer, (words,), 128))
        pair = view_of(Text.from_words(words), Text.from_words(more))
        assert_same(encoder(pair), by_tokenizer(tokenizer, (words, more), 128))
        single = tokenizer(first, second, truncation=True, max_length=128)
        assert encoder(strings(first, second)).ids == single["input_ids"]


@pytest.mark.parametrize("family", TOKENIZERS)
@settings(max_examples=80, deadline=None, derandomize=True)
@given(first=TEXTS, second=TEXTS, max_length=LENGTHS)
@example(first="  two  spaces ", second="", max_length=40)
@example(first="\u200b", second="x", max_length=40)
@example(first="e\u0301 ﬁne</s>x <mask> ", second="\n", max_length=13)
def test_any_text(family: str, first: str, second: str, max_length: int) -> None:
    tokenizer, encoder = made(family, max_length)
    assert_same(encoder(strings(first)), by_tokenizer(tokenizer, (first,), max_length))
    assert_same(encoder(strings(first, second)), by_tokenizer(tokenizer, (first, second), max_length))


def with_pieces(tokenizer: Any, words: list[str]) -> list[str]:
    """The words that the tokenizer makes anything of; one at least."""
    found = set(tokenizer(words, is_split_into_words=True, add_special_tokens=False).word_ids(0))
    return [word for number, word in enumerate(words) if number in found] or ["dog"]


@pytest.mark.parametrize("family", TOKENIZERS)
@settings(max_examples=50, deadline=None, derandomize=True)
@given(words=WORDS, more=WORDS, max_length=LENGTHS)
def test_any_words(family: str, words: list[str], more: list[str], max_length: int) -> None:
    tokenizer, encoder = made(family, max_length)
    words, more = (with_pieces(tokenizer, some) for some in (words, more))
    assert_same(encoder(view_of(Text.from_words(words))), by_tokenizer(tokenizer, (words,), max_length))
    pair = view_of(Text.from_words(words), Text.from_words(more))
    assert_same(encoder(pair), by_tokenizer(tokenizer, (words, more), max_length))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_word_without_any_piece_is_the_unknown_token(tokenizer: Any, place: int) -> None:
    """So that it keeps its site; the tokenizer itself would leave it out."""
    words = ["the", "dog"]
    encoder = Encoder(tokenizer, 40)
    with_it = [*words[:place], "\u0301" if tokenizer.unk_token == "[UNK]" else "\u200b", *words[place:]]
    found = encoder(view_of(Text.from_words(with_it)))
    if len(set(tokenizer(with_it, is_split_into_words=True).word_ids()) - {None}) == 3:
        assert_same(found, by_tokenizer(tokenizer, (with_it,), 40))  # this tokenizer has a piece for it
        return
    plain = encoder(view_of(Text.from_words(words)))
    at = found.ids.index(tokenizer.unk_token_id)
    assert found.ids[:at] + found.ids[at + 1 :] == plain.ids
    assert found.offsets[at] == (0, 1) and found.texts[at] == 0


@pytest.mark.parametrize("side", ["right", "left"])
def test_pairs_are_cut_as_longest_first_cuts_them(tokenizer: Any, side: str) -> None:
    tokenizer.truncation_side = side
    line = " ".join(SENTENCES["en"]).split()
    for max_length in (9, 12, 13, 37):
        encoder = Encoder(tokenizer, max_length)
        for first in (1, 3, 9, 30):
            for second in (1, 4, 8, 31):
                texts = " ".join(line[:first]), " ".join(line[-second:])
                encoded = encoder(strings(*texts))
                assert_same(encoded, by_tokenizer(tokenizer, texts, max_length))
                assert len(encoded.ids) <= max_length


@pytest.mark.parametrize("side", ["right", "left"])
def test_one_text_is_cut_at_its_side(tokenizer: Any, side: str) -> None:
    tokenizer.truncation_side = side
    text = " ".join(SENTENCES["de"])
    encoded = Encoder(tokenizer, 20)(strings(text))
    assert_same(encoded, by_tokenizer(tokenizer, (text,), 20))
    covered = [span for span in encoded.offsets if span != (0, 0)]
    assert (covered[0][0] == 0) == (side == "right")
    assert (covered[-1][1] == len(text)) == (side == "left")


def test_the_tokenizers_own_truncation_and_padding_do_not_get_in(tokenizer: Any) -> None:
    text = SENTENCES["en"][0]
    whole = Encoder(tokenizer, 64)(strings(text))
    tokenizer(text, truncation=True, max_length=5, padding="max_length")
    assert Encoder(tokenizer, 64)(strings(text)) == whole
    assert len(whole.ids) > 5
    before = tokenizer(text)["input_ids"]  # nor does ours get into the tokenizer
    Encoder(tokenizer, 10)(strings(text))
    assert tokenizer(text)["input_ids"] == before == whole.ids


def test_lengths_are_those_of_the_encodings(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer, 30)
    lines = [line for language in ("en", "th", "ar", "km") for line in SENTENCES[language]]
    examples = [Example(str(n), "en", (Text.from_string(line),)) for n, line in enumerate(lines)]
    pairs = zip(lines, lines[::-1], strict=True)
    examples += [Example("p", "en", (Text.from_string(a), Text.from_words(b.split()))) for a, b in pairs]
    examples += [Example("e", "en", (Text.from_string(""), Text.from_string("x  y")))]
    assert encoder.lengths(examples) == [len(encoder(View(item)).ids) for item in examples]
    assert max(encoder.lengths(examples)) == 30 > min(encoder.lengths(examples))
    assert encoder.lengths([]) == []


def test_pickled_it_encodes_the_same(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer, 24)
    again = pickle.loads(pickle.dumps(encoder))
    for language in ("en", "th", "ja"):
        for line in SENTENCES[language]:
            assert again(strings(line, line)) == encoder(strings(line, line))
    assert again.max_length == 24


def test_noise_travels_with_its_view(tokenizer: Any) -> None:
    noise = Noise("normal", 0.1, 5)
    text = Text.from_string("a b")
    encoded = Encoder(tokenizer, 16)(view_of(text, noise=noise))
    assert encoded.noise == noise
    assert encoded.ids == Encoder(tokenizer, 16)(view_of(text)).ids


def test_a_tokenizer_without_pad_token(tokenizer: Any) -> None:
    tokenizer.pad_token = None
    with pytest.raises(InputError, match="no pad token"):
        Encoder(tokenizer, 32)


def test_a_tokenizer_without_offsets() -> None:
    with pytest.raises(InputError, match="without character offsets"):
        Encoder(SimpleNamespace(is_fast=False, pad_token_id=0), 32)


def test_a_length_that_leaves_no_room(tokenizer: Any) -> None:
    special = len(tokenizer([""], [""])["input_ids"][0])
    for length in (1, special, special + 1):
        with pytest.raises(InputError, match="no room"):
            Encoder(tokenizer, length)
    assert len(Encoder(tokenizer, special + 2)(strings("one two three", "four five six")).ids) == special + 2
