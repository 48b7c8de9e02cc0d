"""Subword sampling of views: what it changes, how often, and that it changes nothing else."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.tiny import SENTENCES, TOKENIZERS, bpe_tokenizer, bytelevel_tokenizer, unigram_tokenizer, wordpiece_tokenizer
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.augment.stretches import is_unspaced, stretches
from xtune.errors import InputError
from xtune.schema import Example, Piece, Text, View

LINES = [line for sentences in SENTENCES.values() for line in sentences]
SPACES = (
    "  two  dogs",
    "two   dogs",
    "two\tdogs\nrun",
    "two\u00a0dogs",
    "two\u3000dogs\u2009run",
    " dogs",
    "\ndogs",
    "x\u200b dogs",
)

ALL = {**TOKENIZERS, "bytelevel-prefix": lambda: bytelevel_tokenizer(add_prefix_space=True)}


@pytest.fixture(scope="module", params=ALL)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return ALL[request.param]()


def view_of(*texts: Text) -> View:
    return View(Example("0", "en", texts))


def test_the_own_segmentation_of_all_words_is_the_text_s(tokenizer: Any) -> None:
    sampler = sampler_for(tokenizer)
    for line in LINES:
        text = Text.from_string(line)
        pieces = [
            sampler.viterbi(text.word(index), sampler.is_initial(text, index)) for index in range(len(text.words))
        ]
        assert [piece.token for word in pieces for piece in word] == tokenizer.tokenize(line)


def test_the_own_segmentation_of_words_given_as_such(tokenizer: Any) -> None:
    sampler = sampler_for(tokenizer)
    for line in LINES:
        text = Text.from_words(line.split())
        pieces = [
            sampler.viterbi(text.word(index), sampler.is_initial(text, index)) for index in range(len(text.words))
        ]
        expected = tokenizer(line.split(), is_split_into_words=True, add_special_tokens=False).tokens()
        assert [piece.token for word in pieces for piece in word] == expected


@pytest.mark.parametrize("line", SPACES, ids=ascii)
def test_the_white_space_before_a_word_decides_about_its_mark(tokenizer: Any, line: str) -> None:
    sampler = sampler_for(tokenizer)
    text = Text.from_string(line)
    for index, (_, end) in enumerate(text.words):
        pieces = sampler.viterbi(text.word(index), sampler.is_initial(text, index))
        tokens = tokenizer.tokenize(line[:end])
        assert tokens[-len(pieces) :] == [piece.token for piece in pieces]


def test_ratio_0_changes_nothing(tokenizer: Any) -> None:
    augment = SubwordSampling(sampler_for(tokenizer, alpha=0.01, dropout=1.0), ratio=0.0)
    for line in LINES[::4]:
        view = view_of(Text.from_string(line))
        assert augment(view, np.random.default_rng(0)) is view


def test_ratio_1_changes_words_and_only_their_segmentation(tokenizer: Any) -> None:
    sampler = sampler_for(tokenizer, alpha=0.05, dropout=0.7)
    augment = SubwordSampling(sampler, ratio=1.0)
    rng = np.random.default_rng(0)
    changed = 0
    for line in LINES:
        view = view_of(Text.from_string("I see"), Text.from_string(line))
        before = copy.deepcopy(view)
        after = augment(view, rng)
        assert view == before
        assert after.example is view.example
        changed += len(after.segmentation)
        for (which, index), pieces in after.segmentation.items():
            text = view.example.texts[which]
            word = text.word(index)
            own = sampler.viterbi(word, sampler.is_initial(text, index))
            assert pieces != own
            assert all(0 <= piece.start <= piece.end <= len(word) for piece in pieces)
            assert "".join(piece.token.removeprefix("##") for piece in pieces) == "".join(
                piece.token.removeprefix("##") for piece in own
            )
            assert sampler.starts_word(pieces[0]) == sampler.starts_word(own[0])
            assert tokenizer.convert_tokens_to_ids([piece.token for piece in pieces])
    assert changed > 200


def test_the_first_word_of_a_text_has_the_mark_that_the_tokenizer_gives_it() -> None:
    text = Text.from_string("children playing children")
    augment = SubwordSampling(sampler_for(bpe_tokenizer(), dropout=0.9), ratio=1.0)
    entries = augment(view_of(text), np.random.default_rng(0)).segmentation
    assert [entries[0, index][0].token[0] for index in range(3)] == ["c", "▁", "▁"]
    words = augment(view_of(Text.from_words(["children", "playing"])), np.random.default_rng(0)).segmentation
    assert [words[0, index][0].token[0] for index in range(2)] == ["c", "p"]
    augment = SubwordSampling(sampler_for(unigram_tokenizer(), alpha=0.05), ratio=1.0)
    entries = augment(view_of(text), np.random.default_rng(0)).segmentation
    assert {pieces[0].token[0] for pieces in entries.values()} == {"▁"}


def test_words_are_drawn_at_the_ratio() -> None:
    sampler = sampler_for(wordpiece_tokenizer(), dropout=0.999999)  # so that a drawn word is sure to change
    view = view_of(Text.from_string(" ".join(["children"] * 500)))
    changed = len(SubwordSampling(sampler, ratio=0.3)(view, np.random.default_rng(0)).segmentation)
    assert binomtest(changed, 500, 0.3).pvalue > 0.001


def test_stretches_are_drawn_at_the_ratio_and_the_rest_is_the_tokenizers() -> None:
    sampler = sampler_for(unigram_tokenizer(), alpha=1e-6)
    augment = SubwordSampling(sampler, ratio=0.4)
    rng = np.random.default_rng(0)
    drawn = possible = 0
    for word in "".join(SENTENCES["zh"]).replace("。", " ").replace("?", " ").split() + SENTENCES["th"][0].split():
        own = sampler.viterbi(word)
        units = stretches(word, own)
        spans = [(own[first].start, own[last - 1].end) for first, last in units]
        open_to_change = [
            sampler.segment(word[start:end], rng, initial=False) != sampler.viterbi(word[start:end], initial=False)
            for start, end in spans
        ]
        for _ in range(20):
            pieces = augment(view_of(Text.from_string(word)), rng).segmentation.get((0, 0), own)
            for (first, last), (start, end), can in zip(units, spans, open_to_change, strict=True):
                inside = [piece for piece in pieces if start <= piece.start and piece.end <= end and piece.token != "▁"]
                drawn += can and inside != [piece for piece in own[first:last] if piece.token != "▁"]
                possible += can
            # Whatever was drawn, the ends of all stretches are still ends of pieces.
            assert {start for start, _ in spans} <= {piece.start for piece in pieces}
            assert {end for _, end in spans} <= {piece.end for piece in pieces}
    assert possible > 200
    assert 0.15 < drawn / possible < 0.4  # below the ratio, for a sample can be the tokenizer's own


@pytest.mark.parametrize("family", TOKENIZERS)
def test_a_stretch_at_the_start_of_a_word_keeps_its_mark(family: str) -> None:
    sampler = sampler_for(TOKENIZERS[family](), alpha=0.01, dropout=0.9)
    augment = SubwordSampling(sampler, ratio=1.0)
    rng = np.random.default_rng(0)
    seen = 0
    for line in (line for language in ("th", "zh", "ja") for line in SENTENCES[language]):
        text = Text.from_string(f"x {line}")
        for (_, index), pieces in augment(view_of(text), rng).segmentation.items():
            own = sampler.viterbi(text.word(index), sampler.is_initial(text, index))
            if is_unspaced(text.word(index)):
                seen += 1
                assert sampler.starts_word(pieces[0]) == sampler.starts_word(own[0])
                marks = [sum(piece.token.count(mark) for piece in pieces) for mark in "▁Ġ"]
                assert marks == [sum(piece.token.count(mark) for piece in own) for mark in "▁Ġ"]
                if own[0].token in "▁Ġ":
                    assert pieces[0] == own[0]
    assert seen > 5


def test_word_starts_within_a_word_stay_word_starts() -> None:
    # BERT cuts at punctuation and around Chinese characters; a stretch behind these begins a word, others do not.
    sampler = sampler_for(wordpiece_tokenizer(), dropout=0.9)
    for word in ("'" + SENTENCES["th"][0], "$1" + SENTENCES["th"][3], SENTENCES["ja"][0]):
        own = "".join(piece.token for piece in sampler.viterbi(word)).replace("##", "")
        changed = 0
        for seed in range(20):
            view = SubwordSampling(sampler, ratio=0.7)(view_of(Text.from_string(word)), np.random.default_rng(seed))
            for pieces in view.segmentation.values():
                changed += 1
                assert "".join(piece.token for piece in pieces).replace("##", "") == own
                starts = {piece.start for piece in pieces if not piece.token.startswith("##")}
                assert starts == {piece.start for piece in sampler.viterbi(word) if not piece.token.startswith("##")}
        assert changed


def test_the_generator_decides(tokenizer: Any) -> None:
    augment = SubwordSampling(sampler_for(tokenizer, alpha=0.1, dropout=0.5), ratio=0.5)
    views = [view_of(Text.from_string(line)) for line in LINES[::3]]
    first = [augment(view, np.random.default_rng(seed)) for seed, view in enumerate(views)]
    again = pickle.loads(pickle.dumps(augment))
    assert [again(view, np.random.default_rng(seed)) for seed, view in enumerate(views)] == first
    assert [augment(view, np.random.default_rng(seed + 1)) for seed, view in enumerate(views)] != first


def test_a_second_sampling_replaces_the_first() -> None:
    sampler = sampler_for(unigram_tokenizer(), alpha=0.05)
    word = "Unbelievable"
    odd = tuple(Piece(char, at, at + 1) for at, char in enumerate(word))
    view = view_of(Text.from_string(f"{word} {word}")).with_segmentation({(0, 0): odd, (0, 1): odd})
    sharp = SubwordSampling(sampler_for(unigram_tokenizer(), alpha=1e4), ratio=1.0)
    assert sharp(view, np.random.default_rng(0)).segmentation == {}  # both as the tokenizer's again
    assert SubwordSampling(sampler, ratio=0.0)(view, np.random.default_rng(0)) is view


def test_added_tokens_are_unchanged() -> None:
    sampler = sampler_for(unigram_tokenizer(), alpha=0.01)
    words = ("children</s>playing", "图书馆为什么<mask>图书馆为什么")
    view = view_of(Text.from_string(" ".join(words)))
    for seed in range(20):
        segmentation = SubwordSampling(sampler, ratio=1.0)(view, np.random.default_rng(seed)).segmentation
        assert set(segmentation) == {(0, 1)}  # stretches before and behind the token can be sampled
        own = [piece for piece in sampler.viterbi(words[1]) if piece.token == "<mask>"]
        assert [piece for piece in segmentation[0, 1] if piece.token == "<mask>"] == own


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_ratios_out_of_range(ratio: float) -> None:
    with pytest.raises(InputError, match="ratio"):
        SubwordSampling(sampler_for(unigram_tokenizer()), ratio)
