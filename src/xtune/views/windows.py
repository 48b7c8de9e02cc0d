"""Looking at a long text through windows, so that no word of it is lost.

A text that does not fit into the model is seen in several overlapping windows, each of which is a row. Windows are cut
on the unaugmented text, in characters, between words where there are spaces. An augmented view of the same words is
seen through the same window; where it has grown too long, its augmentation is undone from the end until it fits, so
that neither view loses a word to the other. The published code cut both views where the longer one ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter

from xtune.schema import Example, Piece, Span, Text, View
from xtune.views.encode import EncodedView, Encoder

LONG_WORD = 40
"""Characters from which on a run without spaces may be cut between its tokens: a text in Chinese, Japanese or Thai."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of an example's last text.

    Args:
        start: Its first character.
        end: The character behind its last.
        own: The characters that this window answers for, being the one with the most context around them.
    """

    start: int
    end: int
    own: Span

    def moved(self, old: Text, new: Text) -> Window:
        """The window that shows the same words of `new`, of which some were exchanged."""
        if old.text == new.text:
            return self
        start, end, *own = (old.moved(new, place) for place in (self.start, self.end, *self.own))
        return Window(start, end, (own[0], own[1]))


def windows(encoder: Encoder, example: Example) -> list[Window]:
    """The windows that show all of an example's last text, one after another; a single one where it fits.

    A window begins `encoder.stride` sub-words behind the one before, or half of what fits if that is less.
    """
    text, room = example.texts[-1], encoder.room(example)
    spans, words = encoder.layout(text)
    whole = (0, len(text.text))
    if len(spans) <= room:
        return [Window(*whole, whole)]
    cuts = _Cuts(text, spans, words)
    firsts, ends = _stretches(cuts, len(spans), room, max(1, min(encoder.stride, room // 2)))
    middles = [cuts.near((after + end + 1) // 2, after - 1, end) for end, after in zip(ends, firsts[1:], strict=False)]
    own = pairwise([0, *middles, len(spans)])
    return [
        Window(cuts.character(first), cuts.character(end), (cuts.character(a), cuts.character(b)))
        for first, end, (a, b) in zip(firsts, ends, own, strict=True)
    ]


def encode_window(encoder: Encoder, view: View, source: View, window: Window) -> tuple[View, Window, EncodedView]:
    """A view as seen through a window of what it was made of.

    Args:
        encoder: Encodes.
        view: Of the words of `source`, some of them changed.
        source: Unaugmented; what the window fits.
        window: In characters of the last text of `source`.

    Returns:
        The view, undone from the end of its last text as far as it has to be; the window in its own characters; and
        what the model sees.
    """
    found = _seen(encoder, view, source, window)
    if not found[2].cut:
        return found
    fits, too_many = window.start, window.end  # characters up to which the view stays augmented
    best = _seen(encoder, _undone(encoder, view, source, fits), source, window)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        trial = _seen(encoder, _undone(encoder, view, source, middle), source, window)
        if trial[2].cut:
            too_many = middle
        else:
            fits, best = middle, trial
    # What is still too long has another text that grew, such as a question.
    return best if not best[2].cut else _seen(encoder, replace(source, noise=view.noise), source, window)


def _seen(encoder: Encoder, view: View, source: View, window: Window) -> tuple[View, Window, EncodedView]:
    moved = window.moved(source.example.texts[-1], view.example.texts[-1])
    return view, moved, encoder(view, (moved.start, moved.end))


def _undone(encoder: Encoder, view: View, source: View, keep: int) -> View:
    """The view with the last text as it was from character `keep` of `source` on."""
    which = len(view.example.texts) - 1
    old, new = source.example.texts[which], view.example.texts[which]
    first = bisect_right(old.words, keep, key=itemgetter(1))  # the first word that is not kept whole
    view = view.with_words(
        {(which, word): old.word(word) for word in range(first, len(old.words)) if old.word(word) != new.word(word)}
    )
    kept = {key: pieces for key, pieces in view.segmentation.items() if key[0] != which or key[1] < first}
    if first < len(old.words) and (which, first) in view.segmentation:  # a long run without spaces, mostly
        begun = _begun(encoder, old, first, view.segmentation[which, first], keep - old.words[first][0])
        kept |= {(which, first): begun} if begun else {}
    return replace(view, segmentation=kept)


def _begun(encoder: Encoder, text: Text, word: int, pieces: Sequence[Piece], keep: int) -> tuple[Piece, ...] | None:
    """The pieces of a word up to about a character, and the tokenizer's own behind it; None if the two never meet."""
    own = encoder.pieces(text, word)
    starts = {piece.start: place for place, piece in reversed(list(enumerate(own)))}
    meet = [place for place, piece in enumerate(pieces) if piece.start in starts and 0 < piece.start <= keep]
    return (*pieces[: meet[-1]], *own[starts[pieces[meet[-1]].start] :]) if meet else None


class _Cuts:
    """Places before tokens, and behind the last, where a text may be cut.

    Args:
        text: The text.
        spans: Characters of each token.
        words: The word of each token.
    """

    def __init__(self, text: Text, spans: Sequence[Span], words: Sequence[int]) -> None:
        self._spans, self._length = spans, len(text.text)
        # A token without characters, such as a bare mark, is in one window with what stands at its character.
        clean = [
            place
            for place in range(1, len(spans))
            if spans[place - 1][0] < spans[place][0] < len(text.text) and spans[place - 1][1] <= spans[place][0]
        ]
        long = {
            word for word, (start, end) in enumerate(text.words) if end - start > LONG_WORD and not text.pretokenized
        }
        between = [place for place in clean if words[place - 1] != words[place] or words[place] in long]
        self._levels = ([0, *between, len(spans)], [0, *clean, len(spans)])

    def near(self, wanted: int, after: int, latest: int) -> int:
        """The last place up to `wanted` and behind `after`, else the first up to `latest`.

        It is between words if there is one, else between tokens, else as wanted.
        """
        for places in self._levels:
            behind = bisect_right(places, wanted)
            for found in places[behind - 1 : behind + 1]:
                if after < found <= latest:
                    return found
        return wanted

    def character(self, place: int) -> int:
        """Where a place is in the text."""
        return self._length if place == len(self._spans) else self._spans[place][0] if place else 0


def _stretches(cuts: _Cuts, tokens: int, room: int, step: int) -> tuple[list[int], list[int]]:
    """First tokens of the windows, and those behind their last."""
    firsts, ends = [0], [cuts.near(room, 0, room)]
    while ends[-1] < tokens:
        firsts.append(cuts.near(min(firsts[-1] + step, ends[-1]), firsts[-1], ends[-1]))
        full = min(firsts[-1] + room, tokens)
        ends.append(cuts.near(full, firsts[-1], full))
    return firsts, ends
