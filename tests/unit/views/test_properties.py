"""What every augmentation promises, over texts in twenty languages: words, answers, offsets, and the clean view."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tiny import TOKENIZERS
from tests.unit.views.cases import AUGMENTATIONS, LENGTHS, asked, augmentation, encoder, looks, tagged, texts
from xtune.augment.segmentation import is_unspaced
from xtune.schema import Answer, Span, Text, View
from xtune.tasks.qa import QuestionAnswering
from xtune.tasks.tagging import Tagging
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.views.correspond import NO_ANSWER, Sight, answer_tokens
from xtune.views.encode import EncodedView


@pytest.mark.parametrize("only_last", [True, False])
@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_words_and_answers_survive(family: str, name: str, only_last: bool) -> None:
    rng, changed = np.random.default_rng(5), 0
    for text in texts(rng):
        for _ in range(2):
            source = asked(text, rng)
            view = augmentation(family, name, only_last=only_last)(source, rng)
            for old, new in zip(source.example.texts, view.example.texts, strict=True):
                assert_same_gaps(old, new)
            assert_answer(source, view)
            if only_last or name == "gn":
                assert view.example.texts[0] == source.example.texts[0]
                assert all(which == 1 for which, _ in view.segmentation)
            if name in ("ss", "gn"):
                assert view.example == source.example
            changed += view != source
    assert changed > 25


def assert_same_gaps(old: Text, new: Text) -> None:
    """As many words, and the same between them; what a word became has no space at its ends."""
    assert len(old.words) == len(new.words)
    edges = ([0, *(end for _, end in each.words)] for each in (old, new))
    gaps = [
        [each.text[end:start] for end, start in zip(ends, [*(s for s, _ in each.words), len(each.text)], strict=True)]
        for each, ends in zip((old, new), edges, strict=True)
    ]
    assert gaps[0] == gaps[1]
    assert all(new.word(word) == new.word(word).strip() != "" for word in range(len(new.words)))


def assert_answer(source: View, view: View) -> None:
    """It stands where it says, in the same words, of which the first and the last are as they were."""
    before, after = source.example.target, view.example.target
    assert isinstance(before, Answer) and isinstance(after, Answer)
    assert view.example.texts[-1].text[after.start : after.start + len(after.text)] == after.text
    places = [borders(each.example.texts[-1], target) for each, target in ((source, before), (view, after))]
    assert places[0] == places[1]
    for word, _ in places[1]:
        surface = view.example.texts[-1].word(word)
        assert surface == source.example.texts[-1].word(word)
        assert is_unspaced(surface) or (1, word) not in view.segmentation


def borders(text: Text, answer: Answer) -> list[tuple[int, int]]:
    """The words that an answer begins and ends in, and at which of their characters."""
    ends = answer.start, answer.start + len(answer.text) - 1
    return [(word, end - first) for end in ends for word, (first, last) in enumerate(text.words) if first <= end < last]


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_windows_show_the_same_answers(family: str, name: str) -> None:
    rng, shown = np.random.default_rng(6), 0
    for number, text in enumerate(texts(rng)):
        source, made = asked(text, rng), encoder(family, LENGTHS[number % 3])
        view = augmentation(family, name)(source, rng)
        for clean, seen in zip(looks(made, source, source), looks(made, view, source), strict=True):
            assert margins(clean) == margins(seen)
            shown += margins(seen) is not None
    assert shown > 20


def margins(sight: Sight) -> tuple[int, int] | None:
    """How many characters the answer's tokens reach beyond it on both sides; None where a window does not show it."""
    first, last = answer_tokens(sight)
    target = sight.view.example.target
    assert isinstance(target, Answer) and first <= last < len(sight.encoded.ids)
    if first == NO_ANSWER:
        assert last == NO_ANSWER
        return None
    start, end = sight.encoded.offsets[first][0], sight.encoded.offsets[last][1]
    assert start <= target.start and target.start + len(target.text) <= end
    return target.start - start, end - target.start - len(target.text)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("family", TOKENIZERS)
def test_offsets_give_back_the_words(family: str, name: str) -> None:
    rng, made, words = np.random.default_rng(7), encoder(family, 10_000), 0
    for text in texts(rng):
        for source in (asked(text, rng), tagged(text)):
            view = augmentation(family, name)(source, rng)
            [sight] = looks(made, view, source)
            context, which = view.example.texts[-1], len(view.example.texts) - 1
            for word, (start, end) in enumerate(context.words):
                spans = spans_of(sight.encoded, which, word)
                if context.pretokenized:
                    spans = [(start + first, start + last) for first, last in spans]
                assert spans == sorted(spans)
                shown = {place for span in spans for place in range(*span) if not context.text[place].isspace()}
                assert shown == {place for place in range(start, end) if not context.text[place].isspace()}
                words += 1
    assert words > 300


def spans_of(encoded: EncodedView, which: int, word: int) -> list[Span]:
    told = zip(encoded.texts, encoded.words, encoded.offsets, strict=True)
    return [span for text, owner, span in told if (text, owner) == (which, word)]


@pytest.mark.parametrize("kind", ["tagging", "span"])
@pytest.mark.parametrize("family", TOKENIZERS)
def test_partners_take_nothing_from_the_clean_view(family: str, kind: str) -> None:
    rng = np.random.default_rng(8)
    examples = [(asked(text, rng) if kind == "span" else tagged(text)).example for text in list(texts(rng))[::2]]
    task = QuestionAnswering("span") if kind == "span" else Tagging("tagging", ("X", "Y"))
    made = encoder(family, 32)
    alone, beside = (
        StageRows(examples=examples, encoder=made, task=task, partner=partner)
        for partner in (None, augmentation(family, "cs+ss"))
    )
    assert len(alone) == len(beside) > len(examples)
    for row in range(len(alone)):
        assert alone[Key(0, row)].view == beside[Key(0, row)].view
        assert alone[Key(0, row)].sites == beside[Key(0, row)].sites
