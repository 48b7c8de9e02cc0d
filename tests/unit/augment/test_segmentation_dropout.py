"""BPE-dropout and MaxMatch-Dropout follow the procedures as published; the models' options are respected."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertTokenizer, GemmaTokenizer, PreTrainedTokenizerFast

from tests.tiny import WORDS
from tests.unit.augment.laws import Law, assert_law, bpe_law, maxmatch_law
from xtune.augment.segmentation import sampler_for

MERGES = [("a", "b"), ("▁", "a"), ("b", "a"), ("ab", "ab"), ("▁a", "b"), ("▁", "ab"), ("ab", "a"), ("▁ab", "ba")]
PIECES = ["▁", "a", "b", "z", *dict.fromkeys(left + right for left, right in MERGES)]
WORDPIECES = {"a", "b", "c", "ab", "abc", "bc", "##a", "##b", "##c", "##bc", "##ab", "##abca", "##ca", "'"}


def gemma(merges: list[tuple[str, str]] = MERGES) -> GemmaTokenizer:
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    return GemmaTokenizer(vocab={token: id_ for id_, token in enumerate([*special, *PIECES])}, merges=merges)


def bert(pieces: set[str] = WORDPIECES) -> BertTokenizer:
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(pieces)]
    return BertTokenizer(vocab={token: id_ for id_, token in enumerate(vocab)}, do_lower_case=False)


@pytest.mark.parametrize("dropout", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("word", ["ab", "abab", "baba", "aabb", "zab"])
def test_bpe_dropout(word: str, dropout: float) -> None:
    sampler = sampler_for(gemma(), dropout=dropout)
    assert_law(sampler, word, bpe_law(("▁", *word), MERGES, dropout), size=3000)
    assert_law(sampler, word, bpe_law(tuple(word), MERGES, dropout), initial=False, size=3000)


def test_bpe_dropout_when_not_all_can_be_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xtune.augment.bpe.REMEMBERED_STATES", 3)
    assert_law(sampler_for(gemma(), dropout=0.5), "abab", bpe_law(("▁", *"abab"), MERGES, 0.5))


def test_bytes_of_unknown_characters_are_never_merged_and_cover_the_character() -> None:
    pieces = sampler_for(gemma(), dropout=0.5).segment("aéb", np.random.default_rng(0), initial=False)
    assert [(piece.token, piece.start, piece.end) for piece in pieces] == [
        ("a", 0, 1), ("<0xC3>", 1, 2), ("<0xA9>", 1, 2), ("b", 2, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("dropout", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("word", ["abc", "abcab", "cabca", "bcabc"])
def test_maxmatch_dropout(word: str, dropout: float) -> None:
    sampler = sampler_for(bert(), dropout=dropout)
    assert_law(sampler, word, maxmatch_law(word, WORDPIECES, dropout), size=3000)
    assert_law(sampler, word, maxmatch_law(word, WORDPIECES, dropout, glued=True), initial=False, size=3000)


def test_only_what_is_glued_to_the_letters_before_continues_them() -> None:
    sampler = sampler_for(bert(), dropout=0.0)
    rng = np.random.default_rng(0)
    assert sampler.sample("ab'ab", rng, initial=False) == ["##ab", "'", "ab"]
    assert sampler.sample("'ab", rng, initial=False) == ["'", "ab"]


def test_dropping_matches_never_makes_a_word_unknown() -> None:
    # "a" is no piece, and behind "ab" stands nothing that "##b" could spell.
    sampler = sampler_for(bert({"ab", "abb", "b", "##bc", "##c"}), dropout=0.7)
    rng = np.random.default_rng(0)
    assert {tuple(sampler.sample("abbc", rng)) for _ in range(100)} == {("abb", "##c"), ("ab", "##bc")}
    sampler = sampler_for(bert({"abc", "ab", "a", "##bc", "##b"}), dropout=0.7)  # "ab" is a dead end
    assert {tuple(sampler.sample("abc", rng)) for _ in range(100)} == {("abc",), ("a", "##bc")}


def test_words_that_the_tokenizer_does_not_know_stay_unknown() -> None:
    sampler = sampler_for(bert({"ab", "a", "##c"}), dropout=0.9)  # a|##bc would not do, and greedy ab|##b neither
    rng = np.random.default_rng(0)
    assert {tuple(sampler.sample("abbc", rng)) for _ in range(50)} == {("[UNK]",)}
    assert sampler_for(bert()).sample("a" * 101, rng) == ["[UNK]"]
    assert sampler_for(bert()).viterbi("a" * 100)[0].token == "a"


def fast(model: Any, **parts: Any) -> PreTrainedTokenizerFast:
    backend = Tokenizer(model)
    for name, part in parts.items():
        setattr(backend, name, part)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")


def test_ignore_merges_is_one_more_merge() -> None:
    vocab = {token: id_ for id_, token in enumerate(["<unk>", "a", "b", "c", "ab", "abc"])}
    tokenizer = fast(
        models.BPE(vocab, [("a", "b")], ignore_merges=True, unk_token="<unk>"),
        pre_tokenizer=pre_tokenizers.Whitespace(),
    )
    assert tokenizer.tokenize("abc") == ["abc"]
    sampler = sampler_for(tokenizer, dropout=0.3)
    assert [piece.token for piece in sampler.viterbi("abc")] == ["abc"]
    law: Law = {("abc",): 0.7, ("ab", "c"): 0.3 * 0.7, ("a", "b", "c"): 0.3 * 0.3}
    assert_law(sampler, "abc", law)


@pytest.mark.parametrize(
    "options",
    [
        {"continuing_subword_prefix": "##"},
        {"end_of_word_suffix": "</w>"},
        {"fuse_unk": True, "unk_token": "<unk>"},
        {"fuse_unk": False, "unk_token": "<unk>"},
        {"unk_token": "<unk>", "continuing_subword_prefix": "@", "end_of_word_suffix": "</w>"},
    ],
    ids=str,
)
def test_options_of_bpe(options: dict[str, Any]) -> None:
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Whitespace()
    affixes = {name: value for name, value in options.items() if name.endswith("fix")}
    latin = [word for word in WORDS if word.isascii()]
    trained.train_from_iterator(latin, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], **affixes))
    saved = models.BPE(trained.get_vocab(), _merges(trained), **options)
    tokenizer = fast(saved, pre_tokenizer=pre_tokenizers.Whitespace())
    sampler = sampler_for(tokenizer, dropout=0.2)
    rng = np.random.default_rng(0)
    for word in WORDS[::3]:
        expected = tokenizer(word, return_offsets_mapping=True)
        found = sampler.viterbi(word)
        assert [piece.token for piece in found] == (expected.tokens() or ["<unk>"])
        if "unk_token" in options:  # without one the library leaves characters out, and counts offsets as if not there
            assert [(piece.start, piece.end) for piece in found] == expected["offset_mapping"]
        assert all(token in trained.get_vocab() for token in sampler.sample(word, rng))


def _merges(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def test_a_mark_that_the_normalizer_prepends() -> None:
    merges = [("▁", "a"), ("▁a", "b")]
    vocab = {token: id_ for id_, token in enumerate(["<unk>", "▁", "a", "b", "▁a", "▁ab"])}
    prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    sampler = sampler_for(fast(models.BPE(vocab, merges, unk_token="<unk>"), normalizer=prepend))
    assert [piece.token for piece in sampler.viterbi("ab")] == ["▁ab"]
    assert [piece.token for piece in sampler.viterbi("ab", initial=False)] == ["a", "b"]
