"""Rows of questions and contexts: windows, where the answer is in each, and which tokens of two views match."""

from __future__ import annotations

from typing import Any

import pytest

from tests import toy
from tests.tiny import TOKENIZERS
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.augment.translation import Translate, TranslateTo
from xtune.data import (
    Dictionaries,
    ExampleTable,
    Source,
    TranslationTable,
    load_split,
    load_translations,
    write_examples,
)
from xtune.schema import Answer, Augmentation, Positions
from xtune.tasks.qa import QuestionAnswering
from xtune.tasks.task import UNLABELLED
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.views.collate import Collator
from xtune.views.correspond import NO_ANSWER, Sight
from xtune.views.encode import Encoder

FAMILIES = ("unigram", "wordpiece", "bpe")
MAX_LENGTH = 48
COUNT = 5
UNKNOWN = "q0-1"
"""The question whose translation has an answer that stands nowhere; a short one."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExampleTable, TranslationTable]:
    """Questions on disk, two of them on long contexts, and their German."""
    folder = tmp_path_factory.mktemp("questions")
    english = toy.questions(COUNT, long=5)
    path = toy.write_squad(folder / "train-en.json", english)
    source = Source(kind="span", files={"train": str(path)}, texts=2)
    table = write_examples(load_split(source, "train", "en", labelled=True), folder / "train.arrow")
    german = toy.write_squad(folder / "train-de.json", toy.questions_into("de", english), unknown=[UNKNOWN])
    translations, (counts,) = load_translations(str(german), table, folder / "translations", kind="span")
    assert counts.unknown_answer == 1
    return table, translations


def augmentation(name: str, family: str, keep_all: bool = False) -> Augmentation:
    dictionaries = Dictionaries()
    dictionaries.add("de", {word: [german] for word, german in toy.GERMAN.items()})
    tokenizer = TOKENIZERS[family]()
    found: dict[str, Augmentation] = {
        "ss": SubwordSampling(sampler_for(tokenizer, alpha=0.1, dropout=0.5), 0.5, True, keep_all),
        "cs": CodeSwitch(dictionaries, 0.5, "en", True),
    }
    return Compose(tuple(found[part] for part in name.split("+")))


def stage_rows(examples: Any, family: str, positions: Positions = "unchanged", **options: Any) -> StageRows:
    encoder = Encoder(TOKENIZERS[family](), MAX_LENGTH, stride=16)
    return StageRows(examples, encoder, QuestionAnswering("span", positions=positions), **options)


def seen(sight: Sight, first: int, last: int) -> str:
    """The stretch of the context from one token to another."""
    encoded, context = sight.encoded, sight.view.example.texts[1].text
    assert encoded.texts[first] == encoded.texts[last] == 1
    return context[encoded.offsets[first][0] : encoded.offsets[last][1]].strip()


def check_answer(sight: Sight, labels: Any) -> bool:
    """The labels are the answer's tokens, or token 0 twice where the window does not show it; whether it does."""
    first, last = labels
    target = sight.view.example.target
    assert isinstance(target, Answer) and sight.window is not None
    shown = sight.window.start <= target.start and target.start + len(target.text) <= sight.window.end
    if not shown:
        assert (first, last) == (NO_ANSWER, NO_ANSWER)
        return False
    assert 0 < first <= last and seen(sight, first, last) == target.text
    return True


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["ss", "cs+ss"])
def test_labels_point_to_the_answer_in_every_window(made: Any, family: str, name: str) -> None:
    examples, _ = made
    augmented = augmentation(name, family)
    rows = stage_rows(examples, family, copies=(augmented,), partner=augmented, guided="augmented")
    assert len(rows) >= 2 * (COUNT + 4)  # the two long contexts have three windows or more
    half = len(rows) // 2
    found: dict[tuple[str, bool], list[bool]] = {}
    changed = 0
    for index in range(len(rows)):
        sight, row = rows.sight(index, 0), rows[Key(0, index)]
        assert row.view.ids == sight.encoded.ids and len(row.view.ids) <= MAX_LENGTH
        shown = check_answer(sight, row.labels)
        found.setdefault((sight.view.example.id, index >= half), []).append(shown)
        assert row.partner is not None and len(row.partner.ids) <= MAX_LENGTH
        assert all((label == NO_ANSWER) != shown for label in row.partner_labels)  # in sight of both, or of neither
        assert row.guided == (index >= half)
        changed += index >= half and row.view.ids != rows[Key(0, index - half)].view.ids
    assert changed >= half // 3
    assert len(found) == 2 * COUNT and all(any(shown) for shown in found.values())
    assert not all(shown for windows in found.values() for shown in windows)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_of_an_augmented_context_is_where_its_words_went(made: Any, family: str) -> None:
    """Its first and last word are kept, as in the published code; the partner's label is its own tokens."""
    examples, _ = made
    rows = stage_rows(examples, family, copies=(augmentation("cs", family),))
    moved = 0
    for index in range(len(rows) // 2, len(rows)):
        target = rows.sight(index, 0).view.example.target
        original = examples.find(rows.sight(index, 0).view.example.id).target
        assert target.text.split()[0] == original.text.split()[0]
        assert target.text.split()[-1] == original.text.split()[-1]
        moved += target.start != original.start
    assert moved


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["ss", "cs+ss"])
@pytest.mark.parametrize("positions", ["unchanged", "untouched"])
def test_matched_positions_hold_equal_tokens(made: Any, family: str, name: str, positions: Positions) -> None:
    examples, _ = made
    augmented = augmentation(name, family, keep_all=positions == "untouched")
    rows = stage_rows(examples, family, positions, copies=(augmented,), partner=augmented)
    matched = 0
    for index in range(len(rows)):
        row = rows[Key(3, index)]
        same = positions == "unchanged" and row.partner is not None and row.view.ids == row.partner.ids
        assert not same or len(row.matched) == 1 + row.view.texts.count(1)
        assert row.partner is not None and row.matched[0] == (NO_ANSWER, NO_ANSWER)
        views, partners = zip(*row.matched, strict=True)
        assert list(views) == sorted(set(views)) and len(set(partners)) == len(partners)
        for here, there in row.matched[1:]:
            assert row.view.ids[here] == row.partner.ids[there]
            assert row.view.texts[here] == row.partner.texts[there] == 1
        matched += len(row.matched) - 1
    assert matched > 3 * len(rows)


