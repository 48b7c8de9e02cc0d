"""Local stretches partition text without spaces and cut nothing that belongs together."""

from __future__ import annotations

from itertools import product

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.augment.segmentation import SubwordSampler, sampler_for
from xtune.augment.stretches import is_unspaced, stretches
from xtune.schema import Piece

UNSPACED = [word for language in ("th", "zh", "ja", "km", "lo", "my") for word in " ".join(SENTENCES[language]).split()]
SPACED = [word for language in SENTENCES if language not in ("th", "zh", "ja", "km", "lo", "my")
          for word in " ".join(SENTENCES[language]).split()]  # fmt: skip
LETTER = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}ー]")
MIXED = (
    "iPhone手机壳",
    "「東京」2020年",
    "สวัสดีABCครับ",
    "3個のリンゴ、5個",
    "ก\u200bขคง",
    "你好，world，再见了",
    "が\u3099き",
    "字\ufe00体字",
)

SAMPLERS: dict[str, SubwordSampler] = {}


def sampler_of(family: str) -> SubwordSampler:
    return SAMPLERS.setdefault(family, sampler_for(TOKENIZERS[family]()))


def clusters(text: str) -> list[str]:
    return regex.findall(r"\X", text)


def check(word: str, pieces: tuple[Piece, ...]) -> None:
    units = stretches(word, pieces)
    edges = [sum(map(len, clusters(word)[:count])) for count in range(len(clusters(word)) + 1)]
    flat = [index for first, last in units for index in range(first, last)]
    assert flat == sorted(set(flat)), "in order and without overlap"
    bare = pieces[0].token in ("▁", "Ġ") and word[0] not in "▁Ġ"
    for index, piece in enumerate(pieces):
        text = word[piece.start : piece.end]
        letter = regex.search(r"(?=\p{L})" + LETTER.pattern, text)
        if letter and not (bare and index == 0):
            assert index in flat, f"{piece} is in no stretch"
        if index in flat:
            assert not (bare and index == 0)
    for first, last in units:
        assert first < last
        start, end = pieces[first].start, max(piece.end for piece in pieces[first:last])
        assert start in edges and end in edges, "a grapheme cluster is cut"
        assert LETTER.search(word[start:end]), "a stretch of nothing but other script"
        before = [piece.end for piece in pieces[int(bare) : first]]
        after = [piece.start for piece in pieces[last:]]
        assert all(place <= start for place in before) and all(place >= end for place in after), "a character is cut"
        size = len(clusters(word[start:end]))
        could_be_cut = any(
            max(piece.end for piece in pieces[first:middle]) <= pieces[middle].start and pieces[middle].start in edges
            for middle in range(first + 1, last)
        )
        assert 2 <= size <= 4 or not could_be_cut


@pytest.mark.parametrize("family", TOKENIZERS)
def test_real_text(family: str) -> None:
    sampler = sampler_of(family)
    for word in (*UNSPACED, *MIXED):
        for initial in (True, False):
            check(word, sampler.viterbi(word, initial))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(word=st.text("กำเแ่้ิสวัสດີคករ្ៀေွ្中文字日本のカーﾞ。、ab1-\u200b\u3099\ufe0f", min_size=1, max_size=20))
@pytest.mark.parametrize("family", TOKENIZERS)
def test_any_mixture(family: str, word: str) -> None:
    check(word, sampler_of(family).viterbi(word))


def pieces_of(*surfaces: str) -> tuple[Piece, ...]:
    pieces, start = [], 0
    for surface in surfaces:
        pieces.append(Piece(surface, start, start + len(surface)))
        start += len(surface)
    return tuple(pieces)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=9))
def test_as_few_single_graphemes_as_can_be(sizes: list[int]) -> None:
    pieces = pieces_of(*("字" * size for size in sizes))

    def lone(cuts: tuple[bool, ...]) -> float:
        units: list[list[int]] = [[sizes[0]]]
        for cut, size in zip(cuts, sizes[1:], strict=True):
            units += [[size]] if cut else []
            units[-1] += [] if cut else [size]
        allowed = all(len(unit) == 1 or sum(unit) <= 4 for unit in units)
        return sum(sum(unit) == 1 for unit in units) if allowed else float("inf")

    best = min(lone(cuts) for cuts in product((False, True), repeat=len(sizes) - 1))
    found = stretches("字" * sum(sizes), pieces)
    assert sum(sum(sizes[first:last]) == 1 for first, last in found) == best
    assert [first for first, _ in found] == [0, *(last for _, last in found[:-1])]


def test_other_scripts_are_in_no_stretch() -> None:
    pieces = pieces_of("iPhone", "手", "机", "2", "壳", "。")
    assert stretches("iPhone手机2壳。", pieces) == [(1, 3), (4, 5)]


def test_a_bare_mark_is_in_no_stretch_and_a_marked_piece_is() -> None:
    assert stretches("中文", [Piece("▁", 0, 1), Piece("中", 0, 1), Piece("文", 1, 2)]) == [(1, 3)]
    assert stretches("中文", [Piece("▁", 0, 0), Piece("中", 0, 1), Piece("文", 1, 2)]) == [(1, 3)]
    assert stretches("中文", [Piece("▁中", 0, 1), Piece("文", 1, 2)]) == [(0, 2)]


def test_bytes_of_a_character_stay_together() -> None:
    pieces = [*(Piece(f"<{byte}>", 0, 1) for byte in range(3)), *(Piece(f"<{byte}>", 1, 2) for byte in range(3))]
    assert stretches("字字", pieces) == [(0, 6)]
    assert stretches("字" * 6, [Piece("b", at, at + 1) for at in range(6) for _ in range(3)]) == [(0, 6), (6, 18)]


def test_a_grapheme_cluster_that_pieces_cut_is_whole_in_a_stretch() -> None:
    word = "กำกี่กา"  # pieces that begin with a vowel sign or a tone mark
    pieces = [Piece("ก", 0, 1), Piece("ำก", 1, 3), Piece("ี", 3, 4), Piece("่กา", 4, 7)]
    assert stretches(word, pieces) == [(0, 4)]


def test_what_the_tokenizer_leaves_out_ends_a_stretch() -> None:
    pieces = [Piece("ก", 0, 1), Piece("ข", 1, 2), Piece("ค", 3, 4), Piece("ง", 4, 5)]
    assert stretches("กข\u200bคง", pieces) == [(0, 2), (2, 4)]


def test_which_words_are_unspaced() -> None:
    assert all(is_unspaced(word) for word in UNSPACED if len(clusters(word)) > 3)
    assert not any(is_unspaced(word) for word in SPACED)
    for word in ("กา", "中文1", "カー", "ァー", "ๆๆ", "がき", "1中文"):
        assert is_unspaced(word), word
    for word in ("", "字", "กำ", "中1文", "中、", "。。", "한국", "か\u3099", "中\u200b文"):
        assert not is_unspaced(word), word
