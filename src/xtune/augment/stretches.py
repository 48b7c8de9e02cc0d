"""Local stretches: what stands for words in scripts that are written without spaces between them.

A paragraph of Thai is one word to every tokenizer here. To sample it whole would leave nothing unchanged, and words by
Unicode's rules are single characters in Thai and Chinese; so the unit is a run of whole pieces of the tokenizer's own
segmentation that covers two to four grapheme clusters, or one longer piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import regex

from xtune.schema import WORD_START_MARKS, Piece, Span

SHORTEST, LONGEST = 2, 4
"""Grapheme clusters in a stretch of several pieces."""

_CLUSTER = regex.compile(r"\X")

_UNSPACED = regex.compile(
    r"(?=[\p{L}\p{M}])[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Yi}"
    r"\p{Tibetan}\p{Javanese}\p{Balinese}\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}ーｰ]"
)


def is_unspaced(word: str) -> bool:
    """Whether two neighbouring grapheme clusters are letters of a script written without spaces.

    >>> is_unspaced("ภาษาไทย"), is_unspaced("东京"), is_unspaced("京"), is_unspaced("한국어")
    (True, True, False, False)
    """
    if word.isascii() or not _UNSPACED.search(word):
        return False
    before = False
    for cluster in _CLUSTER.findall(word):
        now = _UNSPACED.match(cluster) is not None
        if before and now:
            return True
        before = now
    return False


def unspaced_letters(word: str) -> int:
    """How many grapheme clusters of a word are letters of a script written without spaces.

    >>> unspaced_letters("กำ东京abc한국"), unspaced_letters("Tokyo")
    (3, 0)
    """
    return 0 if word.isascii() else sum(_UNSPACED.match(cluster) is not None for cluster in _CLUSTER.findall(word))


def stretches(word: str, pieces: Sequence[Piece]) -> list[Span]:
    """Partition the pieces of unspaced script into stretches.

    Neither a piece nor a grapheme cluster is cut, and pieces in whose text is no letter of such a script (Latin,
    digits, punctuation, a bare word-start mark) belong to no stretch. No stretch reaches over them, nor over
    characters that the tokenizer leaves out. Where it can be helped no stretch is a single grapheme cluster.

    Args:
        word: The word.
        pieces: The tokenizer's own segmentation of it, offsets relative to the word.

    Returns:
        Ranges `[first, last)` of `pieces`, in order.

    >>> pieces = [Piece("▁", 0, 1), Piece("我们", 0, 2), Piece("在", 2, 3), Piece("这里", 3, 5), Piece("。", 5, 6)]
    >>> stretches("我们在这里。", pieces)
    [(1, 2), (2, 4)]
    """
    skipped = int(bool(pieces) and pieces[0].token in WORD_START_MARKS and not word.startswith(pieces[0].token))
    found: list[Span] = []
    run: list[tuple[Span, int]] = []
    reached = 0
    for first, last in _atoms(word, pieces[skipped:]):
        atom = pieces[skipped + first : skipped + last]
        start, end = atom[0].start, max(piece.end for piece in atom)
        unspaced = _UNSPACED.search(word, start, end) is not None
        if not unspaced or start > reached:  # what the tokenizer leaves out, as U+200B, may be a space after all
            found += _join(run)
            run = []
        if unspaced:
            run.append(((skipped + first, skipped + last), len(_CLUSTER.findall(word, start, end))))
        reached = end
    return found + _join(run)


def _atoms(word: str, pieces: Sequence[Piece]) -> list[Span]:
    """The least runs of pieces between which no grapheme cluster is cut."""
    edges = {0, *accumulate(len(cluster) for cluster in _CLUSTER.findall(word))}
    cuts, covered = [], 0
    for index, piece in enumerate(pieces):
        if not index or (covered <= piece.start and {covered, piece.start} <= edges):
            cuts.append(index)
        covered = max(covered, piece.end)
    return list(pairwise([*cuts, len(pieces)]))


def _join(run: Sequence[tuple[Span, int]]) -> list[Span]:
    """Join neighbours, each given with its grapheme clusters, so that few are alone with one, then to few stretches."""
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # for the run's beginnings: lone clusters, stretches, last's start
    for end in range(1, len(run) + 1):
        ways = []
        for start in range(end - 1, max(end - LONGEST, 0) - 1, -1):
            size = sum(clusters for _, clusters in run[start:end])
            if start == end - 1 or SHORTEST <= size <= LONGEST:
                lone, count, _ = best[start]
                ways.append((lone + (size < SHORTEST), count + 1, start))
        best.append(min(ways))
    joined, end = [], len(run)
    while end:
        start = best[end][2]
        joined.append((run[start][0][0], run[end - 1][0][1]))
        end = start
    return joined[::-1]