@pytest.mark.parametrize("family", FAMILIES)
def test_untouched_positions_are_fewer(made: Any, family: str) -> None:
    """A word that was sampled and came out as it was is unchanged, but not untouched."""

    def found(positions: Positions) -> set[tuple[int, int, int]]:
        rows = stage_rows(made[0], family, positions, partner=augmentation("ss", family, keep_all=True))
        return {(index, *pair) for index in range(len(rows)) for pair in rows[Key(0, index)].matched}

    assert found("untouched") < found("unchanged")


@pytest.mark.parametrize("family", FAMILIES)
def test_translations_have_answers_of_their_own(made: Any, family: str) -> None:
    """Task loss where the answer is known; R1 with another view of the translation; R2 on all of them."""
    examples, table = made
    sampled = augmentation("ss", family)
    rows = stage_rows(examples, family, copies=(TranslateTo(table, "de"),), partner=sampled, guided="augmented")
    half, shown, unknown = len(rows) // 2, set(), 0
    for index in range(half, len(rows)):
        sight, row = rows.sight(index, 0), rows[Key(0, index)]
        example = sight.view.example
        assert example.language == "de" and row.guided and row.partner is not None
        assert len(row.matched) > 1
        assert all(row.view.ids[a] == row.partner.ids[b] for a, b in row.matched)
        words = {row.view.words[a] for a, _ in row.matched[1:]}
        assert words <= set(range(len(example.texts[1].words)))
        if example.id == UNKNOWN:
            assert row.labels == row.partner_labels == [UNLABELLED] * 2
            unknown += 1
        elif check_answer(sight, row.labels):
            shown.add(example.id)
            assert all(label > 0 for label in row.partner_labels)
    assert unknown and len(shown) >= 2  # of a long translation a row sees one window


