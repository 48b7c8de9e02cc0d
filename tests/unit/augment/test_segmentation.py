"""The samplers' contract: the tokenizer's own pieces, offsets and added tokens; one source of randomness."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast, XLMRobertaTokenizer

from tests.tiny import TOKENIZERS, WORDS, bpe_tokenizer, bytelevel_tokenizer, nmt_nfkc, unigram_tokenizer
from tests.unit.augment.laws import assert_law, unigram_law
from xtune.augment import sampler as sampler_module
from xtune.augment.segmentation import SubwordSampler, sampler_for
from xtune.errors import InputError

LEAD = {"unigram": "", "deberta": "", "wordpiece": "", "bpe": " ", "bytelevel": " "}
"""What has to stand before a word for the tokenizer to see the start of one."""

ODD = (
    *(
        "ＡＢＣ",
        "ﬁne",
        "㍿x",
        "½kg",
        "ﷺ",
        "…",
        "▁foo",
        "foo▁bar",
        "e\u0301x",
        "\u0301x",
        "A\u030a",
        "Ａ\u0308",
        "\u0e33ก",
    ),
    *(
        "\u200b",
        "a\u200bb",
        "\u00ad",
        "a\u00adb",
        "\ufeffx",
        "\x00x",
        "👩\u200d👩\u200d👧",
        "𝔘𝔫𝔦",
        "ǅ",
        "İstanbul",
        "ΌΣΟΣ",
    ),
    *(
        "don't",
        "'s",
        "x-y",
        "x" * 120,
        "kleine Hunde",
        "東京 タワー",
        "a\tb",
        "a\nb",
        "a\u00a0b",
        "a\u3000b",
        "q",
        "qq",
    ),
    *(
        "zz字",
        "字zz字",
        "<0x41>",
        "١٢",
        "<s>",
        "</s>",
        "ab</s>cd",
        "<mask>",
        "a<mask>b",
        "<unk>x",
        "＜ｓ＞",
        "x＜ｍａｓｋ＞y",
    ),
    *("[MASK]", "x[SEP]y", "<eos>", "a<bos>b"),
)

words = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    | st.text(st.sampled_from("abqx'.-▁ Ġ#<s/>[MASK]ñéß字図ｶﾞกำ้ក្\u0301\u200b\u200d\u3000ﬁ½"), min_size=1, max_size=12)
).filter(lambda word: word == word.strip())


@pytest.fixture(scope="module", params=TOKENIZERS)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def own(family: str, word: str, marked: bool = True) -> tuple[list[str], list[tuple[int, int]]]:
    """What the tokenizer makes of a word, and where in it that stands."""
    tokenizer, lead = TOKENIZERS[family](), LEAD[family] if marked else ""
    encoding = tokenizer(lead + word, return_offsets_mapping=True, add_special_tokens=False)
    spans = [(max(start - len(lead), 0), max(end - len(lead), 0)) for start, end in encoding["offset_mapping"]]
    return encoding.tokens() or [tokenizer.unk_token], spans or [(0, len(word))]


def check_best(sampler: SubwordSampler, family: str, word: str) -> None:
    pieces = sampler.viterbi(word)
    tokens, spans = own(family, word)
    assert [piece.token for piece in pieces] == tokens
    assert [(piece.start, piece.end) for piece in pieces] == spans


def test_the_best_path_is_the_tokenizers(family: str) -> None:
    sampler = sampler_for(TOKENIZERS[family]())
    for word in (*WORDS, *ODD):
        check_best(sampler, family, word)


SAMPLERS: dict[str, SubwordSampler] = {}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(word=words)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_the_best_path_is_the_tokenizers_whatever_the_word(family: str, word: str) -> None:
    check_best(SAMPLERS.setdefault(family, sampler_for(TOKENIZERS[family]())), family, word)


@pytest.mark.parametrize("family", ["bpe", "bytelevel"])
def test_a_word_without_mark_is_a_text_s_first_word(family: str) -> None:
    sampler = sampler_for(TOKENIZERS[family]())
    for word in (*WORDS, *ODD):
        pieces = sampler.viterbi(word, initial=False)
        assert ([piece.token for piece in pieces], [(piece.start, piece.end) for piece in pieces]) == own(
            family, word, marked=False
        )


def test_a_byte_level_tokenizer_that_puts_a_space_first() -> None:
    tokenizer = bytelevel_tokenizer(add_prefix_space=True)
    sampler = sampler_for(tokenizer)
    for word in WORDS:
        encoding = tokenizer(word, return_offsets_mapping=True, add_special_tokens=False)
        pieces = sampler.viterbi(word)
        assert [piece.token for piece in pieces] == encoding.tokens()
        assert [(piece.start, piece.end) for piece in pieces] == encoding["offset_mapping"]


def test_without_word_start_no_mark_is_printed(family: str) -> None:
    sampler = sampler_for(TOKENIZERS[family](), alpha=0.1, dropout=0.5)
    rng = np.random.default_rng(0)
    for word in [word for word in WORDS if word.isalpha()]:
        for token in sampler.sample(word, rng, initial=False)[:1]:
            assert not token.startswith(("▁", "Ġ"))
            if family == "wordpiece" and not any("\u4e00" <= char <= "\u9fff" for char in word):
                assert token.startswith("##") or token == "[UNK]"


def test_samples_spell_the_word_in_known_pieces(family: str) -> None:
    tokenizer = TOKENIZERS[family]()
    sampler = sampler_for(tokenizer, alpha=0.1, dropout=0.5)
    special = set(tokenizer.all_special_tokens)
    rng = np.random.default_rng(0)
    for word in [word for word in WORDS if "<unk>" not in own(family, word)[0]]:
        best, pieces = sampler.viterbi(word), sampler.segment(word, rng)
        assert not special & {piece.token for piece in pieces} - {piece.token for piece in best}
        assert _letters(pieces) == _letters(best)
        assert [piece.start for piece in pieces] == sorted(piece.start for piece in pieces)
        assert max(piece.end for piece in pieces) == max(piece.end for piece in best)
    changed = [word for word in WORDS if sampler.segment(word, rng) != sampler.viterbi(word)]
    assert len(changed) > len(WORDS) / 3


def _letters(pieces: Any) -> str:
    return "".join(piece.token.removeprefix("##") for piece in pieces)


def toy(**options: Any) -> PreTrainedTokenizerFast:
    vocab = [("<unk>", 0.0), ("▁", -2.0), ("a", -3.0), ("b", -3.5), ("ab", -4.0), ("<s>", -1.0)]
    backend = Tokenizer(models.Unigram(vocab, unk_id=0, **options))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", bos_token="<s>")


def test_unigram_with_byte_fallback() -> None:
    vocab = [("<unk>", 0.0), ("▁", -2.0), ("a", -3.0), *((f"<0x{byte:02X}>", -9.0) for byte in range(256))]
    backend = Tokenizer(models.Unigram(vocab, unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
    sampler = sampler_for(tokenizer)
    for word in ("aéa", "é字a", "a🙂"):
        encoding = tokenizer(word, return_offsets_mapping=True)
        for pieces in (sampler.viterbi(word), sampler.segment(word, np.random.default_rng(0))):
            assert [piece.token for piece in pieces] == encoding.tokens()
            assert [(piece.start, piece.end) for piece in pieces] == encoding["offset_mapping"]


@pytest.mark.parametrize("word", ["ab</s>ab", "</s>", "<mask>ab", "＜ｓ＞ab"])
def test_added_tokens_are_left_as_the_tokenizer_cuts_them(word: str) -> None:
    sampler = sampler_for(unigram_tokenizer(), alpha=1e-6)
    rng = np.random.default_rng(0)
    assert {sampler.segment(word, rng) for _ in range(100)} == {sampler.viterbi(word)}


def test_an_added_token_behind_letters() -> None:
    sampler = sampler_for(unigram_tokenizer())
    assert [piece.token for piece in sampler.viterbi("the</s>ab", initial=False)][0][0] != "▁"
    assert sampler.viterbi("</s>", initial=False)[0].token == "</s>"


def test_added_tokens_of_the_user() -> None:
    tokenizer = copy.deepcopy(unigram_tokenizer())
    tokenizer.add_tokens([AddedToken("Hund", single_word=True, normalized=False), AddedToken("ＡＢ", normalized=True)])
    sampler = sampler_for(tokenizer, alpha=0.1)
    for word in ("Hund", "Hunde", "xHund.", "ＡＢc", "ABc", "cAB"):
        assert [piece.token for piece in sampler.viterbi(word)] == tokenizer.tokenize(word)
    rng = np.random.default_rng(0)
    assert {tuple(sampler.sample("Hund", rng)) for _ in range(20)} == {("Hund",)}


def test_every_word_keeps_a_piece(family: str) -> None:
    tokenizer = TOKENIZERS[family]()
    sampler = sampler_for(tokenizer)
    for word in ("\u200b", "\u00ad", "\u200d", "\ufeff"):
        assert sampler.segment(word, np.random.default_rng(0))
    if family in ("unigram", "wordpiece"):
        [piece] = sampler.segment("\u200b", np.random.default_rng(0))
        assert (piece.token, piece.start, piece.end) == (tokenizer.unk_token, 0, 1)


def sequence(sampler: SubwordSampler, seed: int = 5) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [sampler.sample(word, rng, initial) for word in WORDS[:150] for initial in (True, False)]


def test_the_seed_decides(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = TOKENIZERS[family]()
    sampler = sampler_for(tokenizer, alpha=0.1, dropout=0.3)
    first = sequence(sampler)
    assert sequence(sampler) == first  # from what it remembers now
    assert sequence(sampler, seed=6) != first
    np.random.seed(1)
    assert sequence(pickle.loads(pickle.dumps(sampler))) == first
    assert sequence(copy.deepcopy(sampler)) == first
    monkeypatch.setattr(sampler_module, "CACHED_LENGTH", 0)
    assert sequence(sampler_for(tokenizer, alpha=0.1, dropout=0.3)) == first


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = sequence(sampler_for(unigram_tokenizer(), alpha=0.1))
    monkeypatch.setattr(sampler_module, "CACHED_WORDS", 7)
    sampler = sampler_for(unigram_tokenizer(), alpha=0.1)
    assert sequence(sampler) == reference
    assert sampler._remembered.cache_info().currsize == 7
    assert len(pickle.dumps(sampler)) == len(pickle.dumps(sampler_for(unigram_tokenizer(), alpha=0.1)))


def test_spawned_workers_sample_the_same() -> None:
    sampler = sampler_for(unigram_tokenizer(), alpha=0.1)
    words = WORDS[:20]
    rng = np.random.default_rng(3)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = [pool.submit(sampler.sample, word, np.random.default_rng(3)).result() for word in words]
    assert there == [sampler.sample(word, np.random.default_rng(3)) for word in words]
    assert [sampler.sample(word, rng) for word in words] != there  # it is not constant


def test_the_tokenizers_own_sampling_and_state_are_left_alone() -> None:
    tokenizer = copy.deepcopy(bpe_tokenizer())
    tokenizer.backend_tokenizer.model.dropout = 0.9
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding()
    before = tokenizer.backend_tokenizer.to_str()
    sampler = sampler_for(tokenizer)
    untouched = sampler_for(bpe_tokenizer())
    assert [sampler.viterbi(word) for word in WORDS] == [untouched.viterbi(word) for word in WORDS]
    assert tokenizer.backend_tokenizer.to_str() == before


def test_other_normalizers_and_pre_tokenizers() -> None:
    scores = {"▁": -2.0, "a": -3.0, "b": -3.5, "ab": -4.0, "▁a": -4.5}
    for normalizer in (
        normalizers.Sequence([normalizers.Strip(), normalizers.Precompiled(nmt_nfkc()), normalizers.Lowercase()]),
        normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]),
    ):
        for scheme in ("always", "first"):
            backend = Tokenizer(models.Unigram([("<unk>", 0.0), *scores.items()], unk_id=0))
            backend.normalizer, backend.pre_tokenizer = normalizer, pre_tokenizers.Metaspace(prepend_scheme=scheme)
            tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
            sampler = sampler_for(tokenizer)
            for word in ("aBab", "áb", "ＡＢ", "ab ba"):
                assert [piece.token for piece in sampler.viterbi(word)] == tokenizer.tokenize(word)
            assert_law(sampler, "aBab", unigram_law("▁abab", {"<unk>": 0.0, **scores}, 0.3), size=2000)


@pytest.mark.parametrize(
    ("option", "value"),
    [("alpha", 0), ("alpha", -0.3), ("alpha", float("nan")), ("alpha", float("inf")), ("nbest", 0), ("nbest", -1),
     ("dropout", -0.1), ("dropout", 1.1), ("dropout", float("nan"))],
)  # fmt: skip
def test_options_out_of_range(option: str, value: float) -> None:
    options: Any = {option: value}
    with pytest.raises(InputError, match=option) as raised:
        sampler_for(unigram_tokenizer(), **options)
    assert raised.value.remedy


def test_tokenizers_that_cannot_be_sampled() -> None:
    class Slow:
        unk_token = "?"

    word_level = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0, "?": 1}, unk_token="?")))
    no_unknown = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.Unigram([("a", -1.0)])))
    in_python = copy.deepcopy(unigram_tokenizer())
    in_python.backend_tokenizer.normalizer = normalizers.Normalizer.custom(object())
    cases = ((Slow(), "Slow"), (word_level, "WordLevel"), (no_unknown, "unknown token"), (in_python, "cannot be read"))
    for tokenizer, problem in cases:
        with pytest.raises(InputError, match=problem) as raised:
            sampler_for(tokenizer)
        assert raised.value.remedy


def test_an_empty_word_has_a_piece_too() -> None:
    assert sampler_for(unigram_tokenizer()).sample("", np.random.default_rng(0)) == ["<unk>"]


def test_a_tokenizer_without_normalizer() -> None:
    tokenizer = XLMRobertaTokenizer(vocab=[("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁a", -1.0)])
    assert sampler_for(tokenizer).sample("aa", np.random.default_rng(0)) == ["▁a", "a"]
    assert toy().tokenize("ab") == [piece.token for piece in sampler_for(toy()).viterbi("ab")]
