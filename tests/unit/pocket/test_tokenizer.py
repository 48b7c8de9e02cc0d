from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

import xtune.pocket
from xtune.augment.segmentation import sampler_for
from xtune.pocket import LANGUAGES
from xtune.pocket.benchmark import stream
from xtune.pocket.lexicon import load_lexicon
from xtune.pocket.mono import Anchors, Document, documents
from xtune.pocket.tokenizer import make_tokenizer, pieces_of

ENCODER = Path(xtune.pocket.__file__).parent / "encoder"


@pytest.fixture(scope="module")
def fresh() -> dict[str, list[Document]]:
    """Documents that no seed of the encoder or of a benchmark has."""
    return {
        language: list(documents(load_lexicon(), language, stream(77, language), 60, Anchors(0, {})))
        for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(ENCODER)


def words_of(texts: list[Document]) -> Counter[str]:
    return Counter(piece for text in texts for piece in pieces_of(text.sentences) if any(map(str.isalpha, piece)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stay_whole(fresh: dict[str, list[Document]], tokenizer: Any, language: str) -> None:
    words = words_of(fresh[language])
    pieces = tokenizer.get_vocab()
    assert sum(n for word, n in words.items() if word in pieces) > 0.95 * words.total()
    wanted = [piece for text in fresh[language] for piece in pieces_of(text.sentences)]
    got = [piece for text in fresh[language] for piece in tokenizer.tokenize(text.text)]
    assert len(got) < 1.05 * len(wanted)  # and they are taken, also where no blank separates them


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_come_back_as_they_were(fresh: dict[str, list[Document]], tokenizer: Any, language: str) -> None:
    for text in fresh[language]:
        ids = tokenizer(text.text)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True) == text.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_can_be_cut_otherwise(fresh: dict[str, list[Document]], tokenizer: Any, language: str) -> None:
    sampler, rng = sampler_for(tokenizer), np.random.default_rng(0)
    words = sorted(word for word in words_of(fresh[language]) if len(word.removeprefix("▁")) > 1)
    cuts = [
        {tuple(sampler.sample(word.removeprefix("▁"), rng, initial=word.startswith("▁"))) for _ in range(40)}
        for word in words
    ]
    assert sum(len(ways) > 1 for ways in cuts) > 0.5 * len(words)


def test_it_normalizes_and_frames_as_xlm_r_does(tokenizer: Any) -> None:
    assert tokenizer.tokenize("ｔｈｅ ﬁ") == tokenizer.tokenize("the fi")
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    pair = tokenizer.convert_ids_to_tokens(tokenizer("the", "the")["input_ids"])
    assert pair == ["<s>", "▁the", "</s>", "</s>", "▁the", "</s>"]


def test_a_frequent_word_is_a_piece_and_a_rare_one_is_cut() -> None:
    roots, endings = ("help", "walk", "talk", "play"), ("ed", "ing", "er")
    counts = {"en": {"▁the": 500, **{f"▁{root}{ending}": 40 for root in roots for ending in endings}, "▁helpless": 1}}
    made: PreTrainedTokenizerFast = make_tokenizer(counts)
    assert made.tokenize("the walking") == ["▁the", "▁walking"]
    assert made.tokenize("helpless") == ["▁help", "l", "e", "s", "s"]
    assert all(made.tokenize(word) == [f"▁{word}"] for word in ("helping", "talker", "played"))


def test_pieces_mark_where_a_blank_stands(fresh: dict[str, list[Document]]) -> None:
    for language in LANGUAGES:
        for text in fresh[language]:
            assert "".join(pieces_of(text.sentences)).replace("▁", " ").strip() == text.text
