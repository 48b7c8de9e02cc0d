"""Looking at a long text through windows, so that no word of it is lost.

A text that does not fit into the model is seen in several overlapping windows, each of which is a row. Windows are cut
on the unaugmented text, in characters, between words where there are spaces. An augmented view of the same words is
seen through the same window; where it has grown too long, its augmentation is undone from the end, word by word, until
it fits, so that neither view loses a word to the other. The published code cut both views where the longer one ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from xtune.schema import Example, Span, Text, View
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
        start, end, *own = (moved_position(old, new, place) for place in (self.start, self.end, *self.own))
        return Window(start, end, (own[0], own[1]))


def moved_position(old: Text, new: Text, position: int) -> int:
    """Where a character of a text stands once some words were exchanged; if it stood within one, where that begins.

    >>> old = Text.from_string("I see dogs")
    >>> new = old.replace_words({1: "sehe"})
    >>> [moved_position(old, new, place) for place in (0, 2, 4, 6, 10)]
    [0, 2, 2, 7, 11]
    """
    word = bisect_right(old.words, position, key=lambda span: span[0]) - 1
    if word < 0:
        return position
    (start, end), (new_start, new_end) = old.words[word], new.words[word]
    if position >= end:
        return new_end + position - end
    return new_start + position - start if old.word(word) == new.word(word) else new_start


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
    middles = [
        max(cuts.before((after + end + 1) // 2, after - 1), after) for end, after in zip(ends, firsts[1:], strict=False)
    ]
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
    fits, too_many = 0, len(source.example.texts[-1].words)
    best = _seen(encoder, _undone(view, source, fits), source, window)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        trial = _seen(encoder, _undone(view, source, middle), source, window)
        if trial[2].cut:
            too_many = middle
        else:
            fits, best = middle, trial
    # What is still too long has another text that grew, such as a question.
    return best if not best[2].cut else _seen(encoder, replace(source, noise=view.noise), source, window)


def _seen(encoder: Encoder, view: View, source: View, window: Window) -> tuple[View, Window, EncodedView]:
    moved = window.moved(source.example.texts[-1], view.example.texts[-1])
    return view, moved, encoder(view, (moved.start, moved.end))


def _undone(view: View, source: View, keep: int) -> View:
    """The view with the words of its last text from `keep` on as they were."""
    which = len(view.example.texts) - 1
    old, new = source.example.texts[which], view.example.texts[which]
    view = view.with_words(
        {(which, word): old.word(word) for word in range(keep, len(old.words)) if old.word(word) != new.word(word)}
    )
    kept = {key: pieces for key, pieces in view.segmentation.items() if key[0] != which or key[1] < keep}
    return replace(view, segmentation=kept)


class _Cuts:
    """Places before tokens, and behind the last, where a text may be cut.

    Args:
        text: The text.
        spans: Characters of each token.
        words: The word of each token.
    """

    def __init__(self, text: Text, spans: Sequence[Span], words: Sequence[int]) -> None:
        self._spans, self._length = spans, len(text.text)
        clean = [place for place in range(1, len(spans)) if spans[place - 1][1] <= spans[place][0]]
        long = {
            word for word, (start, end) in enumerate(text.words) if end - start > LONG_WORD and not text.pretokenized
        }
        between = [place for place in clean if words[place - 1] != words[place] or words[place] in long]
        self._levels = ([0, *between, len(spans)], [0, *clean, len(spans)])

    def before(self, wanted: int, after: int) -> int:
        """The last place up to `wanted` and behind `after`: between words, else between tokens, else as wanted."""
        for places in self._levels:
            if (found := places[bisect_right(places, wanted) - 1]) > after:
                return found
        return wanted

    def character(self, place: int) -> int:
        """Where a place is in the text."""
        return self._length if place == len(self._spans) else self._spans[place][0] if place else 0


def _stretches(cuts: _Cuts, tokens: int, room: int, step: int) -> tuple[list[int], list[int]]:
    """First tokens of the windows, and those behind their last."""
    firsts, ends = [0], [cuts.before(room, 0)]
    while ends[-1] < tokens:
        firsts.append(cuts.before(min(firsts[-1] + step, ends[-1]), firsts[-1]))
        ends.append(cuts.before(min(firsts[-1] + room, tokens), firsts[-1]))
    return firsts, ends