def test_every_window_of_a_long_translation_is_seen_in_some_epoch(made: Any) -> None:
    examples, table = made
    rows = stage_rows(examples, "wordpiece", copies=(TranslateTo(table, "de"),))
    long = [n for n in range(len(rows) // 2, len(rows)) if rows.sight(n, 0).view.example.id == "q0-0"]
    answered = [check_answer(rows.sight(n, epoch), rows[Key(epoch, n)].labels) for n in long for epoch in range(8)]
    assert len(long) > 2 and any(answered) and not all(answered)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_and_its_translation_are_not_compared(made: Any, family: str) -> None:
    examples, table = made
    back = Translate(table, examples)
    rows = stage_rows(examples, family, copies=(TranslateTo(table, "de"),), partner=back, guided="augmented")
    picked = [rows[Key(0, index)] for index in range(len(rows))]
    assert all(row.matched == () and row.partner_sites == [(), ()] for row in picked)
    assert all(row.partner_labels == [UNLABELLED] * 2 for row in picked)
    batch = Collator(TOKENIZERS[family](), rows.task.reading)(picked)
    assert not batch["corresponds"].any() and batch["matched"].shape == (2 * len(rows), 0)
    assert batch["guided"].sum() == len(rows)


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_batch_has_two_sites_a_row_and_its_positions_move_with_padding(made: Any, side: str) -> None:
    examples, table = made
    tokenizer = Copied(TOKENIZERS["unigram"](), side)
    partner = augmentation("ss", "unigram")
    rows = stage_rows(examples, "unigram", copies=(TranslateTo(table, "de"),), partner=partner, guided="augmented")
    picked = [rows[Key(0, index)] for index in range(len(rows))]
    batch = Collator(tokenizer, rows.task.reading)(picked)
    ids = batch["model_inputs"]["input_ids"]
    assert len(batch["labels"]) == len(batch["partner_labels"]) == 2 * len(rows) and len(ids) == 2 * len(rows)
    assert batch["corresponds"].all()
    for number, row in enumerate(picked):
        assert row.partner is not None
        for site in (0, 1):
            label = int(batch["labels"][2 * number + site])
            if row.labels[site] == UNLABELLED:
                assert label == UNLABELLED
            else:
                assert ids[number, label] == row.view.ids[row.labels[site]]
            here, there = (batch[name][2 * number + site] for name in ("matched", "partner_matched"))
            assert here.ge(0).equal(there.ge(0)) and int(here.ge(0).sum()) == len(row.matched)
            assert ids[number, here[here.ge(0)]].tolist() == [row.view.ids[a] for a, _ in row.matched]
            assert ids[len(rows) + number, there[there.ge(0)]].tolist() == [row.partner.ids[b] for _, b in row.matched]


class Copied:
    """A tokenizer that pads on a side, as far as a collator asks."""

    def __init__(self, tokenizer: Any, side: str) -> None:
        self.padding_side = side
        self.pad_token_id, self.pad_token_type_id = tokenizer.pad_token_id, tokenizer.pad_token_type_id
        self.model_input_names = tokenizer.model_input_names


def test_the_question_is_left_as_it_is(made: Any) -> None:
    rows = stage_rows(made[0], "unigram", copies=(augmentation("cs+ss", "unigram"),))
    for index in range(len(rows) // 2, len(rows)):
        view = rows.sight(index, 0).view
        assert view.example.texts[0] == made[0].find(view.example.id).texts[0]
        assert all(which == 1 for which, _ in view.segmentation)
