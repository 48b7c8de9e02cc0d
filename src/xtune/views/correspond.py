"""Where a view has its sites, and which sites and outcomes of two views of one example match (paper, section 3.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xtune.augment.stretches import is_unspaced
from xtune.schema import Answer, Positions, View
from xtune.tasks.task import UNLABELLED, Reading, Task
from xtune.views.encode import EncodedView
from xtune.views.windows import Window

START, END = 0, 1
"""The sites of span extraction."""

NO_ANSWER = 0
"""The token that stands for an answer that is not in sight: `<s>`, `[CLS]`."""

Site = tuple[int, ...]
"""What a site reads of its row's output: a word's tokens; `START` or `END`; nothing, where the view has none such."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A view of an example, as far as the model sees it.

    Args:
        view: What was encoded.
        encoded: What the model sees.
        window: Of `view.example`'s last text; None where there is only one way to look at it (classification).
    """

    view: View
    encoded: EncodedView
    window: Window | None = None


def sites(reading: Reading, sight: Sight) -> list[Site]:
    """The sites that a row has: one an example, one for each word that its window answers for, or start and end."""
    match reading.kind:
        case "classification":
            return [(0,)]
        case "span":
            return [(START,), (END,)]
        case "tagging":
            tokens: dict[int, list[int]] = defaultdict(list)
            for position, word in enumerate(sight.encoded.words):
                if reading.pooling != "first" or word not in tokens:
                    tokens[word].append(position)
            return [tuple(tokens.get(word, ())) for word in own_words(sight)]


def labels(task: Task, sight: Sight) -> list[int]:
    """The outcome at each of `sites`, `UNLABELLED` where it is not known."""
    example = sight.view.example
    match task.reading.kind:
        case "classification":
            return list(task.targets(example))
        case "tagging":
            targets = task.targets(example)
            return [targets[word] for word in own_words(sight)]
        case "span":
            return list(answer_tokens(sight))


def own_words(sight: Sight) -> range:
    """The words of the last text that a window answers for."""
    assert sight.window is not None
    first, last = sight.window.own
    inside = [word for word, (start, _) in enumerate(sight.view.example.texts[-1].words) if first <= start < last]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def answer_tokens(sight: Sight) -> tuple[int, int]:
    """The first and the last token of the answer; `NO_ANSWER` twice where the window does not show all of it."""
    target = sight.view.example.target
    if not isinstance(target, Answer):
        return UNLABELLED, UNLABELLED
    assert sight.window is not None
    start, end = target.start, target.start + len(target.text)
    encoded, last_text = sight.encoded, len(sight.view.example.texts) - 1
    if not sight.window.start <= start < end <= sight.window.end:
        return NO_ANSWER, NO_ANSWER
    inside = [
        position
        for position, (first, last) in enumerate(encoded.offsets)
        if encoded.texts[position] == last_text and first < end and start < last
    ]
    reached = bool(inside) and encoded.offsets[inside[-1]][1] >= end
    return (inside[0], inside[-1]) if reached else (NO_ANSWER, NO_ANSWER)


def same_words(view: View, partner: View) -> bool:
    """Whether word i of one is word i of the other, changed or not: true but for translations."""
    a, b = view.example, partner.example
    return a.language == b.language and all(len(x.words) == len(y.words) for x, y in zip(a.texts, b.texts, strict=True))


def partner_sites(reading: Reading, sight: Sight, partner: Sight) -> list[Site]:
    """The partner's site that corresponds to each of the view's; nothing where none does.

    Classification has one distribution an example, so every augmentation leaves it comparable (section 3.3.1). Words
    and positions of a translation are not those of its source (sections 3.3.2 and 3.3.3).
    """
    if reading.kind == "classification" or same_words(sight.view, partner.view):
        return sites(reading, partner)
    return [()] * len(sites(reading, sight))


def same_positions(sight: Sight, partner: Sight, positions: Positions = "unchanged") -> list[tuple[int, int]]:
    """The positions whose word is unchanged in both views of one context, and `<s>`: pairs, in the view's order.

    A word is unchanged if both views have the same characters and the same tokens there, whether it was sampled or
    not. In text without spaces, where a word may be a paragraph, so is each token that both have at the same place.
    With `untouched` no word counts that either view segments in a way of its own (`SubwordSampling.keep_all`).
    """
    pairs = [(NO_ANSWER, NO_ANSWER)]
    text, other = sight.view.example.texts[-1], partner.view.example.texts[-1]
    here, there = _by_word(sight), _by_word(partner)
    touched: set[int] = set()
    if positions == "untouched":
        segmented = [*sight.view.segmentation, *partner.view.segmentation]
        touched = {word for which, word in segmented if which == len(sight.view.example.texts) - 1}
    for word, tokens in here.items():
        if word not in there or word in touched or text.word(word) != other.word(word):
            continue
        if tokens.keys == there[word].keys:
            pairs += zip(tokens.positions, there[word].positions, strict=True)
        elif is_unspaced(text.word(word)):
            pairs += _common(tokens, there[word])
    return pairs


@dataclass(slots=True)
class _Tokens:
    """Tokens of a word: their positions, and what makes two the same."""

    positions: list[int]
    keys: list[tuple[int, int, int]]


def _by_word(sight: Sight) -> dict[int, _Tokens]:
    """The tokens of each word of the last text, each as its id and its characters counted from the word's first."""
    encoded, example = sight.encoded, sight.view.example
    text, which = example.texts[-1], len(example.texts) - 1
    found: dict[int, _Tokens] = {}
    for position, word in enumerate(encoded.words):
        if word < 0 or encoded.texts[position] != which:
            continue
        tokens = found.setdefault(word, _Tokens([], []))
        base = 0 if text.pretokenized else text.words[word][0]
        start, end = encoded.offsets[position]
        tokens.positions.append(position)
        tokens.keys.append((encoded.ids[position], max(start - base, 0), end - base))  # a space before is no difference
    return found


def _common(a: _Tokens, b: _Tokens) -> Iterable[tuple[int, int]]:
    """Tokens that both have at one place; of several that are alike the first with the first."""
    waiting: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for position, key in zip(reversed(b.positions), reversed(b.keys), strict=True):
        waiting[key].append(position)
    for position, key in zip(a.positions, a.keys, strict=True):
        if waiting[key]:
            yield position, waiting[key].pop()


def matched(reading: Reading, sight: Sight, partner: Sight) -> Sequence[tuple[int, int]]:
    """The outcomes that correspond where outcomes are positions, as pairs; nothing for the other kinds."""
    if reading.kind != "span" or not same_words(sight.view, partner.view):
        return ()
    return same_positions(sight, partner, reading.positions)
